"""What `make explore` tries on many random accounts, tried on a few; and that it would tell."""

import pytest
from benchmarks.explore import Explored, case_of


@pytest.mark.parametrize("seed", range(6))
def test_a_random_account_is_read_as_it_is(seed: int) -> None:
    """However a random account changes while it is read, and wherever reads end, no promise is broken."""
    assert [] == list(Explored(case_of(seed)).problems())


def test_a_lost_row_and_a_stale_one_are_told() -> None:
    """A row that the table lacks and one that it has otherwise than the account are both told."""
    explored = Explored(case_of(2))
    problems = list(explored.problems())
    held = explored.held()
    lost, stale, *_ = held
    del explored.table.rows[lost]
    explored.table.rows[stale] = {}

    assert [] == problems
    assert [f"1 of {len(held)} missing and 1 stale in the end"] == list(explored.lacking(held, "in the end"))


def test_a_seed_is_always_the_same_case() -> None:
    """The number of a case is all that is needed to run it again."""
    cases = [case_of(seed) for seed in (*range(50), *range(50))]
    told = [(one.stream, one.switches, one.stops, one.changes) for one in cases]

    assert told[:50] == told[50:]
    assert len({one.stream for one in cases}) > 10
