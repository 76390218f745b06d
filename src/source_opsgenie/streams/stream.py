"""The words in which a stream is written down: Stream, Field, and what they are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Record = dict[str, Any]


class Kind(Enum):
    """What a field holds: its JSON schema, and the DuckDB column that the archive gives it."""

    TEXT = ("string", "VARCHAR")
    # The public connector declares counts as numbers; an integer would change a warehouse's column.
    WHOLE_NUMBER = ("number", "BIGINT")
    FLAG = ("boolean", "BOOLEAN")
    TIMESTAMP = ("string", "TIMESTAMP")
    OBJECT = ("object", "JSON")
    LIST = ("array", "JSON")

    def __init__(self, json_type: str, column: str) -> None:
        self.json_type = json_type
        self.column = column


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its name as the API sends it, what it holds, and what it means."""

    name: str
    kind: Kind
    description: str
    inner: "tuple[Field, ...]" = ()
    items: "Field | None" = None

    def schema(self) -> dict[str, Any]:
        """The field as JSON schema: one type and null, open to fields that nobody knows yet."""
        schema: dict[str, Any] = {"type": ["null", self.kind.json_type], "description": self.description}
        if self.kind is Kind.TIMESTAMP:
            schema["format"] = "date-time"
        if self.kind is Kind.OBJECT:
            schema |= open_object(self.inner)
        if self.items:
            schema["items"] = self.items.schema()
        return schema


def open_object(fields: tuple[Field, ...]) -> dict[str, Any]:
    """The part of a JSON schema that names *fields* and allows any other."""
    return {"properties": {one.name: one.schema() for one in fields}, "additionalProperties": True}


def text(name: str, description: str) -> Field:
    """A field of text."""
    return Field(name, Kind.TEXT, description)


def whole_number(name: str, description: str) -> Field:
    """A field that counts something."""
    return Field(name, Kind.WHOLE_NUMBER, description)


def flag(name: str, description: str) -> Field:
    """A field that is true or false."""
    return Field(name, Kind.FLAG, description)


def timestamp(name: str, description: str) -> Field:
    """A field with a moment in ISO 8601, never an empty text."""
    return Field(name, Kind.TIMESTAMP, description)


def nested(name: str, description: str, *inner: Field) -> Field:
    """A field with an object of its own; without *inner*, one in which customers put what they like."""
    return Field(name, Kind.OBJECT, description, inner=inner)


def list_of_texts(name: str, description: str) -> Field:
    """A field with a list of texts."""
    return Field(name, Kind.LIST, description, items=text("", "One of them."))


def list_of(name: str, description: str, *inner: Field) -> Field:
    """A field with a list of objects, each with the fields *inner*."""
    return Field(name, Kind.LIST, description, items=nested("", "One of them.", *inner))


class Domain(Enum):
    """A domain of requests, each with a rate limit of its own (docs/opsgenie-api.md#rate-domains)."""

    SEARCH = "search"
    ALERT = "alert"
    INCIDENT = "incident"
    CONFIGURATION = "configuration"


class Access(Enum):
    """A group of streams that stand or fall together: what a key, or a plan, must have for them.

    See docs/opsgenie-api.md#rights and docs/opsgenie-api.md#plans.
    """

    ALERTS = ("alerts", "Read", "")
    INCIDENTS = ("incidents", "Read", "Standard or Enterprise")
    SERVICES = ("services", "Read and Configuration Access", "Standard or Enterprise")
    CONFIGURATION = ("configuration", "Read and Configuration Access", "")

    def __init__(self, title: str, rights: str, plans: str) -> None:
        self.title = title
        self.rights = rights
        self.plans = plans

    @property
    def needs(self) -> str:
        """What a key and a plan must have, in words."""
        return f"the right {self.rights}" + (f" and the plan {self.plans}" if self.plans else "")


class Paging(Enum):
    """The ways in which Opsgenie hands out a list (docs/opsgenie-api.md#paging)."""

    WHOLE = "whole"
    OFFSET = "offset"
    CURSOR = "cursor"


@dataclass(frozen=True, slots=True)
class Parent:
    """The stream whose rows a child is asked for, and how a parent's fields are called in the child."""

    stream: str
    ids: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Search:
    """A list that can be searched by time.

    *count_path* answers `data.count`; without it the list's own `totalCount` is asked for.
    *tie_breaker* is a field to sort by that no two rows of one moment share.
    *parts* are searches that part a moment with more rows than can be listed.
    *takes_alert_query*: the user's query narrows it. *still_open* finds the rows that people still work on.
    """

    count_path: str | None = None
    tie_breaker: str = ""
    parts: tuple[str, ...] = tuple(f"priority: P{number}" for number in range(1, 6))
    takes_alert_query: bool = False
    still_open: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream: where its rows come from, what names a row, and what a row holds.

    *path* names parents' ids in braces. *rows* leads from the answer's `data` to the list of rows.
    *adds* names fields that we add: each is the value at that path of the row.
    *single_domain* is the domain of counts and of a row asked for by its id, if not the list's own.
    *cursor* is the moment by which a destination may tell newer versions of a row from older ones.
    *sort* is the field by which a list with offsets and without a search holds still.
    *page* is the vendor's page that describes it.
    """

    name: str
    description: str
    path: str
    key: tuple[str, ...]
    domain: Domain
    access: Access
    page: str
    fields: tuple[Field, ...]
    paging: Paging = Paging.WHOLE
    sort: str = ""
    cursor: str = ""
    single_domain: Domain | None = None
    search: Search | None = None
    parent: Parent | None = None
    rows: tuple[str, ...] = ()
    adds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def schema(self) -> dict[str, Any]:
        """The JSON schema of a row."""
        schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}
        return schema | open_object(self.fields)
