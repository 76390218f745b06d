"""Checks of rows against the JSON schema of their stream."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from jsonschema import FormatChecker

TIMESTAMPS = FormatChecker(formats=())


@TIMESTAMPS.checks("date-time", raises=ValueError)
def is_timestamp(value: object) -> bool:
    """Whether *value* is a timestamp in ISO 8601; other types are checked elsewhere."""
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))


def declared(schema: dict[str, Any], path: str = "") -> dict[str, tuple[str, str | None]]:
    """Each path of *schema* with its type, except null, and its format."""
    kinds = {schema["type"]} if isinstance(schema["type"], str) else set(schema["type"])
    found = {path: ("/".join(sorted(kinds - {"null"})), schema.get("format"))}
    for name, inner in schema.get("properties", {}).items():
        found |= declared(inner, f"{path}.{name}")
    if "items" in schema:
        found |= declared(schema["items"], f"{path}[]")
    return found


def sent(value: object, schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """The paths in *value*, down to the objects that customers fill."""
    yield path
    if isinstance(value, list):
        for one in value:
            yield from sent(one, schema.get("items", {}), f"{path}[]")
    properties = schema.get("properties")
    if isinstance(value, dict) and properties:
        for name, inner in value.items():
            yield from sent(inner, properties.get(name, {}), f"{path}.{name}")


def undeclared(value: object, schema: dict[str, Any]) -> list[str]:
    """The paths in *value* that *schema* does not declare, except inside objects that customers fill."""
    known = declared(schema)
    return [path for path in sent(value, schema) if path not in known]
