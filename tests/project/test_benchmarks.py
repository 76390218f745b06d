from pathlib import Path

import pytest
from benchmarks import accounts, bench, rate_limit_outcomes, reader, report, scale
from benchmarks.programs import RunResult

from opsgenie_simulator import RateLimit, Request


def request(route: str, at: float = 0.0, *, status: int = 200, query: str = "") -> Request:
    """Create a request as in the simulator's journal."""
    params = {"query": query} if query else {}
    return Request("GET", route, params, "localhost", status, "alert", True, route, at)


def test_a_table_is_markdown_with_right_aligned_numbers() -> None:
    """Columns are as wide as their widest cell; numbers are right-aligned with three significant digits."""
    lines = report.format_table(("name", "rows"), [["ours", 20_000], ["bare", 1_234.56]])

    assert ["| name |   rows |", "|------|-------:|", "| ours | 20,000 |", "| bare |  1,235 |"] == lines


def test_a_table_may_be_empty() -> None:
    """A table without rows has only its head."""
    assert ["| name | rows |", "|------|------|"] == report.format_table(("name", "rows"), [])


@pytest.mark.parametrize(("value", "text"), [(0.0726, "0.073"), (4.5, "4.50"), (12.34, "12.3"), (7, "7"), (0.0, "0")])
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    """A number is formatted without digits that mean nothing."""
    assert text == report.format_number(value)


def test_a_target_is_a_lower_or_an_upper_bound() -> None:
    """A value at its bound meets the target; one on the wrong side misses it."""
    targets = [
        report.Target("x", value, 5.0, at_most=at_most) for value in (4.9, 5.0, 5.1) for at_most in (False, True)
    ]

    assert [False, True, True, True, True, False] == [target.is_met for target in targets]


def test_429s_close_together_are_one_episode() -> None:
    """An episode lasts as long as each 429 follows the previous one within the gap."""
    assert [3, 1] == rate_limit_outcomes.group_episodes([0.0, 4.0, 8.0, 60.0], gap=5.0)
    assert [] == rate_limit_outcomes.group_episodes([])


def test_the_peak_is_found_in_any_period() -> None:
    """The peak is the largest number of times within a period, whose end is excluded."""
    assert 3 == rate_limit_outcomes.find_peak(1.0, [0.0, 0.9, 1.0, 1.8, 2.0])
    assert 1 == rate_limit_outcomes.find_peak(1.0, [0.0, 1.0])
    assert 0 == rate_limit_outcomes.find_peak(1.0, [])


def test_an_outcome_counts_only_the_connectors_requests() -> None:
    """Requests of the other client and late requests are not counted, and its share is not in the budget."""
    case = rate_limit_outcomes.Case(RateLimit(10, 1), "buckets", True, others_share=0.4)
    ours = [request(rate_limit_outcomes.ROUTE, number / 3, status=429 if number == 1 else 200) for number in range(13)]
    others = [request(rate_limit_outcomes.OTHER_CLIENT_ROUTE, 0.5, status=429)]
    late = request(rate_limit_outcomes.ROUTE, 11.0)
    outcome = rate_limit_outcomes.evaluate(case, [*ours, *others, late], seconds=10.0)

    assert (12, [1], 1) == (outcome.successful, outcome.episodes, outcome.others_throttled)
    assert 20.0 == pytest.approx(outcome.used_percent)


def test_several_accounts_are_summarized() -> None:
    """Rows add up; of the shares, the mean and the lowest are shown, and of memory the mean and the highest."""
    share = 0.8 * accounts.LIMIT.limit / accounts.LIMIT.period_in_sec
    readings = [
        accounts.Reading(100, RunResult(cpu=3.0, peak_kb=102_400), 10.0, successful=int(share * 10), throttled=0),
        accounts.Reading(100, RunResult(cpu=2.0, peak_kb=204_800), 20.0, successful=int(share * 10), throttled=1),
    ]
    summary = accounts.summarize(readings, start=1.0)

    assert [15.0, 75.0, 50.0, 1, 2.5, 12.5, 150.0, 200.0] == pytest.approx(summary)


def test_counts_before_a_window_is_listed_are_planning_and_later_ones_closing() -> None:
    """The same count is planning before the pages of its window and closing after them."""
    count, pages = "/v2/alerts/count", "/v2/alerts"
    window, other = "createdAt >= 5 AND createdAt < 9", "createdAt >= 1 AND createdAt < 5"
    requests = [(count, ""), (count, window), (pages, window), (pages, "createdAt >= 5 AND createdAt < 7")]
    requests += [(count, window), (count, other), (pages, other), (count, other), (count, "")]

    assert scale.Phases(planning=3, reading=3, closing=3) == scale.split_phases(
        [request(route, query=query) for route, query in requests]
    )


def test_a_report_is_written_between_its_own_markers() -> None:
    """Only the lines between the markers of that benchmark are replaced."""
    page = "a\n<!-- measured: one -->\nold\n<!-- end -->\nb\n<!-- measured: two -->\nold\n<!-- end -->\n"

    expected = page.replace("one -->\nold", "one -->\nnew\nlines")
    assert expected == bench.replace_measured(page, "one", ["new", "lines"])


def test_two_versions_are_compared_by_their_medians() -> None:
    """One slow run of a version does not change the ratio."""
    this = [RunResult(rows=1_000, cpu=seconds) for seconds in (0.3, 0.2, 9.0)]
    other = [RunResult(rows=1_000, cpu=seconds) for seconds in (0.4, 0.4, 0.4)]
    *_, last = reader.summarize({"this": this, "other": other})

    assert "CPU per row, this version relative to the other: 0.750" == last


@pytest.mark.parametrize(
    ("path", "module"),
    [("run.py", "source_opsgenie.run"), ("airbyte/run.py", "source_opsgenie.airbyte.run")],
)
def test_the_entry_point_of_another_version_is_found(path: str, module: str, tmp_path: Path) -> None:
    """The program of a checkout starts its own entry point, from its own folder."""
    file = tmp_path / "source_opsgenie" / path
    file.parent.mkdir(parents=True)
    file.touch()
    program = reader.Version("other", tmp_path).program()

    assert f"from {module} import main" in str(program.command[-1])
    assert {"PYTHONPATH": str(tmp_path)} == program.environment


def test_a_folder_without_the_connector_is_rejected(tmp_path: Path) -> None:
    """A folder that has no entry point ends the benchmark with a message."""
    with pytest.raises(SystemExit, match="has no entry point"):
        reader.Version("other", tmp_path).program()
