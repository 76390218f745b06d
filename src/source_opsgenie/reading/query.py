"""Opsgenie's query language, as far as we write it: spans of time and the user's own query."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from source_opsgenie.config import Config
from source_opsgenie.streams.stream import Stream

# Alert fields that never change; by any other field, an alert may leave the search while it is read.
STABLE_FIELDS = {"createdat", "alertid", "tinyid", "alias", "source", "integration.name", "integration.type"}

CONDITION = re.compile(
    r"""(?P<field>[\w.]+)\s*(?:!?\s*(?:<=|>=|[:=<>])\s*(?:"[^"]*"|\([^()]*\)|[^\s()]+)|\bis\s+(?:not\s+)?null\b)"""
)


@dataclass(frozen=True, slots=True)
class Span:
    """The rows whose *field* is in a half-open span of milliseconds; None means unbounded.

    Times are written in epoch milliseconds (docs/opsgenie-api.md#times-in-queries).
    """

    field: str
    start: int | None = None
    end: int | None = None

    def __str__(self) -> str:
        """The span in the query language."""
        bounds = ((">=", self.start), ("<", self.end))
        return " AND ".join(f"{self.field} {sign} {bound}" for sign, bound in bounds if bound is not None)


def created(start: int | None = None, end: int | None = None) -> Span:
    """The rows created in a span; windows use it, since `createdAt` never changes."""
    return Span("createdAt", start, end)


def updated(start: int | None = None, end: int | None = None) -> Span:
    """The rows last updated in a span."""
    return Span("updatedAt", start, end)


def user_query(config: Config, root: Stream) -> str:
    """The user's own query and filters for the rows of *root*, in one query; empty where none applies."""
    if not (root.search and root.search.takes_alert_query):
        return ""
    queries = [query for query in (config.alert_query, config.saved_query) if query]
    filters = [
        _one_of("priority", config.alert_priorities),
        _one_of("teams", [f'"{name}"' for name in config.alert_teams]),
        _one_of("status", [config.alert_status] if config.alert_status else []),
    ]
    conditions = [*(f"({query})" for query in queries), *filter(None, filters)]
    return queries[0] if len(conditions) == len(queries) == 1 else " AND ".join(conditions)


def _one_of(field: str, values: Sequence[str]) -> str:
    """The rows whose *field* has one of *values*; empty without any (docs/opsgenie-api.md#alert-search)."""
    alternatives = " OR ".join(values)
    return f"{field}: {alternatives if len(values) == 1 else f'({alternatives})'}" if values else ""


def join_query(query: str, *spans: Span) -> str:
    """*query* and all of *spans* in one query; an empty one finds everything."""
    parts = [f"({query})"] if query else []
    return " AND ".join(parts + [str(span) for span in spans if str(span)])


def is_stable(query: str) -> bool:
    """Whether the rows that *query* finds never leave it: only then does a count prove a read.

    A word without a field searches text that may change.
    """
    named = {match["field"].lower() for match in CONDITION.finditer(query)}
    rest = CONDITION.sub(" ", query)
    return named <= STABLE_FIELDS and re.fullmatch(r"[\s()]*(\b(AND|OR|NOT)\b[\s()]*)*", rest) is not None
