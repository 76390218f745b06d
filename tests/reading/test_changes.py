"""Changes: whatever the API does with `updatedAt`, the same rows come, and the read ends."""

from itertools import product
from typing import Any

import pytest
from tests.support.fakes import DAY, NOW, Wire, crowded, ids_in, query_of, rows_in, search_of

from opsgenie_simulator import Account, Switches
from source_opsgenie.api.transport import Request
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.reading.changes import Changes
from source_opsgenie.reading.events import Batch, Expected
from source_opsgenie.reading.search import updated_ms
from source_opsgenie.reading.state import Scope, State

SINCE = NOW - DAY
BEGUN = State(Scope("acme"), bookmark=SINCE, begun=NOW)
WAYS: list[dict[str, Any]] = [
    {"updated_at_search": search, "updated_at_sort": sort, "ties": ties}
    for search, sort, ties in product(
        ("searchable", "rejected", "ignored", "seconds"), ("accepted", "rejected"), ("kept", "shuffled")
    )
]
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way.values()))


def changed(*groups: tuple[int, int], untouched: int = 150) -> Account:
    """An account of old alerts, of which so many (the second number) were updated at each moment (the first)."""
    size = untouched + sum(number for _, number in groups)
    account = crowded(*((NOW - 20 * DAY + number * 1000, 1) for number in range(size)))
    alert_ids = iter(sorted(account.alerts))
    for moment, number in groups:
        for _ in range(number):
            account.update_alert(next(alert_ids), updated_at=moment, priority="P1")
    return account


def expected_of(account: Account) -> set[str]:
    """The ids of the alerts that were updated since the bookmark."""
    return {one["id"] for one in account.alerts.values() if parse_timestamp(one["updatedAt"]) >= SINCE}


@every_way
@pytest.mark.parametrize("size", [0, 99, 100, 101, 230])
def test_the_same_rows_come(way: dict[str, Any], size: int) -> None:
    """Searchable, refused, ignored or read in seconds: what was updated since comes, and nothing else."""
    account = changed(*((SINCE + 1 + number * 500, 1) for number in range(size)))
    found = ids_in(Changes(search_of(Wire(account, Switches(**way))), SINCE).read(BEGUN))

    assert sorted(expected_of(account)) == sorted(found)


@every_way
def test_ties_at_the_bookmark_come(way: dict[str, Any]) -> None:
    """Rows updated in the bookmark's own millisecond belong to the changes; a millisecond before does not."""
    account = changed((SINCE - 1, 5), (SINCE, 120), (SINCE + 1, 5))
    found = set(ids_in(Changes(search_of(Wire(account, Switches(**way))), SINCE).read(BEGUN)))

    assert expected_of(account) == found
    assert len(found) == 125


@every_way
@pytest.mark.parametrize("created_together", [False, True])
def test_a_crowd_in_one_millisecond_comes(way: dict[str, Any], created_together: bool) -> None:
    """A bulk change gives many rows one `updatedAt`; all of them come, created together or not."""
    if created_together:
        account = crowded((NOW - 3 * DAY, 260), (NOW - 4 * DAY, 50), updated=SINCE + 5)
    else:
        account = changed((SINCE + 4, 30), (SINCE + 5, 260), (SINCE + 6, 30))
    found = set(ids_in(Changes(search_of(Wire(account, Switches(**way))), SINCE).read(BEGUN)))

    assert expected_of(account) == found


@pytest.mark.parametrize("size", [0, 5, 99])
def test_one_page_is_the_whole_answer(size: int) -> None:
    """A quiet account costs one request."""
    wire = Wire(changed((SINCE, size)))
    list(Changes(search_of(wire), SINCE).read(BEGUN))

    assert len(wire.asked) == 1


def test_oldest_change_first() -> None:
    """Changes come in the order in which they happened, so that a destination ends with the newest version."""
    for size in (60, 230):
        account = changed(*((SINCE + 1 + number * 500, 1) for number in range(size)))
        times = [updated_ms(row) for row in rows_in(Changes(search_of(Wire(account)), SINCE).read(BEGUN))]

        assert times == sorted(times)


