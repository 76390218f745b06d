"""Changes: whatever the API does with `updatedAt`, the same rows are read, and the read ends."""

from dataclasses import replace
from itertools import product
from typing import Any

import orjson
import pytest
from tests.support.fakes import DAY, NOW, Wire, crowded, ids_in, query_of, rows_in, search_of

from opsgenie_simulator import Account, Switches
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.reading.changes import Changes
from source_opsgenie.reading.state import CurrentRead, Scope, State

SINCE = NOW - DAY
BEGUN = State(Scope("acme"), bookmark=SINCE, read=CurrentRead(NOW))
COMBINATIONS: list[dict[str, Any]] = [
    {"updated_at_search": search, "updated_at_sort": sort, "ties": ties}
    for search, sort, ties in product(
        ("searchable", "rejected", "ignored", "seconds"), ("accepted", "rejected"), ("kept", "shuffled")
    )
]
every_combination = pytest.mark.parametrize("switches", COMBINATIONS, ids=lambda switches: "-".join(switches.values()))


def updated_account(*groups: tuple[int, int], untouched: int = 150) -> Account:
    """An account of old alerts; *groups* are pairs of a time and the number of alerts that were updated then."""
    size = untouched + sum(number for _, number in groups)
    account = crowded(*((NOW - 20 * DAY + number * 1000, 1) for number in range(size)))
    alert_ids = iter(sorted(account.alerts))
    for time, number in groups:
        for _ in range(number):
            account.update_alert(next(alert_ids), updated_at=time, priority="P1")
    return account


def updated_ids(account: Account) -> set[str]:
    """The ids of the alerts that were updated since the bookmark."""
    return {one["id"] for one in account.alerts.values() if parse_timestamp(one["updatedAt"]) >= SINCE}


@every_combination
@pytest.mark.parametrize("size", [0, 99, 100, 101, 230])
def test_every_changed_row_is_read(switches: dict[str, Any], size: int) -> None:
    """Exactly the rows updated since the bookmark are read, whatever the API makes of `updatedAt`."""
    account = updated_account(*((SINCE + 1 + number * 500, 1) for number in range(size)))
    found = ids_in(Changes(search_of(Wire(account, Switches(**switches))), SINCE).read(BEGUN))

    assert sorted(updated_ids(account)) == sorted(found)


@every_combination
def test_rows_updated_at_the_bookmark_are_read(switches: dict[str, Any]) -> None:
    """Rows updated in the bookmark's own millisecond are changes; those of the millisecond before are not."""
    account = updated_account((SINCE - 1, 5), (SINCE, 120), (SINCE + 1, 5))
    found = set(ids_in(Changes(search_of(Wire(account, Switches(**switches))), SINCE).read(BEGUN)))

    assert updated_ids(account) == found
    assert len(found) == 125


@every_combination
@pytest.mark.parametrize("created_together", [False, True])
def test_bulk_update_in_one_millisecond(switches: dict[str, Any], created_together: bool) -> None:
    """All rows that share one `updatedAt` are read, whether or not they were created together."""
    if created_together:
        account = crowded((NOW - 3 * DAY, 260), (NOW - 4 * DAY, 50), updated=SINCE + 5)
    else:
        account = updated_account((SINCE + 4, 30), (SINCE + 5, 260), (SINCE + 6, 30))
    found = set(ids_in(Changes(search_of(Wire(account, Switches(**switches))), SINCE).read(BEGUN)))

    assert updated_ids(account) == found


@pytest.mark.parametrize("size", [0, 5, 99])
def test_less_than_a_page_costs_one_request(size: int) -> None:
    """A quiet account costs one request."""
    wire = Wire(updated_account((SINCE, size)))
    list(Changes(search_of(wire), SINCE).read(BEGUN))

    assert len(wire.requests) == 1


@every_combination
def test_changes_until_the_read_began_are_read(switches: dict[str, Any]) -> None:
    """Rows updated within the second in which the read began are read too: its time comes in whole seconds."""
    account = updated_account(*((NOW + number * 4, 1) for number in range(230)))
    found = set(ids_in(Changes(search_of(Wire(account, Switches(**switches))), SINCE).read(BEGUN)))

    assert updated_ids(account) == found


@every_combination
def test_deletions_hide_no_change(switches: dict[str, Any]) -> None:
    """Rows that are deleted during the read hide no changed row that still exists."""
    account = updated_account(*((SINCE + 1 + number * 500, 1) for number in range(330)))

    def delete(_: Request) -> None:
        for alert_id in sorted(account.alerts)[5:405:4]:
            account.delete_alert(alert_id)

    found = set(ids_in(Changes(search_of(Wire(account, Switches(**switches), before=delete)), SINCE).read(BEGUN)))

    assert updated_ids(account) <= found


def test_next_page_may_be_empty() -> None:
    """If all rows after the newest page were deleted, those that still exist are read."""
    account = updated_account(*((SINCE + number * 500, 1) for number in range(230)))

    def delete(request: Request) -> None:
        for alert_id in sorted(account.alerts)[5:] if request.params.get("offset", "0") != "0" else ():
            account.delete_alert(alert_id)

    wire = Wire(account, Switches(updated_at_search="ignored"), before=delete)
    found = set(ids_in(Changes(search_of(wire), SINCE).read(BEGUN)))

    assert len(account.alerts) == 5
    assert updated_ids(account) <= found


class UnsortedWire(Wire):
    """A wire to an API that ignores sorting by `updatedAt`, and sorts by `createdAt` instead."""

    def __call__(self, request: Request) -> RawResponse:
        """Respond in another order."""
        sort = {"sort": "createdAt"} if request.params.get("sort") == "updatedAt" else {}
        return super().__call__(replace(request, params={**request.params, **sort}))


