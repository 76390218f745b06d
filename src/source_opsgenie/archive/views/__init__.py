"""The ready views of an archive: one .sql file per topic, installed into the schema `report` of its file.

A comment directly above a CREATE statement describes the view or macro, in the file as in DuckDB's catalog.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import duckdb

from source_opsgenie.archive.configuration import select_rows
from source_opsgenie.archive.tables import literal

SCHEMA = "report"
# In this order: a view is created after those that it uses.
TOPICS = ("names", "alerts", "response_times", "volume", "on_call", "incidents", "configuration")
DEFINITION = re.compile(
    r"(?P<comment>(?:^-- [^\n]*\n)+)"
    r"CREATE (?P<kind>VIEW|MACRO) report\.(?P<name>\w+)(?P<arguments>\([^)]*\))? AS(?P<body>(?: TABLE)?.*?;)$",
    re.MULTILINE | re.DOTALL,
)
# What stands in a file for all rows of the configuration.
CONFIGURATION_ROWS = "$configuration_rows"
# One row for each installed view and macro; a view itself, so that the file's tables stay as they are.
INSTALLED = "_archive.views"


@dataclass(frozen=True, slots=True)
class View:
    """A view, or a macro that takes *arguments*, and the statement that creates it."""

    name: str
    kind: str
    topic: str
    description: str
    arguments: str
    statement: str

    @property
    def is_table(self) -> bool:
        """Whether it is a view: it has rows without being given arguments."""
        return self.kind == "VIEW"

    @property
    def is_listed(self) -> bool:
        """Whether it returns rows; other macros only serve the views."""
        return self.kind != "MACRO"

    def install(self) -> str:
        """Statements that create or replace it, with its description as a comment."""
        comment = f"COMMENT ON {self.kind} {SCHEMA}.{self.name} IS {literal(self.description)}"
        return f"{self.statement.replace('CREATE', 'CREATE OR REPLACE', 1)} {comment}"


@cache
def all_views() -> tuple[View, ...]:
    """Every view and macro, in the order in which they are created."""
    return tuple(view for topic in TOPICS for view in _parse(topic))


def _parse(topic: str) -> Iterator[View]:
    text = files(__package__).joinpath(f"{topic}.sql").read_text(encoding="utf-8")
    text = text.replace(CONFIGURATION_ROWS, f"({select_rows()})")
    for found in DEFINITION.finditer(text):
        description = " ".join(line.removeprefix("-- ") for line in found["comment"].splitlines())
        kind = "MACRO TABLE" if found["body"].startswith(" TABLE") else found["kind"]
        statement = found[0].removeprefix(found["comment"])
        yield View(found["name"], kind, topic, description, found["arguments"] or "", statement)


@cache
def digest() -> str:
    """A digest of all statements and descriptions: it differs if any of them changed."""
    return hashlib.sha256("".join(view.install() for view in all_views()).encode()).hexdigest()


def is_current(database: duckdb.DuckDBPyConnection) -> bool:
    """Whether the file has exactly these views."""
    return [digest()] == [value for value, _, _ in _installed(database)][:1]


def refresh(database: duckdb.DuckDBPyConnection) -> None:
    """Create or replace the views if their text changed, and drop those that no longer exist; other views stay."""
    before = list(_installed(database))
    if [digest()] == [value for value, _, _ in before][:1]:
        return
    current = {(view.kind, view.name) for view in all_views()}
    database.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    database.execute("; ".join(_drop(kind, name) for _, kind, name in before if (kind, name) not in current))
    for view in all_views():
        database.execute(view.install())
    database.execute(_remember(all_views()))


def _installed(database: duckdb.DuckDBPyConnection) -> Iterable[tuple[str, str, str]]:
    """The digest, kind and name of each installed view; empty if there are none."""
    schema, name = INSTALLED.split(".")
    found = database.execute(
        "SELECT 1 FROM duckdb_views() WHERE database_name = current_database() AND schema_name = ? AND view_name = ?",
        [schema, name],
    ).fetchall()
    return database.execute(f"SELECT digest, kind, name FROM {INSTALLED}").fetchall() if found else []


def _drop(kind: str, name: str) -> str:
    return f"DROP {kind} IF EXISTS {SCHEMA}.{name}"


def _remember(views: Iterable[View]) -> str:
    rows = ", ".join(f"({literal(digest())}, {literal(view.kind)}, {literal(view.name)})" for view in views)
    return f"""
        CREATE OR REPLACE VIEW {INSTALLED} AS FROM (VALUES {rows}) AS installed (digest, kind, name);
        COMMENT ON VIEW {INSTALLED} IS 'The views and macros in the schema {SCHEMA} that opsgenie-archive replaces.'
    """
