"""Opsgenie's query language, as far as we write it: spans of time beside the user's own query."""

import re
from dataclasses import dataclass

# What an alert keeps for ever; by any other field, an alert may leave the search while it is read.
STABLE_FIELDS = {"createdat", "alertid", "tinyid", "alias", "source", "integration.name", "integration.type"}

CONDITION = re.compile(
    r"""(?P<field>[\w.]+)\s*(?:!?\s*(?:<=|>=|[:=<>])\s*(?:"[^"]*"|\([^()]*\)|[^\s()]+)|\bis\s+(?:not\s+)?null\b)"""
)


@dataclass(frozen=True, slots=True)
class Span:
    """The rows whose *field* lies in a half-open span of milliseconds; None is no bound.

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
    """The rows created in a span: what windows are made of, since `createdAt` never changes."""
    return Span("createdAt", start, end)


def updated(start: int | None = None, end: int | None = None) -> Span:
    """The rows last updated in a span."""
    return Span("updatedAt", start, end)


def join_query(own: str, *spans: Span) -> str:
    """The user's *own* query and *spans* together; an empty text asks for everything."""
    parts = [f"({own})"] if own else []
    return " AND ".join(parts + [str(span) for span in spans if str(span)])


def is_stable(own: str) -> bool:
    """Whether the rows that the query *own* finds stay the same: only then does a count prove a read.

    A word without a field searches what may change.
    """
    named = {match["field"].lower() for match in CONDITION.finditer(own)}
    rest = CONDITION.sub(" ", own)
    return named <= STABLE_FIELDS and re.fullmatch(r"[\s()]*(\b(AND|OR|NOT)\b[\s()]*)*", rest) is not None