def test_ignored_sort_is_not_trusted() -> None:
    """If a page is not sorted as requested, all rows are read and filtered."""
    account = updated_account(*((SINCE + number * 500, 1) for number in range(30)))
    found = ids_in(Changes(search_of(UnsortedWire(account)), SINCE).read(BEGUN))

    assert sorted(updated_ids(account)) == sorted(found)


class PartialWire(Wire):
    """A wire to an API whose search by `updatedAt` finds only every second row."""

    def __call__(self, request: Request) -> RawResponse:
        """Respond without the other rows."""
        response = super().__call__(request)
        if "updatedAt" not in query_of(request.params):
            return response
        body = orjson.loads(response.body)
        return replace(response, body=orjson.dumps(body | {"data": body["data"][::2]}))


def test_partial_search_is_not_trusted() -> None:
    """A search by `updatedAt` that lacks rows of the newest page is not used."""
    account = updated_account(*((SINCE + number * 500, 1) for number in range(230)))
    found = ids_in(Changes(search_of(PartialWire(account)), SINCE).read(BEGUN))

    assert sorted(updated_ids(account)) == sorted(found)


def test_oldest_change_first() -> None:
    """Changes are read in the order in which they happened, so a destination ends with the newest version."""
    for size in (60, 230):
        account = updated_account(*((SINCE + 1 + number * 500, 1) for number in range(size)))
        times = [row.updated for batch in Changes(search_of(Wire(account)), SINCE).read(BEGUN) for row in batch.rows]

        assert times == sorted(times)


@every_combination
def test_read_ends_under_constant_updates(switches: dict[str, Any]) -> None:
    """The read ends even if every request sees a page of new updates, and has all rows changed before it began."""
    account = updated_account(*((SINCE + 1 + number * 500, 1) for number in range(230)), untouched=300)
    expected = updated_ids(account)
    others = sorted(account.alerts.keys() - expected)

    def update(_: Request) -> None:
        wire.now += 1000
        for number in range(120):
            account.update_alert(others[(len(wire.requests) * 120 + number) % len(others)], priority="P3")

    wire = Wire(account, Switches(**switches), before=update)
    found = set(ids_in(Changes(search_of(wire), SINCE).read(BEGUN)))

    assert expected <= found
    assert len(wire.requests) < 100


@every_combination
def test_long_read_yields_a_state_before_its_last_rows(switches: dict[str, Any]) -> None:
    """A read of several pages yields a state early, since reading the children of its rows may take hours."""
    account = updated_account(*((SINCE + 1 + number * 500, 1) for number in range(350)))
    batches = list(Changes(search_of(Wire(account, Switches(**switches))), SINCE).read(BEGUN))
    first = next((number for number, batch in enumerate(batches) if batch.state), len(batches))

    assert len(ids_in(batches[: first + 1])) < 350


def test_resume_after_any_batch() -> None:
    """Resumed from the state of any batch, the read has the other rows, and fewer and fewer of those read before."""
    account = updated_account(
        *((SINCE + number * 500, 1) for number in range(230)), (SINCE + 5, 150), (SINCE + 90_000, 130)
    )
    changes = Changes(search_of(Wire(account)), SINCE)
    batches = list(changes.read(BEGUN))
    states = [(number, batch.state) for number, batch in enumerate(batches) if batch.state]
    sizes = []
    for number, state in states:
        rest = ids_in(changes.read(State.from_mapping(state.to_mapping())))
        sizes.append(len(rest))

        assert updated_ids(account) == set(ids_in(batches[: number + 1])) | set(rest)
    assert len(states) > 4
    assert sizes[-1] < 200 < sizes[0]


@pytest.mark.parametrize("search", ["searchable", "rejected", "ignored", "seconds"])
@pytest.mark.parametrize(("sort", "tied"), [("rejected", 1), ("accepted", 150)])
def test_resume_after_any_batch_of_the_history(search: Any, sort: Any, tied: int) -> None:
    """A read that falls back to windows over the full history resumes from the state of any batch too."""
    account = updated_account(*((SINCE + number * 500, tied) for number in range(460 // tied)))
    changes = Changes(search_of(Wire(account, Switches(updated_at_search=search, updated_at_sort=sort))), SINCE)
    batches = list(changes.read(BEGUN))
    for number, batch in enumerate(batches):
        if batch.state:
            rest = changes.read(State.from_mapping(batch.state.to_mapping()))

            assert updated_ids(account) == set(ids_in(batches[: number + 1])) | set(ids_in(rest))
    assert batches[0].expected or search == "searchable"


@pytest.mark.parametrize("search", ["rejected", "ignored", "seconds"])
def test_bulk_update_is_found_in_windows(search: Any) -> None:
    """Without a search by `updatedAt`, 300 tied rows among 9,000 are found by sorting windows, not by reading all."""
    account = updated_account((SINCE + 5, 300), untouched=8_700)
    wire = Wire(account, Switches(updated_at_search=search))
    found = ids_in(Changes(replace(search_of(wire), window=2_000), SINCE).read(BEGUN))

    assert sorted(updated_ids(account)) == sorted(found)
    assert len(wire.requests) < 45


def test_user_query_narrows_every_search() -> None:
    """The user's query is part of every search, with and without a span."""
    wire = Wire(updated_account(*((SINCE + number * 500, 1) for number in range(230))))
    found = rows_in(Changes(search_of(wire, own="priority: P1"), SINCE).read(BEGUN))
    queries = {query_of(request.params).split(" AND ")[0] for request in wire.requests}

    assert queries == {"(priority: P1)"}
    assert len(found) == 230
