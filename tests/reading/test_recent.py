"""The rows that the next lookback returns again, by digest."""

from source_opsgenie.reading.recent import ROWS_REMEMBERED, Recent, digest_of


def test_the_oldest_are_dropped() -> None:
    """Of too many rows the oldest are dropped; one that is emitted again counts as new."""
    rows = [{"id": str(number), "updatedAt": "x"} for number in range(ROWS_REMEMBERED + 5)]
    recent = Recent([])
    recent.add(rows)
    recent.add([rows[10]])

    expected = [digest_of(row) for row in [*rows[5:10], *rows[11:], rows[10]]]
    assert list(recent.digests) == expected


def test_digest_changes_with_the_row() -> None:
    """The digest of a row depends on its values and not on their order, so it changes when the row does."""
    row = {"id": "a", "updatedAt": "2026-11-01T00:00:00Z", "status": "open"}

    assert digest_of(row) == digest_of(dict(reversed(row.items())))
    assert digest_of(row) != digest_of(row | {"updatedAt": "2026-11-01T00:00:00.001Z"})
    assert digest_of(row) != digest_of(row | {"id": "b"})
    assert digest_of(row) != digest_of(row | {"status": "closed"})
