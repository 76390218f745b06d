"""The proof of a window: what a surplus, a deficit and a list that never agrees with its count lead to."""

import orjson
import pytest
from tests.support.fakes import DAY, NOW, Wire, crowded, drain, search_of

from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import Incomplete
from source_opsgenie.reading.state import Tally
from source_opsgenie.reading.windows import Window, prove

T = NOW - DAY
WINDOW = Window(T - DAY, T + 1, 0)


class Miscounting(Wire):
    """A wire on which each count is wrong by the next of *errors*, the last one for ever."""

    def miscount(self, *errors: int) -> "Miscounting":
        """Be wrong by *errors* from now on."""
        self.errors = list(errors)
        return self

    def __call__(self, request: Request) -> RawResponse:
        """Answer, and alter a count."""
        response = super().__call__(request)
        if not request.path.endswith("/count"):
            return response
        error = self.errors.pop(0) if len(self.errors) > 1 else self.errors[0]
        body = orjson.loads(response.body)
        body["data"]["count"] += error
        return RawResponse(200, response.headers, orjson.dumps(body))


def wire_of(*errors: int, size: int = 150) -> Miscounting:
    """A wire to an account with *size* alerts in the window, whose counts are wrong by *errors*."""
    return Miscounting(crowded(*((T - number, 1) for number in range(size)))).miscount(*errors or (0,))


def proven(wire: Wire, ids: set[str], window: Window = WINDOW) -> tuple[list[str], Tally]:
    """The rows that a proof finds, and its tally."""
    pages, tally = drain(prove(search_of(wire), window, dict.fromkeys(ids, T)))
    return [row.id for page in pages for row in page], tally


def test_equal_counts_prove_at_once() -> None:
    """As many rows read as counted: one count, and nothing more."""
    wire = wire_of()

    assert proven(wire, set(wire.account.alerts)) == ([], Tally(counted=150, listed=150))
    assert wire.paths() == ["/v2/alerts/count"]


def test_halves_that_hold_more_than_the_whole_are_told() -> None:
    """Counts that no halving can explain end the proof at once, with the numbers."""
    wire = wire_of(10**6)
    with pytest.raises(Incomplete, match=r"counts 1000150 rows between .* in its halves"):
        proven(wire, set(wire.account.alerts))

    assert len(wire.asked) == 3


def test_halves_may_hold_a_few_rows_more() -> None:
    """Rows that show late are counted in a half and not yet in the whole: that is no contradiction."""
    wire = wire_of(-1, 1, 0, size=300)

    assert proven(wire, set(wire.account.alerts)) == ([], Tally(counted=300, listed=300))


def test_a_surplus_is_explained_by_404() -> None:
    """Rows that were read and then deleted are asked for by their ids, and only they."""
    wire = wire_of()
    ids = set(wire.account.alerts)
    deleted = sorted(ids)[:3]
    for alert_id in deleted:
        wire.account.delete_alert(alert_id)

    assert proven(wire, ids) == ([], Tally(counted=147, listed=150, deleted=3))
    assert {f"/v2/alerts/{one}" for one in deleted} == {path for path in wire.paths() if path.count("/") == 3} - {
        "/v2/alerts/count"
    }


@pytest.mark.parametrize("error", [-1, -20])
def test_a_surplus_without_404_is_incomplete(error: int) -> None:
    """Rows that are there and are not counted: the count cannot be trusted, and neither can the read."""
    wire = wire_of(error)
    with pytest.raises(Incomplete, match="counts and lists different rows"):
        proven(wire, set(wire.account.alerts))


def test_a_missed_row_is_found() -> None:
    """A row that the first pass did not show is yielded once, and then the counts agree."""
    wire = wire_of()
    missed = sorted(wire.account.alerts)[7]
    rows, tally = proven(wire, set(wire.account.alerts) - {missed})

    assert rows == [missed]
    assert tally == Tally(counted=150, listed=150)


