import pytest
from benchmarks import bench, budget, report, scale

from opsgenie_simulator import RateLimit, Request


def request(route: str, at: float = 0.0, *, status: int = 200, query: str = "") -> Request:
    """A request as the journal keeps it."""
    asked = {"query": query} if query else {}
    return Request("GET", route, asked, "localhost", status, "alert", True, route, at)


def test_a_table_is_markdown_with_numbers_to_the_right() -> None:
    """Columns are as wide as their widest cell; numbers stand to the right and keep three digits that say something."""
    lines = report.table(("name", "rows"), [["ours", 20_000], ["bare", 1_234.56]])

    assert ["| name |   rows |", "|------|-------:|", "| ours | 20,000 |", "| bare |  1,235 |"] == lines


def test_a_table_may_be_empty() -> None:
    """A table without rows has its head."""
    assert ["| name | rows |", "|------|------|"] == report.table(("name", "rows"), [])


@pytest.mark.parametrize(("figure", "text"), [(0.0726, "0.073"), (4.5, "4.50"), (12.34, "12.3"), (7, "7"), (0.0, "0")])
def test_figures_are_short(figure: float, text: str) -> None:
    """A figure shows as many digits as say something."""
    assert text == report.number(figure)


def test_a_target_is_a_bound_from_below_or_from_above() -> None:
    """A figure at its bound holds; one on the wrong side of it is missed."""
    targets = [
        report.Target("x", figure, 5.0, at_most=at_most) for figure in (4.9, 5.0, 5.1) for at_most in (False, True)
    ]

    assert [False, True, True, True, True, False] == [target.holds for target in targets]


def test_refusals_that_are_close_are_one_episode() -> None:
    """Refusals are one episode as long as each comes soon after the one before."""
    assert [3, 1] == budget.episodes([0.0, 4.0, 8.0, 60.0], apart=5.0)
    assert [] == budget.episodes([])


def test_the_densest_period_is_found_wherever_it_begins() -> None:
    """The most moments within any period of that length, its end left out."""
    assert 3 == budget.most_within(1.0, [0.0, 0.9, 1.0, 1.8, 2.0])
    assert 1 == budget.most_within(1.0, [0.0, 1.0])
    assert 0 == budget.most_within(1.0, [])


def test_an_outcome_is_held_against_what_others_leave() -> None:
    """What others take is not the connector's, and neither their requests nor what comes too late are counted."""
    case = budget.Case(RateLimit(10, 1), "buckets", True, others=0.4)
    ours = [request(budget.ROUTE, number / 3, status=429 if number == 1 else 200) for number in range(13)]
    theirs = [request(budget.OTHERS_ROUTE, 0.5, status=429)]
    outcome = budget.outcome(case, [*ours, *theirs, request(budget.ROUTE, 11.0)], seconds=10.0)

    assert (12, [1], 1) == (outcome.answered, outcome.episodes, outcome.others_refused)
    assert 20.0 == pytest.approx(outcome.used_percent)


def test_counts_are_planning_before_a_window_is_listed_and_closing_after() -> None:
    """The same count is planning or closing, as it comes before or after its window's pages."""
    count, pages = "/v2/alerts/count", "/v2/alerts"
    window, other = "createdAt >= 5 AND createdAt < 9", "createdAt >= 1 AND createdAt < 5"
    asked = [(count, ""), (count, window), (pages, window), (pages, "createdAt >= 5 AND createdAt < 7")]
    asked += [(count, window), (count, other), (pages, other), (count, other), (count, "")]

    assert scale.Phases(planning=3, reading=3, closing=3) == scale.phases(
        [request(route, query=query) for route, query in asked]
    )


def test_a_measured_part_is_written_between_its_own_marks() -> None:
    """Only what stands between the marks of that benchmark is replaced."""
    page = "a\n<!-- measured: one -->\nold\n<!-- end -->\nb\n<!-- measured: two -->\nold\n<!-- end -->\n"

    expected = page.replace("one -->\nold", "one -->\nnew\nlines")
    assert expected == bench.with_measured(page, "one", ["new", "lines"])
