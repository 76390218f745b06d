"""Recent rows: the state remembers digests of the last ones, so that the next lookback does not emit them again."""

from source_opsgenie.reading.state import ROWS_REMEMBERED, Recent, digest_of


def test_recent_remembers_the_last_of_the_lookback() -> None:
    """Rows from before the lookback are not remembered; of too many, the oldest are dropped."""
    rows = [{"id": str(number), "updatedAt": "x"} for number in range(ROWS_REMEMBERED + 5)]
    recent = Recent(100)
    recent.add({"id": "old", "updatedAt": "x"}, updated=99)
    for row in rows:
        recent.add(row, updated=100)
    recent.add(rows[10], updated=100)

    expected = [digest_of(row) for row in [*rows[5:10], *rows[11:], rows[10]]]
    assert list(recent.digests) == expected


def test_digest_changes_with_the_row() -> None:
    """The digest of a row depends on its values and not on their order, so it changes when the row does."""
    row = {"id": "a", "updatedAt": "2026-11-01T00:00:00Z", "status": "open"}

    assert digest_of(row) == digest_of(dict(reversed(row.items())))
    assert digest_of(row) != digest_of(row | {"updatedAt": "2026-11-01T00:00:00.001Z"})
    assert digest_of(row) != digest_of(row | {"id": "b"})
    assert digest_of(row) != digest_of(row | {"status": "closed"})
