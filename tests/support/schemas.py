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


def undeclared(value: object, schema: dict[str, Any], path: str = "") -> Iterator[str]:
    """The paths in *value* that *schema* does not declare, except inside objects that customers fill."""
    if isinstance(value, list):
        for one in value:
            yield from undeclared(one, schema.get("items", {}), f"{path}[]")
    properties = schema.get("properties")
    if isinstance(value, dict) and properties:
        for name, inner in value.items():
            if name in properties:
                yield from undeclared(inner, properties[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
