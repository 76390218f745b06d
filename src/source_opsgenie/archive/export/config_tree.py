"""The configuration as a tree of JSON files, one for each entity, to be kept in git and compared.

Keys are sorted, and fields that change without a change of the configuration are left out, so two exports of an
unchanged account are identical.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from source_opsgenie.archive.configuration import VOLATILE
from source_opsgenie.archive.export.relations import Written, relation
from source_opsgenie.archive.export.rows import Rows
from source_opsgenie.archive.tables import identifier
from source_opsgenie.streams import STREAMS, Stream

# What an entity is called, if it has no name.
NAMES = ("name", "alias", "description", "fullName", "username", "method")
LONGEST_NAME = 60
# The folder of rows of the account, in a stream whose other rows belong to teams.
WITHOUT_PARENT = "account"
JSON_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE


def write_config(rows: Rows, folder: Path) -> Iterator[Written]:
    """Write a folder for each stream of the configuration, and in it a file for each row that is not deleted."""
    titles: dict[str, str] = {}
    for name, volatile in _parents_first():
        records = list(_read_records(rows, name))
        paths = _paths(STREAMS[name], records, titles)
        for path, row in zip(paths, records, strict=True):
            kept = {key: value for key, value in row.items() if key not in volatile}
            target = folder / name / f"{path}.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(orjson.dumps(kept, option=JSON_OPTIONS))
        yield Written(f"{name}/", len(records))


def _parents_first() -> list[tuple[str, tuple[str, ...]]]:
    """The streams, each after its parent, whose titles are folders of its rows."""
    return sorted(VOLATILE.items(), key=lambda item: (len(_ancestors(STREAMS[item[0]])), item[0]))


def _ancestors(stream: Stream) -> list[str]:
    return [*_ancestors(STREAMS[stream.parent.stream]), stream.parent.stream] if stream.parent else []


def _read_records(rows: Rows, name: str) -> Iterator[dict[str, Any]]:
    keys = ", ".join(identifier(key) for key in STREAMS[name].key)
    query = f"SELECT _json FROM main.{identifier(name)} WHERE _deleted_at IS NULL ORDER BY {keys}"
    with rows.prepare(relation(rows.database, name, query)) as found:
        for batch in rows.fetch(found):
            yield from (orjson.loads(text) for (text,) in batch)


def _paths(stream: Stream, rows: list[dict[str, Any]], titles: dict[str, str]) -> Iterator[str]:
    """The path of each row: the titles of its parents and its own; titles that occur twice get the id as well."""
    found = [(_folder(stream, row, titles), _slug(_name(stream, row, titles)), row) for row in rows]
    counts = Counter((folder, slug) for folder, slug, _ in found)
    for folder, slug, row in found:
        own = str(row[stream.key[-1]])
        title = slug if counts[folder, slug] == 1 else f"{slug}-{_slug(own)}"
        titles.setdefault(own, title)
        yield f"{folder}{title}"


def _folder(stream: Stream, row: dict[str, Any], titles: dict[str, str]) -> str:
    """The folder of *row* within that of its stream: the titles of its parents, unless it is the only row of them."""
    parents = [name for name in (stream.parent.ids if stream.parent else ()) if name != stream.key[-1]]
    ids = [str(row.get(name) or WITHOUT_PARENT) for name in parents]
    return "".join(f"{titles.get(one, _slug(one))}/" for one in ids)


def _name(stream: Stream, row: dict[str, Any], titles: dict[str, str]) -> str:
    """A name for *row*: its own, or the title of the entity that its key names, or its key."""
    own = str(row[stream.key[-1]])
    return next((str(row[name]) for name in NAMES if row.get(name)), titles.get(own, own))


def _slug(text: str) -> str:
    """*text* as a file name on any system: lower case, letters, digits and single hyphens."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-_")[:LONGEST_NAME] or "unnamed"
