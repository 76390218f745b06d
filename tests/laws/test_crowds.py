"""However many alerts share one time, each is read exactly once, or the read fails."""

from typing import Literal

import pytest
from tests.support.worlds import DAY_MS, NOW, World, change_after, count_duplicates, create_crowd

from opsgenie_simulator import Account, RandomChanges, Switches

CROWD_AT = NOW - 10 * DAY_MS
TIES = ("kept", "mirrored", "shuffled")
Ties = Literal["kept", "mirrored", "shuffled"]


def quiet_account(alerts: int = 300) -> Account:
    """An account whose last alert is a day old."""
    return Account.seeded(alerts=alerts, until=NOW - DAY_MS)


@pytest.mark.parametrize("ties", TIES)
def test_a_second_with_2500_alerts_is_complete(ties: Ties) -> None:
    """2,500 alerts within one second are read once each, whatever the order of ties."""
    account = quiet_account()
    create_crowd(account, 2_500, at=CROWD_AT, spread_ms=1_000)
    sync = World(account, Switches(ties=ties)).read()

    assert set(account.alerts) == set(sync.ids)
    assert (2_800, "") == (len(sync.ids), sync.error)


@pytest.mark.parametrize("sort", ["accepted", "rejected"])
@pytest.mark.parametrize("ties", TIES)
def test_a_millisecond_with_650_alerts_is_complete(ties: Ties, sort: Literal["accepted", "rejected"]) -> None:
    """650 alerts of one millisecond are read once each, in a first sync and as changes in a later one."""
    account = quiet_account()
    world = World(account, Switches(ties=ties, updated_at_sort=sort))
    state = world.read().state
    create_crowd(account, 650, at=NOW + DAY_MS)
    world.now = NOW + 2 * DAY_MS
    incremental, full = world.read(state=state), world.read()

    assert (650, 650) == (len(incremental.ids), len(set(incremental.ids)))
    assert (950, 950) == (len(full.ids), len(set(full.ids)))


@pytest.mark.parametrize("page", range(1, 24, 4))
@pytest.mark.parametrize("ties", TIES)
def test_deletions_in_a_crowded_millisecond_hide_no_row(ties: Ties, page: int) -> None:
    """If rows of a crowd are deleted after any of its pages, every other row is still read once."""
    account = quiet_account(50)
    ids = create_crowd(account, 650, at=CROWD_AT)
    deleted = ids[::60]

    def delete() -> None:
        for alert_id in deleted:
            account.delete_alert(alert_id)

    deletion = change_after(delete, path="/v2/alerts", response_number=page)
    sync = World(account, Switches(ties=ties), (deletion,)).read()

    assert (set(), 0, "") == (set(account.alerts) - set(sync.ids), count_duplicates(sync.keys("alerts")), sync.error)
    assert set(sync.ids) <= set(account.alerts) | set(deleted)


@pytest.mark.parametrize("seed", range(6))
def test_a_crowd_that_changes_with_each_request_is_complete(seed: int) -> None:
    """While the account, and the crowd in it, changes with every request, every surviving row is read."""
    account = quiet_account()
    create_crowd(account, 650, at=CROWD_AT)
    before, changes = set(account.alerts), RandomChanges(account, seed=seed)
    sync = World(account, Switches(ties="shuffled"), (changes,)).read()

    assert (set(), "") == ((before & set(account.alerts)) - set(sync.ids), sync.error)


@pytest.mark.parametrize("ties", TIES)
def test_a_few_alerts_more_than_a_page_in_each_millisecond(ties: Ties) -> None:
    """No alert is lost between adjacent milliseconds with 99, 100, 101 and 200 alerts."""
    account = quiet_account(0)
    for number, size in enumerate((99, 100, 101, 200, 1, 100)):
        create_crowd(account, size, at=CROWD_AT + number)
    sync = World(account, Switches(ties=ties)).read()

    assert set(account.alerts) == set(sync.ids)
    assert (601, "") == (len(sync.ids), sync.error)


@pytest.mark.parametrize(("cap", "inclusive"), [("rejected", False), ("ends", True)])
def test_the_cap_is_never_reached(cap: Literal["rejected", "ends"], inclusive: bool) -> None:
    """20,400 alerts, 2,000 of them in one second, are complete however the cap works, and so are all changes."""
    account = quiet_account(18_400)
    create_crowd(account, 2_000, at=CROWD_AT, spread_ms=1_000)
    world = World(account, Switches(cap=cap, cap_inclusive=inclusive, updated_at_search="rejected"))
    first = world.read()
    # With a bookmark that is years old, every alert counts as changed.
    second = world.read(state={**(first.state or {}), "bookmark": "2020-01-01T00:00:00.000Z", "seen": []})
    requests = first.list_requests() + second.list_requests()
    page_ends = [int(call.query.get("offset", 0)) + int(call.query["limit"]) for call in requests]

    assert (20_400, "", 20_400, "") == (len(first.ids), first.error, len(second.ids), second.error)
    assert set(account.alerts) == set(first.ids) == set(second.ids)
    assert 19_000 < max(page_ends) < 20_000


def test_a_millisecond_with_650_incidents_is_complete() -> None:
    """Incidents of one millisecond are complete, as long as the order of ties is stable."""
    account = Account.seeded(alerts=0, incidents=40, until=NOW - DAY_MS)
    for _ in range(650):
        account.create_incident(created_at=CROWD_AT)
    sync = World(account).read("incidents")

    assert set(account.incidents) == set(sync.ids)
    assert (690, "") == (len(sync.ids), sync.error)
