"""The sections of the page: each is the result of one query, bounded in rows and in the length of its texts."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import duckdb

from source_opsgenie.archive.page.escaping import to_json

# The limits of the queries, each named as its parameter.
LIMITS: Mapping[str, int] = {
    "alerts": 10_000,
    "incidents": 200,
    "events": 100,
    "teams": 40,
    "people": 40,
    "bars": 15,
    "owed": 200,
    "characters": 1_000,
}
# By section: how many bytes it may take. Texts are cut shorter until it does.
MAX_BYTES: Mapping[str, int] = {"alerts": 7_500_000, "incidents": 1_000_000, "incident_stories": 4_000_000}
SHORTEST = 25
CUT = " … [cut]"
QUERIES = files(__package__).joinpath("queries")


@dataclass(frozen=True, slots=True)
class Section:
    """The rows of a section; texts longer than *characters* were cut."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]
    characters: int

    def records(self) -> Iterator[dict[str, Any]]:
        """Each row by the names of its columns."""
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def encode(self) -> str:
        """The section as the page embeds it."""
        return to_json({"columns": self.columns, "rows": self.rows})


def section_names() -> list[str]:
    """The names of all sections."""
    return sorted(path.name.removesuffix(".sql") for path in QUERIES.iterdir())


def read_section(
    database: duckdb.DuckDBPyConnection,
    name: str,
    *,
    limits: Mapping[str, int] = LIMITS,
    max_bytes: Mapping[str, int] = MAX_BYTES,
) -> Section:
    """Read a section within its *limits*, of which those of rows hold, and that of bytes if short texts suffice."""
    for statement in QUERIES.joinpath(f"{name}.sql").read_text(encoding="utf-8").split(";\n"):
        needed = {limit: value for limit, value in limits.items() if f"${limit}" in statement}
        result = database.execute(statement, needed or None)
    columns = [column[0] for column in result.description or ()]
    section = Section(name, columns, result.fetchall(), limits["characters"])
    return _fit(_cut(section, limits["characters"]), max_bytes.get(name, 0))


def _fit(section: Section, max_bytes: int) -> Section:
    """The *section* with its texts cut in halves until it takes at most *max_bytes*, if that is possible."""
    while max_bytes and section.characters // 2 >= SHORTEST and len(section.encode().encode()) > max_bytes:
        section = _cut(section, section.characters // 2)
    return section


def _cut(section: Section, characters: int) -> Section:
    # An id that is cut leads nowhere.
    limits = [sys.maxsize if column.endswith("_id") else characters for column in section.columns]
    rows = [list(map(_cut_text, row, limits)) for row in section.rows]
    return replace(section, rows=rows, characters=characters)


def _cut_text(value: Any, characters: int) -> Any:
    if not isinstance(value, str) or len(value) <= characters:
        return value
    return value.removesuffix(CUT)[:characters] + CUT
