"""`make explore` on a few random accounts, and that it reports violations."""

import pytest
from benchmarks.explore import Exploration, create_case


@pytest.mark.parametrize("seed", range(6))
def test_a_random_account_is_read_without_violations(seed: int) -> None:
    """However a random account changes during reads, and wherever they stop, no law is violated."""
    assert [] == list(Exploration(create_case(seed)).run())


def test_a_missing_row_and_a_stale_row_are_reported() -> None:
    """A row that is missing from the table and one that differs from the account are both reported."""
    exploration = Exploration(create_case(2))
    violations = list(exploration.run())
    expected = exploration.expected_rows()
    missing, stale, *_ = expected
    del exploration.table.rows[missing]
    exploration.table.rows[stale] = {}

    assert [] == violations
    assert [f"1 of {len(expected)} missing and 1 stale at the end"] == list(exploration.compare(expected, "at the end"))


def test_a_seed_is_always_the_same_case() -> None:
    """A seed is enough to repeat a case."""
    cases = [create_case(seed) for seed in (*range(50), *range(50))]
    choices = [(case.stream, case.switches, case.stops, case.changes) for case in cases]

    assert choices[:50] == choices[50:]
    assert len({case.stream for case in cases}) > 10
