"""Replace names, e-mail addresses and phone numbers in everything that is exported, and count what was replaced.

The same value is replaced by the same hash throughout an export, so people can still be distinguished and joined. The
key of the hash is random and forgotten: no one can find a name by hashing all that they know.
"""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import orjson

from source_opsgenie.archive.export.relations import Column, Relation
from source_opsgenie.archive.tables import identifier, literal

EMAIL = r"[\p{L}\p{N}._%+'-]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)*"
PHONE = r"\+\d[\d ().-]{7,}\d"
# Shorter names would be found inside ordinary words.
SHORTEST_NAME = 3
# One pattern must not grow beyond what the regular expressions of DuckDB compile.
NAMES_PER_PATTERN = 400
# Values that the account itself knows as personal.
KNOWN = """
    SELECT DISTINCT value FROM (
        SELECT fullName AS value FROM main.users UNION ALL SELECT username FROM main.users
        UNION ALL SELECT "to" FROM main.user_contacts UNION ALL SELECT user_username FROM main.alert_recipients
        UNION ALL SELECT skypeUsername FROM main.users
        UNION ALL SELECT unnest([_json ->> '$.fullName', _json ->> '$.username', _json ->> '$.to'])
        FROM _archive.configuration_history WHERE stream IN ('users', 'user_contacts')
    ) WHERE length(value) >= ?
"""
# Columns that say more about a person than a name, by table: their values and fields are left out.
LEFT_OUT = {"users": ("userAddress", "skypeUsername", "details")}
HASH_DIGITS = 12


@dataclass(slots=True)
class Redaction:
    """What is replaced in the exported texts, and how many values of each column were."""

    is_on: bool = False
    touched: dict[str, int] = field(default_factory=dict)

    def prepare(self, database: duckdb.DuckDBPyConnection) -> None:
        """Create the macro `redact`, from the names that the archive knows."""
        if not self.is_on:
            return
        secret, text = secrets.token_hex(16), "text"
        for pattern in _patterns(database):
            text = _replaced(text, pattern, secret=secret)
        database.execute(f"CREATE OR REPLACE TEMP MACRO redact(text) AS {text}")

    def apply(self, database: duckdb.DuckDBPyConnection, relation: Relation) -> Relation:
        """The *relation* without personal data; counts the values that it replaces."""
        texts = [column for column in relation.columns if column.is_text]
        if not self.is_on or not texts:
            return relation
        values = {column.name: _redacted(column, relation.name) for column in texts}
        self._count(database, relation, values)
        selected = [
            f"{values.get(one.name, identifier(one.name))} AS {identifier(one.name)}" for one in relation.columns
        ]
        query = f"SELECT {', '.join(selected)} FROM ({relation.query})"
        return Relation(relation.name, relation.description, query, relation.columns)

    def _count(self, database: duckdb.DuckDBPyConnection, relation: Relation, values: dict[str, str]) -> None:
        counts = [f"count(*) FILTER ({value} IS DISTINCT FROM {identifier(name)})" for name, value in values.items()]
        (row,) = database.execute(f"SELECT {', '.join(counts)} FROM ({relation.query})").fetchall()
        for name, count in zip(values, row, strict=True):
            if count:
                self.touched[f"{relation.name}.{name}"] = count


def _redacted(column: Column, relation: str) -> str:
    left_out = LEFT_OUT.get(relation, ())
    if column.name in left_out:
        return f"NULL::{column.kind}"
    text = f"{identifier(column.name)}::VARCHAR"
    if column.name == "_json" and left_out:
        patch = orjson.dumps(dict.fromkeys(left_out)).decode()
        text = f"json_merge_patch({identifier(column.name)}, {literal(patch)})::VARCHAR"
    return f"redact({text})::{column.kind}"


def _replaced(text: str, pattern: str, *, secret: str) -> str:
    """SQL for *text* with each match of *pattern* replaced by its hash, the longest first."""
    digest = f"'redacted-' || left(sha256({literal(secret)} || lower(found.match)), {HASH_DIGITS})"
    matches = f"list_distinct(regexp_extract_all({text}, {literal(pattern)}))"
    sized = f"list_transform({matches}, lambda match: {{'size': length(match), 'match': match}})"
    hashes = f"list_transform(list_reverse_sort({sized}), lambda found: [found.match, {digest}])"
    return f"list_reduce({hashes}, lambda done, pair: [replace(done[1], pair[1], pair[2])], [{text}])[1]"


def _patterns(database: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """What is personal: addresses and phone numbers of any form, and the known names, as they are in texts and JSON."""
    yield f"{EMAIL}|{PHONE}"
    values = {value for (value,) in database.execute(KNOWN, [SHORTEST_NAME]).fetchall()}
    spelled = values | {orjson.dumps(value).decode()[1:-1] for value in values}
    names = sorted((value for value in spelled if not re.fullmatch(r"[^@\s]+@[^@\s]+", value)), key=len, reverse=True)
    for start in range(0, len(names), NAMES_PER_PATTERN):
        yield f"(?i){'|'.join(map(_escape, names[start : start + NAMES_PER_PATTERN]))}"


def _escape(text: str) -> str:
    """*text* as a pattern that matches only itself."""
    return re.sub(r"([^\w\s])", r"\\\1", text)
