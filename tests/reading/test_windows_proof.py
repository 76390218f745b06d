"""The proof of a window: the outcome of a surplus, a deficit, and a list that never agrees with its count."""

import orjson
import pytest
from tests.support.fakes import DAY, NOW, Wire, crowded, drain, search_of

from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import Incomplete
from source_opsgenie.reading.counts import Tally
from source_opsgenie.reading.windows import Window, prove

T = NOW - DAY
WINDOW = Window(T - DAY, T + 1, 0)


class Miscounting(Wire):
    """A wire that adds the next of its errors to each count, and repeats the last one."""

    def miscount(self, *errors: int) -> "Miscounting":
        """Add *errors* to the counts from now on."""
        self.errors = list(errors)
        return self

    def __call__(self, request: Request) -> RawResponse:
        """Respond, with an error in a count."""
        response = super().__call__(request)
        if not request.path.endswith("/count"):
            return response
        error = self.errors.pop(0) if len(self.errors) > 1 else self.errors[0]
        body = orjson.loads(response.body)
        body["data"]["count"] += error
        return RawResponse(200, response.headers, orjson.dumps(body))


def wire_of(*errors: int, size: int = 150) -> Miscounting:
    """A wire to an account with *size* alerts in the window, whose counts have *errors*."""
    return Miscounting(crowded(*((T - number, 1) for number in range(size)))).miscount(*errors or (0,))


def prove_window(wire: Wire, ids: set[str], window: Window = WINDOW) -> tuple[list[str], Tally]:
    """Prove *window*, of which *ids* were listed; returns the ids of the missed rows, and the tally."""
    # The id of a simulated alert ends with its creation time.
    listed = {alert_id: int(alert_id.rpartition("-")[2]) for alert_id in ids}
    pages, tally = drain(prove(search_of(wire), window, listed))
    return [row.id for page in pages for row in page], tally


def test_equal_counts_cost_one_request() -> None:
    """If as many rows were listed as are counted, the count proves the window."""
    wire = wire_of()

    assert prove_window(wire, set(wire.account.alerts)) == ([], Tally(counted=150, listed=150))
    assert wire.paths() == ["/v2/alerts/count"]


def test_contradicting_counts_are_incomplete() -> None:
    """Halves that do not add up to the window end the proof immediately, with the numbers."""
    wire = wire_of(10**6)
    with pytest.raises(Incomplete, match=r"counts 1000150 rows between .* in its halves"):
        prove_window(wire, set(wire.account.alerts))

    assert len(wire.requests) == 3


def test_halves_may_count_a_few_rows_more() -> None:
    """Rows that are indexed late, and counted only in a half, are not a contradiction."""
    wire = wire_of(-1, 1, 0, size=300)

    assert prove_window(wire, set(wire.account.alerts)) == ([], Tally(counted=300, listed=300))


def test_halves_share_no_row() -> None:
    """The row at the middle of a window belongs to the newer half only."""
    wire = wire_of(-1, 0, size=300)
    window = Window(T - 299, T + 1, 0)

    assert prove_window(wire, set(wire.account.alerts), window) == ([], Tally(counted=300, listed=300))


def test_surplus_is_explained_by_404() -> None:
    """Rows that were listed and then deleted, and no others, are requested by id."""
    wire = wire_of()
    ids = set(wire.account.alerts)
    deleted = sorted(ids)[:3]
    for alert_id in deleted:
        wire.account.delete_alert(alert_id)

    assert prove_window(wire, ids) == ([], Tally(counted=147, listed=150, deleted=3))
    assert {f"/v2/alerts/{one}" for one in deleted} == {path for path in wire.paths() if path.count("/") == 3} - {
        "/v2/alerts/count"
    }


@pytest.mark.parametrize("error", [-1, -20])
def test_surplus_without_404_is_incomplete(error: int) -> None:
    """If existing rows are not counted, the count cannot be trusted, nor can the read."""
    wire = wire_of(error)
    with pytest.raises(Incomplete, match="counts and lists different rows"):
        prove_window(wire, set(wire.account.alerts))


def test_missed_row_is_yielded() -> None:
    """A row that the first pass missed is yielded once, and then the counts agree."""
    wire = wire_of()
    missed = sorted(wire.account.alerts)[7]
    rows, tally = prove_window(wire, set(wire.account.alerts) - {missed})

    assert rows == [missed]
    assert tally == Tally(counted=150, listed=150)


def test_deleted_row_and_missed_rows() -> None:
    """A deleted row does not hide a missed one once the window is listed again."""
    wire = wire_of(0)
    ids = set(wire.account.alerts)
    deleted, missed, other = sorted(ids)[:3]
    wire.account.delete_alert(deleted)
    rows, tally = prove_window(wire, ids - {missed, other})

    assert set(rows) == {missed, other}
    assert tally == Tally(counted=149, listed=150, deleted=1)


