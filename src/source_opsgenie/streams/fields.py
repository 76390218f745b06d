"""The fields of a row: the type and meaning of each, and the stream that it refers to."""

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Kind(Enum):
    """The type of a field: in its JSON schema, and as a DuckDB column of the archive."""

    TEXT = ("string", "VARCHAR")
    INTEGER = ("integer", "BIGINT")
    # The public connector declares it as a number: an integer would change a warehouse's column.
    WHOLE_NUMBER = ("number", "BIGINT")
    NUMBER = ("number", "DOUBLE")
    BOOLEAN = ("boolean", "BOOLEAN")
    TIMESTAMP = ("string", "TIMESTAMP")
    OBJECT = ("object", "JSON")
    LIST = ("array", "JSON")

    def __init__(self, json_type: str, column: str) -> None:
        self.json_type = json_type
        self.column = column


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a row."""

    # Name as the API sends it.
    name: str
    kind: Kind
    # One sentence for the user, who finds it in the catalog, the warehouse and docs/streams.md.
    description: str
    # Fields of an object; without them, customers fill it as they like.
    inner: "tuple[Field, ...]" = ()
    # Form of each value in a list.
    items: "Field | None" = None
    # Name of the stream whose ids it holds, if that is always the same one.
    refers_to: str = ""

    def schema(self) -> dict[str, Any]:
        """The field as JSON schema: its type or null, open to unknown fields."""
        schema: dict[str, Any] = {"type": ["null", self.kind.json_type], "description": self.description}
        if self.kind is Kind.TIMESTAMP:
            schema["format"] = "date-time"
        if self.kind is Kind.OBJECT:
            schema |= open_object(self.inner)
        if self.items:
            schema["items"] = self.items.schema()
        return schema


def open_object(fields: tuple[Field, ...]) -> dict[str, Any]:
    """The part of a JSON schema that declares *fields* and allows others."""
    return {"properties": {field.name: field.schema() for field in fields}, "additionalProperties": True}


def text(name: str, description: str, *, refers_to: str = "") -> Field:
    """A text."""
    return Field(name, Kind.TEXT, description, refers_to=refers_to)


def integer(name: str, description: str) -> Field:
    """A number without a fraction."""
    return Field(name, Kind.INTEGER, description)


def whole_number(name: str, description: str) -> Field:
    """A number without a fraction that the public connector declares as any number."""
    return Field(name, Kind.WHOLE_NUMBER, description)


def number(name: str, description: str) -> Field:
    """A number that may have a fraction."""
    return Field(name, Kind.NUMBER, description)


def boolean(name: str, description: str) -> Field:
    """True or false."""
    return Field(name, Kind.BOOLEAN, description)


def timestamp(name: str, description: str) -> Field:
    """A timestamp in ISO 8601, never an empty text."""
    return Field(name, Kind.TIMESTAMP, description)


def nested(name: str, description: str, *inner: Field) -> Field:
    """An object with the fields *inner*; without them, customers fill it as they like."""
    return Field(name, Kind.OBJECT, description, inner=inner)


# Set in rows that have only what the list returns, because the row's own endpoint failed.
LACKS_DETAILS = "lacks_details"


def details_mark() -> Field:
    """The mark of a row without its details."""
    return boolean(
        LACKS_DETAILS,
        "True if the row could not be requested individually, and has only what the list returns. Absent otherwise. "
        "Added by this connector.",
    )


def list_of_texts(name: str, description: str, *, refers_to: str = "") -> Field:
    """A list of texts."""
    return Field(name, Kind.LIST, description, items=text("", "One element of the list.", refers_to=refers_to))


def list_of(name: str, description: str, *inner: Field) -> Field:
    """A list of objects, each with the fields *inner*."""
    return Field(name, Kind.LIST, description, items=nested("", "One element of the list.", *inner))
