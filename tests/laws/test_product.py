"""Small accounts of any shape, under the product of the switches."""

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.support.worlds import DAY_MS, NOW, Table, World, crowd, twice

from opsgenie_simulator import Account, Switches

# Sizes that go with a page of 100: below, at, above, and more than one of them.
SIZES = (1, 2, 99, 100, 101, 199, 200, 230)
# Milliseconds side by side, hours and years apart, one in the minutes that are not settled, one yet to come.
MOMENTS = (0, 1, 2, 3_600_000, 3_600_001, 300 * DAY_MS, 365 * DAY_MS - 1_000, 365 * DAY_MS + 20_000)
EXERCISED: list[tuple[int, Switches]] = []
CASES = settings(deadline=None, derandomize=True, database=None, phases=[Phase.generate], max_examples=40)

SHAPES = st.lists(st.tuples(st.sampled_from(MOMENTS), st.sampled_from(SIZES)), max_size=4, unique_by=lambda one: one[0])
SWITCHES = st.builds(
    Switches,
    cap=st.sampled_from(["rejected", "ends"]),
    cap_inclusive=st.booleans(),
    updated_at_search=st.sampled_from(["searchable", "rejected", "ignored", "seconds"]),
    updated_at_sort=st.sampled_from(["accepted", "rejected"]),
    created_at_values=st.sampled_from(["milliseconds", "either"]),
    ties=st.sampled_from(["kept", "mirrored", "shuffled"]),
    timestamps=st.sampled_from(["trimmed", "full"]),
    alert_total_count=st.booleans(),
    unknown_field=st.sampled_from(["rejected", "ignored", "nothing"]),
)


@given(shape=SHAPES, switches=SWITCHES, step_ms=st.sampled_from([0, 1, 40, 2_000]), data=st.data())
@CASES
def read_exactly_once(shape: list[tuple[int, int]], switches: Switches, step_ms: int, data: st.DataObject) -> None:
    """Read an account of that *shape*, change a part of it, read again twice: exactly the account, each row once."""
    account = Account()
    for moment, size in shape:
        crowd(account, size, at=NOW - 365 * DAY_MS + moment)
    world, table = World(account, switches, step_ms=step_ms), Table()
    first = table.take(world.read())
    world.now += DAY_MS
    alert_ids = list(account.alerts)
    for alert_id in alert_ids[:: data.draw(st.integers(1, 7))]:
        account.update_alert(alert_id, tags=["changed"])
        world.now += data.draw(st.sampled_from([0, 0, 1]))
    world.now += DAY_MS
    second, third = (table.take(world.read(state=table.state)) for _ in range(2))
    EXERCISED.append((len(alert_ids), switches))

    assert ["", "", ""] == [first.problem, second.problem, third.problem]
    assert sorted(alert_ids) == sorted(first.ids)
    assert (0, {}, []) == (twice(second.keys("alerts")), table.wrong(account), third.ids)


def test_small_accounts_of_any_shape_are_read_exactly_once() -> None:
    """However alerts crowd in time and however the API behaves, each is read once, and once again when it changed.

    The law was exercised: on empty accounts, on more than three pages, and with each switch in every position.
    """
    read_exactly_once()
    sizes = [size for size, _ in EXERCISED]

    assert min(sizes) == 0
    assert max(sizes) > 300
    assert {"searchable", "rejected", "ignored", "seconds"} == {one.updated_at_search for _, one in EXERCISED}
    assert {"kept", "mirrored", "shuffled"} == {one.ties for _, one in EXERCISED}