def test_row_deleted_before_each_count_takes_another_pass() -> None:
    """Rows that are deleted between a pass and its count are explained by the next pass, for up to eight passes."""
    account = crowded(*((T - number, 1) for number in range(150)))
    ids = sorted(account.alerts)
    doomed = ids[:5]

    def delete(request: Request) -> None:
        if request.path.endswith("/count") and doomed:
            account.delete_alert(doomed.pop())

    assert prove_window(Wire(account, before=delete), set(ids)) == ([], Tally(counted=145, listed=150, deleted=5))


def test_passes_alternate_between_both_orders() -> None:
    """The three passes that prove a row unlisted are made in both orders."""
    wire = wire_of(1, size=50)
    prove_window(wire, set(wire.account.alerts))

    assert [request.params["order"] for request in wire.requests if "order" in request.params] == [
        "desc",
        "asc",
        "desc",
    ]


def test_constant_deficit_is_unlisted(caplog: pytest.LogCaptureFixture) -> None:
    """Rows that are missing in every pass count as unlisted, and a warning names their window."""
    wire = wire_of(2)

    assert prove_window(wire, set(wire.account.alerts)) == ([], Tally(counted=152, listed=150, unlisted=2))
    start, end = format_timestamp(WINDOW.start), format_timestamp(WINDOW.end)
    assert f"counts 2 rows created between {start} and {end} that it never" in caplog.text


@pytest.mark.parametrize("errors", [(1, 2, 3), (2, 2, 1), (1, -1, 1)])
def test_varying_deficit_is_incomplete(errors: tuple[int, ...]) -> None:
    """If each pass lacks a different number of rows, the read is incomplete."""
    wire = wire_of(*errors)
    with pytest.raises(Incomplete):
        prove_window(wire, set(wire.account.alerts))


@pytest.mark.parametrize("errors", [(3, 0), (3, -3, 0, 5)])
def test_deficit_that_disappears_is_proven(errors: tuple[int, ...]) -> None:
    """An index that settles during the proof agrees in the end."""
    wire = wire_of(*errors)

    assert prove_window(wire, set(wire.account.alerts)) == ([], Tally(counted=150, listed=150))


def prove_crowd(wire: Wire, ids: set[str]) -> Tally:
    """Prove the crowded millisecond T, of which *ids* were listed; returns the tally."""
    _, tally = prove_window(wire, ids, Window(T, T + 1, len(ids)))
    return tally


def test_crowd_that_keeps_losing_rows_is_proven_between_two_counts() -> None:
    """Rows deleted from one millisecond at every request are explained by the counts before and after a pass."""
    account = crowded((T, 400))
    ids = set(account.alerts)

    def delete(_: Request) -> None:
        account.delete_alert(sorted(account.alerts)[0])

    wire = Wire(account, before=delete)
    tally = prove_crowd(wire, ids)

    assert (len(account.alerts), 400) == (tally.counted, tally.listed)
    assert tally.deleted == 400 - tally.counted > 10


@pytest.mark.parametrize("error", [1, 30])
def test_crowd_with_unlisted_rows(error: int) -> None:
    """In a crowded millisecond that does not change, rows that are counted and never listed are unlisted."""
    wire = Miscounting(crowded((T, 400))).miscount(error)

    assert Tally(400 + error, 400, unlisted=error) == prove_crowd(wire, set(wire.account.alerts))


@pytest.mark.parametrize("errors", [(-1,), (-30,), (5, 7, 6, 8)])
def test_crowd_with_a_wrong_count_is_incomplete(errors: tuple[int, ...]) -> None:
    """In a crowded millisecond too, a surplus without deletions or a varying deficit is incomplete."""
    wire = Miscounting(crowded((T, 400))).miscount(*errors)
    with pytest.raises(Incomplete):
        prove_crowd(wire, set(wire.account.alerts))


def test_the_message_names_the_window() -> None:
    """The error names the list, the window in milliseconds, and the difference in each pass."""
    wire = wire_of(1, 2, 3)
    with pytest.raises(Incomplete, match=rf"/v2/alerts .* between {WINDOW.start} and {WINDOW.end} .*\[2, 3, 3\]"):
        prove_window(wire, set(wire.account.alerts))


@pytest.mark.parametrize("parts", [(), (Tally(1, 2, 3, 4, 5),), (Tally(1, 2, 3, 4, 5), Tally(10, 20, 30, 40, 50))])
def test_tallies_add_up(parts: tuple[Tally, ...]) -> None:
    """The tallies of windows are added field by field."""
    times = (1 if parts else 0) + (10 if len(parts) > 1 else 0)

    assert sum(parts, Tally()) == Tally(times, 2 * times, 3 * times, 4 * times, 5 * times)