def test_a_row_deleted_and_a_row_missed() -> None:
    """One row too many and one too few make the same number: only the first count can be fooled, never a later one."""
    wire = wire_of(0)
    ids = set(wire.account.alerts)
    gone, missed, other = sorted(ids)[:3]
    wire.account.delete_alert(gone)
    rows, tally = proven(wire, ids - {missed, other})

    assert set(rows) == {missed, other}
    assert tally == Tally(counted=149, listed=150, deleted=1)


def test_a_constant_deficit_is_unlisted(caplog: pytest.LogCaptureFixture) -> None:
    """The same few missing on every pass are counted and never listed: told with their window, not hidden."""
    wire = wire_of(2)

    assert proven(wire, set(wire.account.alerts)) == ([], Tally(counted=152, listed=150, unlisted=2))
    start, end = format_timestamp(WINDOW.start), format_timestamp(WINDOW.end)
    assert f"counts 2 rows created between {start} and {end} that it never" in caplog.text


@pytest.mark.parametrize("errors", [(1, 2, 3), (2, 2, 1), (1, -1, 1), (3, -3, 0, 5)])
def test_a_varying_deficit_is_incomplete(errors: tuple[int, ...]) -> None:
    """Another number missing on each pass: the list does not hold still, and the read is not whole."""
    wire = wire_of(*errors)
    ids = set(wire.account.alerts)
    if 0 in errors:
        assert proven(wire, ids) == ([], Tally(counted=150, listed=150))
        return
    with pytest.raises(Incomplete):
        proven(wire, ids)


def test_a_deficit_that_passes_is_proven() -> None:
    """An index that settles while we look again agrees in the end."""
    wire = wire_of(3, 0)

    assert proven(wire, set(wire.account.alerts)) == ([], Tally(counted=150, listed=150))


def crowd_of(wire: Wire, ids: set[str]) -> Tally:
    """The tally of a proof of the crowded millisecond T, of which *ids* were listed."""
    _, tally = proven(wire, ids, Window(T, T + 1, len(ids)))
    return tally


def test_a_crowd_that_loses_rows_all_the_time_is_proven_between_two_counts() -> None:
    """A millisecond cannot be halved: what goes at every request is explained by the counts before and after a pass."""
    account = crowded((T, 400))
    ids = set(account.alerts)

    def delete(_: Request) -> None:
        account.delete_alert(sorted(account.alerts)[0])

    wire = Wire(account, before=delete)
    tally = crowd_of(wire, ids)

    assert (len(account.alerts), 400) == (tally.counted, tally.listed)
    assert tally.deleted == 400 - tally.counted > 10


@pytest.mark.parametrize("error", [1, 30])
def test_a_crowd_with_rows_that_are_never_listed(error: int) -> None:
    """In a crowded millisecond that holds still, rows that are counted and never listed are told as such."""
    wire = Miscounting(crowded((T, 400))).miscount(error)

    assert Tally(400 + error, 400, unlisted=error) == crowd_of(wire, set(wire.account.alerts))


@pytest.mark.parametrize("errors", [(-1,), (-30,), (5, 7, 6, 8)])
def test_a_crowd_that_is_counted_wrongly_is_incomplete(errors: tuple[int, ...]) -> None:
    """In a crowded millisecond too, more rows than counted before and after, or ever others, are never explained."""
    wire = Miscounting(crowded((T, 400))).miscount(*errors)
    with pytest.raises(Incomplete):
        crowd_of(wire, set(wire.account.alerts))


def test_the_message_names_the_window() -> None:
    """What cannot be proven is told with the stream, the milliseconds, and how many rows apart."""
    wire = wire_of(1, 2, 3)
    with pytest.raises(Incomplete, match=rf"/v2/alerts .* between {WINDOW.start} and {WINDOW.end} .*\[2, 3, 3\]"):
        proven(wire, set(wire.account.alerts))


@pytest.mark.parametrize("parts", [(), (Tally(1, 2, 3, 4, 5),), (Tally(1, 2, 3, 4, 5), Tally(10, 20, 30, 40, 50))])
def test_tallies_add_up(parts: tuple[Tally, ...]) -> None:
    """Windows add up, part by part."""
    times = (1 if parts else 0) + (10 if len(parts) > 1 else 0)

    assert sum(parts, Tally()) == Tally(times, 2 * times, 3 * times, 4 * times, 5 * times)
