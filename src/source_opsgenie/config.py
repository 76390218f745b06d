"""The validated config of a sync: which account to read, from when, and how fast."""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from source_opsgenie.clock import DAY_MS, OLDEST_MS, format_timestamp, parse_timestamp
from source_opsgenie.errors import ConfigError
from source_opsgenie.options import DEFAULTS, ENDPOINTS, MISTAKEN, OPTIONS

HOST = r"(?P<host>[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[::1\])(:(?P<port>[0-9]{1,5}))?"
LAST_PORT = 65535
# Hosts that a person may take for the API's.
WRONG_HOSTS = {
    r"(.*\.)?(atlassian\.(com|net)|jira\.com)": "not the host of Opsgenie's API, but of other products of Atlassian",
    r"(?!api\.)(.*\.)?opsgenie\.com": "not the host of Opsgenie's API",
}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# The registry's page for a connector of this name; metadata.yaml says why the name is kept.
DOCUMENTATION = "https://docs.airbyte.com/integrations/sources/opsgenie"


@dataclass(frozen=True, slots=True)
class Config:
    """The options of one sync. Its text never contains the key."""

    api_token: str
    base_url: str
    start_ms: int | None = None
    alert_query: str = ""
    alert_priorities: tuple[str, ...] = ()
    alert_teams: tuple[str, ...] = ()
    alert_status: str = ""
    alert_saved_search: str = ""
    # The query of the saved search, once a connection has requested it.
    saved_query: str = ""
    streams_without_permission: str = DEFAULTS["streams_without_permission"]
    rate_limit_share: float = DEFAULTS["rate_limit_share"]
    max_requests_per_minute: int | None = None
    max_concurrent_requests: int = DEFAULTS["max_concurrent_requests"]
    lookback: timedelta = timedelta(minutes=DEFAULTS["lookback_minutes"])
    open_parents_per_sync: int = DEFAULTS["open_parents_per_sync"]
    tolerated_failures: int = DEFAULTS["tolerated_failures"]
    timeline_days: int = DEFAULTS["timeline_days"]
    timeline_since_ms: int | None = None
    integration_settings: bool = DEFAULTS["integration_settings"]

    def __repr__(self) -> str:
        """Show the address only: a config may end up in a log."""
        return f"Config({self.base_url!r})"

    @property
    def start_date(self) -> str:
        """The start date in ISO 8601, or an empty string."""
        return "" if self.start_ms is None else format_timestamp(self.start_ms)

    @property
    def timeline_since(self) -> str:
        """The time since which timelines are read, in ISO 8601; empty for all of them, or the days before a sync."""
        is_bound = self.timeline_since_ms is not None and self.timeline_since_ms > OLDEST_MS
        return format_timestamp(self.timeline_since_ms or 0) if is_bound else ""

    def timeline_start(self, now_ms: int) -> int:
        """Since when a first read covers timelines."""
        if self.timeline_since_ms is None:
            return now_ms - self.timeline_days * DAY_MS
        return max(OLDEST_MS, self.timeline_since_ms)

    @classmethod
    def from_mapping(cls, options: Mapping[str, Any], *, environment: Mapping[str, str]) -> "Config":
        """Validate *options*; raises ConfigError that names the option and the remedy.

        `OPSGENIE_API_URL` in *environment* overrides the endpoint, for tests and the demo.
        """
        _reject_unknown(options)
        values = DEFAULTS | {name: value for name, value in options.items() if value is not None and value != ""}
        limit = "max_requests_per_minute"
        return cls(
            api_token=_get_key(values),
            base_url=parse_endpoint(environment.get("OPSGENIE_API_URL") or _get_string(values, "endpoint")),
            start_ms=_get_time(values, "start_date"),
            alert_query=_get_string(values, "alert_query").strip(),
            alert_priorities=_get_strings(values, "alert_priorities"),
            alert_teams=_get_strings(values, "alert_teams"),
            alert_status=_get_choice(values, "alert_status"),
            alert_saved_search=_get_string(values, "alert_saved_search").strip(),
            streams_without_permission=_get_choice(values, "streams_without_permission"),
            rate_limit_share=_get_number(values, "rate_limit_share"),
            max_requests_per_minute=_get_integer(values, limit) if limit in values else None,
            max_concurrent_requests=_get_integer(values, "max_concurrent_requests"),
            open_parents_per_sync=_get_integer(values, "open_parents_per_sync"),
            tolerated_failures=_get_integer(values, "tolerated_failures"),
            timeline_days=_get_integer(values, "timeline_days"),
            timeline_since_ms=_get_time(values, "timeline_since"),
            integration_settings=_get_flag(values, "integration_settings"),
            lookback=timedelta(minutes=_get_integer(values, "lookback_minutes")),
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
    """The JSON in the file at *path*, or a list of the JSON in its lines; raises ConfigError that names it as *what*.

    It may be in UTF-16, or begin with a byte order mark, as PowerShell writes files.
    """
    try:
        content = Path(path).read_bytes()
        return _parse_json(content.decode(json.detect_encoding(content)))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(f"The {what} {path} cannot be read: {reason}. Name a file that exists.") from error
    except ValueError as error:
        # The text of the error may quote the file, and with it the key: leave it out.
        raise ConfigError(f"The {what} {path} is not valid UTF-8 JSON. Fix it or create it again.") from error


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        lines = [json.loads(line) for line in text.splitlines() if line.strip()]
        if len(lines) > 1:
            return lines
        raise


def parse_endpoint(endpoint: str) -> str:
    """The base URL of *endpoint*; accepts a scheme and a slash, but nothing that would leak the key."""
    scheme, _, address = endpoint.rpartition("://")
    match = re.fullmatch(HOST, address.rstrip("/").lower())
    if not match or int(match["port"] or 0) > LAST_PORT:
        raise ConfigError(f"endpoint {endpoint!r} is not a host name. Use {' or '.join(ENDPOINTS)}.")
    _reject_wrong_host(endpoint, match["host"])
    if scheme.lower() in {"", "https"} or (scheme.lower() == "http" and match["host"].strip("[]") in LOOPBACK):
        return f"{scheme.lower() or 'https'}://{match[0]}"
    raise ConfigError(
        f"endpoint {endpoint!r} does not use https. Use {' or '.join(ENDPOINTS)}, without a scheme. "
        "Plain http is allowed only for a simulator on this machine."
    )


def _reject_wrong_host(endpoint: str, host: str) -> None:
    """Reject a region, and hosts of Atlassian that are not the API."""
    wrong = [what for hosts, what in WRONG_HOSTS.items() if re.fullmatch(hosts, host)]
    if re.fullmatch(r"[a-z0-9-]+/*", endpoint.lower()) and host not in LOOPBACK:
        wrong.append("not a host name")
    if wrong:
        raise ConfigError(f"endpoint {endpoint!r} is {wrong[0]}. Use {' or '.join(ENDPOINTS)}.")


def _reject_unknown(options: Mapping[str, Any]) -> None:
    """Reject names that are not options, which would have no effect; Airbyte adds names that begin with `_`."""
    unknown = sorted(str(name) for name in options.keys() - OPTIONS.keys() if not str(name).startswith("_"))
    if unknown:
        raise ConfigError(" ".join(map(_name_nearest, unknown)))


def _name_nearest(unknown: str) -> str:
    """The option that is probably meant by *unknown*, or all; anything that may be a key is not quoted."""
    near = f"Did you mean {MISTAKEN[unknown]}?" if unknown in MISTAKEN else nearest(unknown, OPTIONS)
    name = unknown if re.fullmatch(r"[A-Za-z_.-]{1,40}", unknown) else "A name in the config"
    return f"{name} is not an option. " + (near or f"The options are {', '.join(OPTIONS)}.")


def nearest(name: str, names: Iterable[str]) -> str:
    """A question that names the one of *names* that is probably meant by *name*; empty if none is near."""
    near = difflib.get_close_matches(name, list(names), n=1)
    return f"Did you mean {near[0]}?" if near else ""


def _get_key(values: Mapping[str, Any]) -> str:
    key = _get_string(values, "api_token").strip()
    if not key:
        raise ConfigError("api_token is missing. Create a key in Opsgenie under Settings, API key management.")
    # The key is sent in a header, which allows neither line breaks nor characters beyond ASCII.
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ConfigError(
            "api_token contains whitespace or characters that are not valid in a key. Copy it from Opsgenie again."
        )
    return key


def _get_string(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name, "")
    if not isinstance(value, str):
        raise ConfigError(f"{name} is not a string. Put it in quotes.")
    return value


def _get_strings(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list of strings, sorted, so that their order makes no difference."""
    value, allowed = values.get(name, []), OPTIONS[name]["items"].get("enum")
    if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
        raise ConfigError(f"{name} is not a list of strings. Write it like {json.dumps(OPTIONS[name]['examples'][0])}.")
    # A quote would end the value within Opsgenie's query.
    if wrong := [one for one in value if (allowed and one not in allowed) or '"' in one]:
        raise ConfigError(f"{name} contains {wrong[0]!r}. Use {', '.join(allowed or ['names without quotes'])}.")
    return tuple(sorted({one.strip() for one in value}))


def _get_choice(values: Mapping[str, Any], name: str) -> str:
    value, allowed = _get_string(values, name), OPTIONS[name]["enum"]
    if value and value not in allowed:
        raise ConfigError(f"{name} is {value!r}. Use {' or '.join(allowed)}.")
    return value


def _get_time(values: Mapping[str, Any], name: str) -> int | None:
    text = _get_string(values, name)
    try:
        return parse_timestamp(text) if text else None
    except ValueError as error:
        raise ConfigError(f"{name} {text!r} is not a date. Write it like 2022-07-01T00:00:00Z.") from error


def _get_number(values: Mapping[str, Any], name: str) -> float:
    option, value = OPTIONS[name], values[name]
    low, high = option["exclusiveMinimum"], option["maximum"]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low < value <= high:
        raise ConfigError(f"{name} is {value!r}. Use a number above {low} and up to {high}.")
    return float(value)


def _get_integer(values: Mapping[str, Any], name: str) -> int:
    option, value = OPTIONS[name], values[name]
    low, high = option["minimum"], option.get("maximum")
    if isinstance(value, float) and value.is_integer():
        # Some platforms store every number as a float.
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (high and value > high):
        span = f"from {low} to {high}" if high else f"of {low} or more"
        raise ConfigError(f"{name} is {value!r}. Use a whole number {span}.")
    return value


def _get_flag(values: Mapping[str, Any], name: str) -> bool:
    value = values[name]
    if not isinstance(value, bool):
        raise ConfigError(f"{name} is {value!r}. Use true or false.")
    return value
