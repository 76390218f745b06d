"""Convert frozen dataclasses to JSON and back, by the declared types of their fields."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from source_opsgenie.clock import format_timestamp, parse_timestamp

# Milliseconds since 1970 on the API's clock; ISO 8601 text in JSON.
Timestamp = Annotated[int, "timestamp"]
# The largest integer that JSON libraries with 64-bit integers parse exactly.
LARGEST = 2**63 - 1


def to_json(value: Any, kind: Any) -> Any:
    """*value*, declared as *kind*, as JSON: timestamps become text, and fields that are None are omitted."""
    kind = _without_none(kind)
    if value is None:
        return None
    if kind == Timestamp:
        return format_timestamp(value)
    if isinstance(kind, type) and is_dataclass(kind):
        named = {name: to_json(getattr(value, name), hint) for name, hint in _hints(kind).items()}
        return {name: one for name, one in named.items() if one is not None}
    if get_origin(kind) is Mapping:
        return {key: to_json(one, get_args(kind)[1]) for key, one in value.items()}
    return list(value) if isinstance(value, tuple) else value


def from_json(given: Any, kind: Any) -> Any:
    """The value of type *kind* that `to_json` wrote as *given*; raises KeyError, TypeError or ValueError.

    Numbers survive other tools: 60.0, 6E+1 and "60" are 60.
    """
    required = _without_none(kind)
    if given is None and required is not kind:
        return None
    if required == Timestamp:
        return parse_timestamp(_of_type(given, str))
    if isinstance(required, type) and is_dataclass(required):
        return required(**_fields_from_json(_of_type(given, dict), required))
    if get_origin(required) is tuple:
        return tuple(from_json(one, get_args(required)[0]) for one in _of_type(given, list))
    if get_origin(required) is Mapping:
        return {str(key): from_json(one, get_args(required)[1]) for key, one in _of_type(given, dict).items()}
    return _whole_number(given) if required is int else _of_type(given, required)


def _fields_from_json(given: Mapping[str, Any], kind: type) -> dict[str, Any]:
    hints = _hints(kind)
    if unknown := given.keys() - hints.keys():
        raise ValueError(f"unknown fields {sorted(unknown)}")
    optional = {name for name, hint in hints.items() if _without_none(hint) is not hint}
    return {name: from_json(given[name], hint) for name, hint in hints.items() if name in given or name not in optional}


def _whole_number(given: Any) -> int:
    """A count, as a number or as the text into which another tool converted it."""
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise TypeError("not a number")
    try:
        number = Decimal(str(given))
        # Also raised by a comparison with NaN.
        is_count = 0 <= number <= LARGEST and number == int(number)
    except InvalidOperation as error:
        raise ValueError("not a number") from error
    if not is_count:
        raise ValueError("not a whole number of 0 or more")
    return int(number)


def _of_type(given: Any, kind: type) -> Any:
    if isinstance(given, kind):
        return given
    raise TypeError(f"not a {kind.__name__}")


def _without_none(kind: Any) -> Any:
    """*kind*, or the other type of a union with None."""
    if NoneType not in get_args(kind):
        return kind
    (other,) = [one for one in get_args(kind) if one is not NoneType]
    return other


@cache
def _hints(kind: type) -> dict[str, Any]:
    """The declared type of each field of the dataclass *kind*."""
    hints = get_type_hints(kind, include_extras=True)
    return {name: hints[name] for name in kind.__match_args__}  # type: ignore[attr-defined] # a dataclass has them
