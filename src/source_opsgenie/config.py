"""Config: which account, from when, how fast; made from a mapping, every value looked at."""

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from source_opsgenie.clock import format_timestamp, parse_timestamp
from source_opsgenie.errors import ConfigError
from source_opsgenie.options import DEFAULT_ENDPOINT, ENDPOINTS, OPTIONS

HOST = r"(?P<host>[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[::1\])(:(?P<port>[0-9]{1,5}))?"
LAST_PORT = 65535
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# The page that the registry gives to a connector of this name; metadata.yaml says why it is kept.
DOCUMENTATION = "https://docs.airbyte.com/integrations/sources/opsgenie"


@dataclass(frozen=True, slots=True)
class Config:
    """What one sync needs to know. The key is never part of its text."""

    api_token: str
    base_url: str
    start_ms: int | None = None
    alert_query: str = ""
    rate_limit_share: float = 0.8
    max_requests_per_minute: int | None = None
    max_concurrent_requests: int = 48
    lookback: timedelta = timedelta(minutes=10)
    open_parents_per_sync: int = 500
    timeline_days: int = 28
    integration_settings: bool = False

    def __repr__(self) -> str:
        """Name the address only: a config may end up in a log."""
        return f"Config({self.base_url!r})"

    @property
    def start_date(self) -> str:
        """The start date as text, or an empty one."""
        return "" if self.start_ms is None else format_timestamp(self.start_ms)

    @classmethod
    def from_mapping(cls, options: Mapping[str, Any], *, environment: Mapping[str, str]) -> "Config":
        """Make a config of *options*; raises ConfigError naming the option and the remedy.

        `OPSGENIE_API_URL` in *environment* stands in for the endpoint, for tests and the demo.
        """
        _refuse_near_misses(options)
        given = {name: value for name, value in options.items() if value is not None and value != ""}
        endpoint = environment.get("OPSGENIE_API_URL") or _text(given, "endpoint") or DEFAULT_ENDPOINT
        return cls(
            api_token=_key(given),
            base_url=base_url(endpoint),
            start_ms=_moment(given, "start_date"),
            alert_query=_text(given, "alert_query").strip(),
            rate_limit_share=_number(given, "rate_limit_share"),
            max_requests_per_minute=_whole(given, "max_requests_per_minute"),
            max_concurrent_requests=_whole(given, "max_concurrent_requests") or 1,
            open_parents_per_sync=_whole(given, "open_parents_per_sync") or 0,
            timeline_days=_whole(given, "timeline_days") or 0,
            integration_settings=_flag(given, "integration_settings"),
            lookback=timedelta(minutes=_whole(given, "lookback_minutes") or 0),
        )


def specification() -> dict[str, Any]:
    """The options as a JSON schema, in Airbyte's dialect."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Opsgenie Spec",
        "type": "object",
        "required": ["api_token"],
        "additionalProperties": True,
        "properties": {name: option | {"order": order} for order, (name, option) in enumerate(OPTIONS.items())},
    }


def read_json(path: str | Path, *, what: str) -> Any:
    """The JSON in the file at *path*; raises ConfigError that names the file and *what* it should hold."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as problem:
        reason = problem.strerror or type(problem).__name__
        raise ConfigError(f"The {what} {path} cannot be read: {reason}. Name a file that exists.") from problem
    except ValueError as problem:
        # The text of the problem may quote the file, and with it the key.
        raise ConfigError(f"The {what} {path} is not JSON in UTF-8: mend it, or write it anew.") from problem


def base_url(endpoint: str) -> str:
    """The address that *endpoint* means; forgives a scheme and a slash, and nothing that would leak the key."""
    scheme, _, address = endpoint.rpartition("://")
    match = re.fullmatch(HOST, address.rstrip("/").lower())
    if not match or int(match["port"] or 0) > LAST_PORT:
        raise ConfigError(f"endpoint {endpoint!r} is not a host's name: write one of {' or '.join(ENDPOINTS)}.")
    if scheme.lower() in {"", "https"} or (scheme.lower() == "http" and match["host"].strip("[]") in LOOPBACK):
        return f"{scheme.lower() or 'https'}://{match[0]}"
    raise ConfigError(
        f"endpoint {endpoint!r} is not spoken to over https: write one of {' or '.join(ENDPOINTS)}, "
        "without a scheme. Plain http is for a simulator on this machine only."
    )


def _refuse_near_misses(options: Mapping[str, Any]) -> None:
    """Refuse a name that is nearly an option's: its owner means the option. Other names are nobody's."""
    for name in options.keys() - OPTIONS.keys():
        for meant in difflib.get_close_matches(str(name), OPTIONS, n=1, cutoff=0.8):
            raise ConfigError(f"{name} is not an option: write {meant}.")


def _key(given: Mapping[str, Any]) -> str:
    key = _text(given, "api_token").strip()
    if not key:
        raise ConfigError("api_token is missing: make a key in Opsgenie under Settings, API key management.")
    # A key is sent in a header, where a line break or a letter beyond ASCII cannot stand.
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ConfigError("api_token holds blanks or letters that no key has: copy it from Opsgenie once more.")
    return key


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name, "")
    if not isinstance(value, str):
        raise ConfigError(f"{name} is not a text: write it in quotes.")
    return value


def _moment(given: Mapping[str, Any], name: str) -> int | None:
    text = _text(given, name)
    try:
        return parse_timestamp(text) if text else None
    except ValueError as problem:
        raise ConfigError(f"{name} {text!r} is not a date: write it like 2022-07-01T00:00:00Z.") from problem


def _number(given: Mapping[str, Any], name: str) -> float:
    option = OPTIONS[name]
    value = given.get(name, option.get("default"))
    low, high = option.get("exclusiveMinimum", 0), option["maximum"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low < value <= high:
        raise ConfigError(f"{name} is {value!r}: write a number above {low} and up to {high}.")
    return float(value)


def _flag(given: Mapping[str, Any], name: str) -> bool:
    value = given.get(name, OPTIONS[name]["default"])
    if not isinstance(value, bool):
        raise ConfigError(f"{name} is {value!r}: write true or false.")
    return value


def _whole(given: Mapping[str, Any], name: str) -> int | None:
    option = OPTIONS[name]
    value = given.get(name, option.get("default"))
    low, high = option["minimum"], option.get("maximum")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high and value > high):
        span = f"from {low} to {high}" if high else f"of {low} or more"
        raise ConfigError(f"{name} is {value!r}: write a whole number {span}.")
    return value