@every_way
def test_it_ends_though_updates_come_as_fast_as_it_reads(way: dict[str, Any]) -> None:
    """While every request sees a page of new updates, the read still ends; all that was changed before it is out."""
    account = changed(*((SINCE + 1 + number * 500, 1) for number in range(230)), untouched=300)
    expected = expected_of(account)
    others = sorted(account.alerts.keys() - expected)

    def update(_: Request) -> None:
        wire.now += 1000
        for number in range(120):
            account.update_alert(others[(len(wire.asked) * 120 + number) % len(others)], priority="P3")

    wire = Wire(account, Switches(**way), before=update)
    found = set(ids_in(Changes(search_of(wire), SINCE).read(BEGUN)))

    assert expected <= found
    assert len(wire.asked) < 100


@every_way
def test_a_long_read_says_where_it_could_go_on(way: dict[str, Any]) -> None:
    """Before its last rows are out, a read of several pages has offered a state: children may take hours for them."""
    account = changed(*((SINCE + 1 + number * 500, 1) for number in range(350)))
    found = list(Changes(search_of(Wire(account, Switches(**way))), SINCE).read(BEGUN))
    first = next((number for number, one in enumerate(found) if isinstance(one, Batch) and one.state), len(found))

    assert len(ids_in(found[: first + 1])) < 350


def test_stop_after_any_step() -> None:
    """Taken up from the state of any step, the rest together with what came is the whole."""
    account = changed(*((SINCE + number * 500, 1) for number in range(230)), (SINCE + 5, 150), (SINCE + 90_000, 130))
    listing = search_of(Wire(account))
    whole = list(Changes(listing, SINCE).read(BEGUN))
    states = [(number, one.state) for number, one in enumerate(whole) if isinstance(one, Batch) and one.state]
    for number, state in states:
        rest = Changes(listing, SINCE).read(State.from_mapping(state.to_mapping()))

        assert expected_of(account) == set(ids_in(whole[: number + 1])) | set(ids_in(rest))
    assert len(states) > 4


@pytest.mark.parametrize("search", ["searchable", "rejected", "ignored", "seconds"])
@pytest.mark.parametrize(("sort", "tied"), [("rejected", 1), ("accepted", 150)])
def test_stop_after_any_step_of_the_history(search: Any, sort: Any, tied: int) -> None:
    """Where windows over the whole history are read, or searched for changes, that too is taken up where it ended."""
    account = changed(*((SINCE + number * 500, tied) for number in range(460 // tied)))
    listing = search_of(Wire(account, Switches(updated_at_search=search, updated_at_sort=sort)))
    whole = list(Changes(listing, SINCE).read(BEGUN))
    for number, one in enumerate(whole):
        if isinstance(one, Batch) and one.state:
            rest = Changes(listing, SINCE).read(State.from_mapping(one.state.to_mapping()))

            assert expected_of(account) == set(ids_in(whole[: number + 1])) | set(ids_in(rest))
    assert isinstance(whole[0], Expected) or search == "searchable"


@pytest.mark.parametrize("search", ["rejected", "ignored", "seconds"])
def test_what_one_sort_cannot_reach_is_looked_for_in_windows(search: Any) -> None:
    """A bulk change of 300 rows among 9,000, without a search by `updatedAt`: found by the sort, not by reading all."""
    account = changed((SINCE + 5, 300), untouched=8_700)
    wire = Wire(account, Switches(updated_at_search=search))
    found = ids_in(Changes(search_of(wire), SINCE).read(BEGUN))

    assert sorted(expected_of(account)) == sorted(found)
    assert len(wire.asked) < 45


def test_own_query_narrows_every_search() -> None:
    """The user's query stands beside each span that is asked for, and alone where no span is."""
    wire = Wire(changed(*((SINCE + number * 500, 1) for number in range(230))))
    found = rows_in(Changes(search_of(wire, own="priority: P1"), SINCE).read(BEGUN))
    queries = {query_of(request.params).split(" AND ")[0] for request in wire.asked}

    assert queries == {"(priority: P1)"}
    assert len(found) == 230
