"""However alerts crowd in time, each is read exactly once, or the read says that it was not."""

from typing import Literal

import pytest
from tests.support.worlds import DAY_MS, NOW, World, crowd, in_the_middle, living, twice

from opsgenie_simulator import Account, RandomChanges, Switches

CROWDED = NOW - 10 * DAY_MS
TIES = ("kept", "mirrored", "shuffled")
Ties = Literal["kept", "mirrored", "shuffled"]


def quiet_account(alerts: int = 300) -> Account:
    """An account whose last alert is a day old."""
    return Account.seeded(alerts=alerts, until=NOW - DAY_MS)


@pytest.mark.parametrize("ties", TIES)
def test_a_second_with_2500_alerts_is_read_whole(ties: Ties) -> None:
    """2,500 alerts within one second come once each, whatever the order of ties."""
    account = quiet_account()
    crowd(account, 2_500, at=CROWDED, spread_ms=1_000)
    sync = World(account, Switches(ties=ties)).read()

    assert living(account) == set(sync.ids)
    assert (2_800, "") == (len(sync.ids), sync.problem)


@pytest.mark.parametrize("sort", ["accepted", "rejected"])
@pytest.mark.parametrize("ties", TIES)
def test_a_millisecond_with_650_alerts_is_read_whole(ties: Ties, sort: Literal["accepted", "rejected"]) -> None:
    """650 alerts of one millisecond come once each, in the first sync and as changes in the second."""
    account = quiet_account()
    world = World(account, Switches(ties=ties, updated_at_sort=sort))
    state = world.read().state
    crowd(account, 650, at=NOW + DAY_MS)
    world.now = NOW + 2 * DAY_MS
    later, anew = world.read(state=state), world.read()

    assert (650, 650) == (len(later.ids), len(set(later.ids)))
    assert (950, 950) == (len(anew.ids), len(set(anew.ids)))


@pytest.mark.parametrize("page", range(1, 24, 4))
@pytest.mark.parametrize("ties", TIES)
def test_deletions_in_a_crowded_millisecond_hide_nothing(ties: Ties, page: int) -> None:
    """At whichever page of a crowd some of its rows are deleted, every other row is read, each once."""
    account = quiet_account(50)
    ids = crowd(account, 650, at=CROWDED)
    deleted = ids[::60]

    def delete() -> None:
        for alert_id in deleted:
            account.delete_alert(alert_id)

    shift = in_the_middle(delete, of="/v2/alerts", at=page)
    sync = World(account, Switches(ties=ties), (shift,)).read()

    assert (set(), 0, "") == (living(account) - set(sync.ids), twice(sync.keys("alerts")), sync.problem)
    assert set(sync.ids) <= living(account) | set(deleted)


@pytest.mark.parametrize("seed", range(6))
def test_a_crowd_that_changes_at_each_request_is_read_to_its_end(seed: int) -> None:
    """While the account changes at every request, also in the crowd, all that lived throughout is read."""
    account = quiet_account()
    crowd(account, 650, at=CROWDED)
    before, changes = living(account), RandomChanges(account, seed=seed)
    sync = World(account, Switches(ties="shuffled"), (changes,)).read()

    assert (set(), "") == ((before & living(account)) - set(sync.ids), sync.problem)


@pytest.mark.parametrize("ties", TIES)
def test_a_few_alerts_more_than_a_page_in_each_millisecond(ties: Ties) -> None:
    """Neighbouring milliseconds of 99, 100, 101 and 200 alerts lose nothing at their borders."""
    account = quiet_account(0)
    for number, size in enumerate((99, 100, 101, 200, 1, 100)):
        crowd(account, size, at=CROWDED + number)
    sync = World(account, Switches(ties=ties)).read()

    assert living(account) == set(sync.ids)
    assert (601, "") == (len(sync.ids), sync.problem)


@pytest.mark.parametrize(("cap", "inclusive"), [("rejected", False), ("ends", True)])
def test_neither_reading_of_the_cap_is_met(cap: Literal["rejected", "ends"], inclusive: bool) -> None:
    """20,400 alerts, 2,000 of them in one second, are read whole whatever the cap does, and so are all changes."""
    account = quiet_account(18_400)
    crowd(account, 2_000, at=CROWDED, spread_ms=1_000)
    world = World(account, Switches(cap=cap, cap_inclusive=inclusive, updated_at_search="rejected"))
    first = world.read()
    # As if nothing had been read for years: then everything has changed since.
    second = world.read(state={**(first.state or {}), "bookmark": "2020-01-01T00:00:00.000Z", "seen": []})
    offsets = [int(call.query.get("offset", 0)) + int(call.query["limit"]) for call in first.pages() + second.pages()]

    assert (20_400, "", 20_400, "") == (len(first.ids), first.problem, len(second.ids), second.problem)
    assert living(account) == set(first.ids) == set(second.ids)
    assert 19_000 < max(offsets) < 20_000


def test_incidents_crowd_too() -> None:
    """Incidents of one millisecond are read whole, as long as their ties keep an order."""
    account = Account.seeded(alerts=0, incidents=40, until=NOW - DAY_MS)
    for _ in range(650):
        account.create_incident(created_at=CROWDED)
    sync = World(account).read("incidents")

    assert set(account.incidents) == set(sync.ids)
    assert (690, "") == (len(sync.ids), sync.problem)
