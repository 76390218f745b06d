"""The fields of a row: what each holds, what it means, and which stream it refers to."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Kind(Enum):
    """What a field holds: its JSON schema, and the DuckDB column that the archive gives it."""

    TEXT = ("string", "VARCHAR")
    # The public connector declares counts as numbers; an integer would change a warehouse's column.
    WHOLE_NUMBER = ("number", "BIGINT")
    NUMBER = ("number", "DOUBLE")
    FLAG = ("boolean", "BOOLEAN")
    TIMESTAMP = ("string", "TIMESTAMP")
    OBJECT = ("object", "JSON")
    LIST = ("array", "JSON")

    def __init__(self, json_type: str, column: str) -> None:
        self.json_type = json_type
        self.column = column


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its name as the API sends it, what it holds, and what it means.

    *refers_to* names the stream whose rows it names by their id, where it names rows of one stream only.
    """

    name: str
    kind: Kind
    description: str
    inner: "tuple[Field, ...]" = ()
    items: "Field | None" = None
    refers_to: str = ""

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


def text(name: str, description: str, *, refers_to: str = "") -> Field:
    """A field of text."""
    return Field(name, Kind.TEXT, description, refers_to=refers_to)


def whole_number(name: str, description: str) -> Field:
    """A field that counts something."""
    return Field(name, Kind.WHOLE_NUMBER, description)


def number(name: str, description: str) -> Field:
    """A field with a number that may have a fraction."""
    return Field(name, Kind.NUMBER, description)


def flag(name: str, description: str) -> Field:
    """A field that is true or false."""
    return Field(name, Kind.FLAG, description)


def timestamp(name: str, description: str) -> Field:
    """A field with a moment in ISO 8601, never an empty text."""
    return Field(name, Kind.TIMESTAMP, description)


def nested(name: str, description: str, *inner: Field) -> Field:
    """A field with an object of its own; without *inner*, one in which customers put what they like."""
    return Field(name, Kind.OBJECT, description, inner=inner)


def list_of_texts(name: str, description: str, *, refers_to: str = "") -> Field:
    """A field with a list of texts."""
    return Field(name, Kind.LIST, description, items=text("", "One of them.", refers_to=refers_to))


def list_of(name: str, description: str, *inner: Field) -> Field:
    """A field with a list of objects, each with the fields *inner*."""
    return Field(name, Kind.LIST, description, items=nested("", "One of them.", *inner))
