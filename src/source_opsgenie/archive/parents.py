"""Remember of which parents the child records were read, and find those of which some are missing.

`_archive.parents` has a row for each parent of an incremental stream: the parent's `updatedAt` when its child records
were read, and how many these were. A parent without a row, a newer one, and one with fewer child records in the file
are read again.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import duckdb

from source_opsgenie.archive.tables import DELETED_COLUMN, JSON_COLUMN, identifier, literal
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.reading.parts import Part
from source_opsgenie.streams import STREAMS, SpanPaging, Stream, is_incremental

CHANGED, CREATED = "updatedAt", "createdAt"


@dataclass(frozen=True, slots=True)
class ReadParent:
    """The *ids* of a parent whose child records were all read, and when it was *updated*, if that is known.

    With *since*, only those that begin then or later were read.
    """

    ids: tuple[str, ...]
    updated: int | None = None
    since: int | None = None


def children_of(stream: Stream) -> list[Stream]:
    """The streams whose rows are child records of *stream*."""
    return [child for child in STREAMS.values() if child.parent and child.parent.stream == stream.name]


def read_parent(part: Part) -> ReadParent:
    """The parent in *part*."""
    updated = part.row.get(CHANGED)
    since = part.span[0] if part.span else None
    return ReadParent(part.ids, parse_timestamp(updated) if isinstance(updated, str) else None, since)


def is_remembered(stream: Stream) -> bool:
    """Whether the file remembers the parents of *stream*: not every sync reads all of them."""
    return stream.parent is not None and is_incremental(stream)


def stage_parents(database: duckdb.DuckDBPyConnection, stream: Stream, parents: Sequence[ReadParent]) -> None:
    """Create the temporary table `read_parents` from *parents*; its columns have the names of the child's ids."""
    names = stream.parent.ids if stream.parent else ()
    columns = [f"unnest($id_{number}::VARCHAR[]) AS {identifier(name)}" for number, name in enumerate(names)]
    ids = {f"id_{number}": [parent.ids[number] for parent in parents] for number, _ in enumerate(names)}
    database.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE read_parents AS
        SELECT * EXCLUDE (updated, since), max(updated) AS updated, min(since) AS since
        FROM (SELECT {", ".join(columns)}, unnest($updated::BIGINT[]) AS updated, unnest($since::BIGINT[]) AS since)
        GROUP BY ALL
        """,
        ids | {"updated": [parent.updated for parent in parents], "since": [parent.since for parent in parents]},
    )


def mark_missing_children(stream: Stream) -> str:
    """Mark the rows of parents in `read_parents` that are not in `present` as deleted."""
    names = stream.parent.ids if stream.parent else ()
    same = " AND ".join(f"held.{identifier(name)} = read_parents.{identifier(name)}" for name in names)
    if isinstance(stream.paging, SpanPaging):
        same += f" AND coalesce(epoch_ms(held.{identifier(stream.cursor)}) >= since, true)"
    return f"""
        UPDATE {identifier(stream.name)} AS held SET {DELETED_COLUMN} = $now::TIMESTAMP FROM read_parents
        WHERE {same} AND held.{DELETED_COLUMN} IS NULL AND held.rowid NOT IN (SELECT place FROM present)
    """


def mark_children_deleted(stream: Stream) -> str:
    """Mark the rows of *stream* whose parent has one of the given ids as deleted."""
    child, _ = _parent_ids(stream)
    return f"""
        UPDATE {identifier(stream.name)} SET {DELETED_COLUMN} = $now::TIMESTAMP
        WHERE {DELETED_COLUMN} IS NULL AND list_contains($ids::VARCHAR[], {child})
    """


def record_parents(database: duckdb.DuckDBPyConnection, stream: Stream) -> None:
    """Remember the parents in `read_parents`, each with the number of its rows in `incoming`."""
    parent, _ = _parent_ids(stream)
    database.execute(
        f"DELETE FROM _archive.parents WHERE stream = ? AND parent IN (SELECT {parent} FROM read_parents)",
        [stream.name],
    )
    database.execute(
        f"""
        INSERT INTO _archive.parents SELECT ?, {parent}, make_timestamp(1000 * updated), count(incoming.rowid)
        FROM read_parents LEFT JOIN incoming USING ({parent}) GROUP BY ALL
        """,
        [stream.name],
    )


def forget_parents(database: duckdb.DuckDBPyConnection, stream: Stream, *, where: str) -> None:
    """Let the next sync read the child records of the parents of those rows of *stream* that meet a condition."""
    child, _ = _parent_ids(stream)
    selected = f"SELECT {child} FROM {identifier(stream.name)} WHERE {where}"
    database.execute(f"DELETE FROM _archive.parents WHERE stream = ? AND parent IN ({selected})", [stream.name])


def find_unread_parents(
    database: duckdb.DuckDBPyConnection, stream: Stream, *, since: int | None, without: Collection[str]
) -> list[str]:
    """The parents of *stream* in the file that lack child records, created *since*, but for the ids in *without*.

    Each is a JSON object with the fields that a request for its child records needs.
    """
    assert stream.parent
    above = STREAMS[stream.parent.stream]
    _, own = _parent_ids(stream)
    conditions = [f"NOT list_contains($without::VARCHAR[], above.{own})"]
    if any(field.name == CREATED for field in above.fields) and since is not None:
        conditions.append(f"epoch_ms(above.{CREATED}) >= {since}")
    # DuckDB reads the JSON of a table only if some of its rows are selected.
    unread = f"rowid IN ({_select_unread(stream, above)} AND {' AND '.join(conditions)})"
    parameters = {"stream": stream.name, "without": list(without)}
    found = database.execute(f"{_select_parents(stream)} WHERE {unread}", parameters).fetchall()
    return [text for (text,) in found]


def draw_parents(database: duckdb.DuckDBPyConnection, stream: Stream, *, share: float, until: str) -> dict[str, str]:
    """A random *share* of the parents of *stream* that were not updated since *until*: the JSON of each, by its id."""
    assert stream.parent
    above = STREAMS[stream.parent.stream]
    _, own = _parent_ids(stream)
    updated = f" AND {CHANGED} < '{until}'::TIMESTAMP" if _has_versions(above) else ""
    held = f"SELECT rowid FROM {identifier(above.name)} WHERE {DELETED_COLUMN} IS NULL{updated} AND random() < {share}"
    query = f"{_select_parents(stream, first=f'{own}, ')} WHERE rowid IN ({held})"
    return dict(database.execute(query).fetchall())


def _select_parents(stream: Stream, *, first: str = "") -> str:
    """Select the parents of *stream*, each as JSON with the fields that requests for its child records need."""
    assert stream.parent
    above = STREAMS[stream.parent.stream]
    wanted = {*stream.parent.ids.values(), *stream.parent.brings.values(), CREATED, CHANGED}
    needed = [field.name for field in above.fields if field.name in wanted]
    fields = ", ".join(f"{literal(name)}, {JSON_COLUMN}->{literal(name)}" for name in needed)
    return f"SELECT {first}json_object({fields}) FROM {identifier(above.name)}"


def find_lost_parents(database: duckdb.DuckDBPyConnection, stream: Stream, *, read_until: str) -> list[str]:
    """The parents with child records in the file that are not in it themselves, although it has all until *read_until*.

    Each is a JSON object with its id. Most were deleted, which a request for their child records shows.
    """
    assert stream.parent
    _, own = _parent_ids(stream)
    found = database.execute(
        f"""
        SELECT json_object({literal(next(iter(stream.parent.ids.values())))}, parent) FROM _archive.parents
        WHERE stream = ? AND children > 0 AND updated_at < ?::TIMESTAMP
            AND parent NOT IN (SELECT {own} FROM {identifier(stream.parent.stream)} WHERE {DELETED_COLUMN} IS NULL)
        """,
        [stream.name, read_until],
    ).fetchall()
    return [text for (text,) in found]


def _select_unread(stream: Stream, above: Stream) -> str:
    """Select the rows of *above* of which no child records were read, or in an older version, or of which some lack."""
    child, own = _parent_ids(stream)
    is_older = f"epoch_ms(known.updated_at) < epoch_ms(above.{CHANGED})" if _has_versions(above) else "false"
    return f"""
        SELECT above.rowid FROM {identifier(above.name)} AS above
        LEFT JOIN (FROM _archive.parents WHERE stream = $stream) AS known ON known.parent = above.{own}
        LEFT JOIN (
            SELECT {child} AS parent, count(*) AS children FROM {identifier(stream.name)}
            WHERE {DELETED_COLUMN} IS NULL GROUP BY ALL
        ) AS held ON held.parent = above.{own}
        WHERE above.{DELETED_COLUMN} IS NULL
            AND (known.parent IS NULL OR {is_older} OR coalesce(held.children, 0) < known.children)
    """


def take_over(database: duckdb.DuckDBPyConnection, stream: Stream, *, read_until: str) -> None:
    """Remember the parents whose child records an older version has read, those last updated before *read_until*."""
    assert stream.parent
    above = STREAMS[stream.parent.stream]
    child, own = _parent_ids(stream)
    updated = f"above.{CHANGED}" if _has_versions(above) else "NULL::TIMESTAMP"
    database.execute(
        f"""
        INSERT INTO _archive.parents
        SELECT ?, above.{own}, any_value({updated}), count(held.rowid)
        FROM {identifier(above.name)} AS above LEFT JOIN {identifier(stream.name)} AS held ON held.{child} = above.{own}
            AND held.{DELETED_COLUMN} IS NULL
        WHERE coalesce({updated} < ?::TIMESTAMP, true) GROUP BY above.{own}
        """,
        [stream.name, read_until],
    )


def _has_versions(stream: Stream) -> bool:
    return any(field.name == CHANGED for field in stream.fields)


def _parent_ids(stream: Stream) -> tuple[str, str]:
    """The quoted names of the parent's id, in the child and in the parent."""
    assert stream.parent
    ((child, own),) = stream.parent.ids.items()
    return identifier(child), identifier(own)
