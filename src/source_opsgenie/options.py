"""The options of the config: the spec, the README's table and all defaults come from here."""

from collections.abc import Mapping
from typing import Any

# docs/opsgenie-api.md#hosts
ENDPOINTS = ("api.opsgenie.com", "api.eu.opsgenie.com")
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")
STATUSES = ("open", "closed")
WITHOUT_PERMISSION = ("fail", "skip")

# `api_token`, `endpoint` and `start_date` are options of the public connector too:
# a constraint on one of them would break configs saved with it.
OPTIONS: dict[str, dict[str, Any]] = {
    "api_token": {
        "title": "API key",
        "type": "string",
        "airbyte_secret": True,
        "description": "API key with the permissions Read and Configuration Access. Create it in Opsgenie under "
        "Settings, API key management.",
    },
    "endpoint": {
        "title": "Endpoint",
        "type": "string",
        "default": ENDPOINTS[0],
        "examples": list(ENDPOINTS),
        "description": "API host of the account: api.opsgenie.com, or api.eu.opsgenie.com for accounts in the EU.",
    },
    "start_date": {
        "title": "Start date",
        "type": "string",
        "examples": ["2022-07-01T00:00:00Z"],
        "description": "Skip alerts and incidents last updated before this time, and their logs, notes and other "
        "child records. Leave empty for the full history.",
    },
    "alert_query": {
        "title": "Alert query",
        "type": "string",
        "examples": ["integration.name: Prometheus"],
        "description": "Read only alerts that match this Opsgenie search query, and their child records. "
        "Completeness can be verified only for queries on fields that never change: createdAt, alertId, tinyId, "
        "alias, source, integration.name and integration.type, but not status or priority.",
    },
    "alert_priorities": {
        "title": "Alert priorities",
        "type": "array",
        "items": {"type": "string", "enum": list(PRIORITIES)},
        "uniqueItems": True,
        "examples": [["P1", "P2"]],
        "description": "Read only alerts with one of these priorities, and their child records. This and the next "
        "filters narrow alert_query; since the fields can change, completeness cannot be verified.",
    },
    "alert_teams": {
        "title": "Alert teams",
        "type": "array",
        "items": {"type": "string"},
        "uniqueItems": True,
        "examples": [["Payments", "Platform"]],
        "description": "Read only alerts with one of these teams, by name, among their responders, and their child "
        "records.",
    },
    "alert_status": {
        "title": "Alert status",
        "type": "string",
        "enum": list(STATUSES),
        "description": "Read only open or only closed alerts, and their child records. An alert that leaves this "
        "status keeps the values that it had when it was last read.",
    },
    "alert_saved_search": {
        "title": "Saved search",
        "type": "string",
        "description": "Read only alerts that match this saved search, by its name or id, and their child records. If "
        "the search is changed in Opsgenie, the next sync reads everything that it matches.",
    },
    "streams_without_permission": {
        "title": "Streams that the key may not read",
        "type": "string",
        "enum": list(WITHOUT_PERMISSION),
        "default": WITHOUT_PERMISSION[0],
        "description": "fail: such a stream is incomplete, and the sync ends with exit code 1. skip: it is empty, with "
        "a warning. A stream that was read before always fails.",
    },
    "rate_limit_share": {
        "title": "Rate limit share",
        "type": "number",
        "default": 0.8,
        "exclusiveMinimum": 0,
        "maximum": 1,
        "description": "Share of the account's rate limit that the connector may use. The rest is left for the "
        "account's own alerting.",
    },
    "max_requests_per_minute": {
        "title": "Requests per minute",
        "type": "integer",
        "minimum": 1,
        "description": "Maximum number of requests per minute in each rate limit domain, regardless of the account's "
        "limit.",
    },
    "max_concurrent_requests": {
        "title": "Concurrent requests",
        "type": "integer",
        "default": 48,
        "minimum": 1,
        "maximum": 64,
        "description": "Maximum number of requests in parallel.",
    },
    "lookback_minutes": {
        "title": "Lookback window (minutes)",
        "type": "integer",
        "default": 10,
        "minimum": 0,
        "maximum": 1440,
        "description": "An incremental sync rereads this many minutes before the previous sync began, because "
        "Opsgenie's search may not have returned their newest rows yet.",
    },
    "open_parents_per_sync": {
        "title": "Open alerts and incidents rechecked per sync",
        "type": "integer",
        "default": 500,
        "minimum": 0,
        "maximum": 100_000,
        "description": "A new log line, note or recipient may leave updatedAt of its alert or incident unchanged. "
        "Open alerts and incidents are therefore rechecked once a day, at most this many per sync. 0 disables the "
        "recheck.",
    },
    "tolerated_failures": {
        "title": "Tolerated failures per stream",
        "type": "integer",
        "default": 0,
        "minimum": 0,
        "maximum": 20,
        "description": "A row that Opsgenie cannot return is set aside, everything else is read, and the next sync "
        "requests it again. A stream with more such failures than this ends as incomplete, with exit code 1; one with "
        "as many or fewer ends as complete, with a warning.",
    },
    "timeline_days": {
        "title": "Schedule timeline (days)",
        "type": "integer",
        "default": 28,
        "minimum": 0,
        "maximum": 3650,
        "description": "Number of past days that the first sync of schedule_timelines covers, in whole months. It "
        "always extends to the end of next month. A schedule costs one request per year of history in the first sync, "
        "and one in each later sync.",
    },
    "timeline_since": {
        "title": "Schedule timeline since",
        "type": "string",
        "examples": ["2022-07-01T00:00:00Z"],
        "description": "Read schedule_timelines since this date instead, in whole months. 2012-01-01 reads the full "
        "history.",
    },
    "integration_settings": {
        "title": "Integration settings",
        "type": "boolean",
        "default": False,
        "description": "Read all settings of each integration, at one request per integration. They may contain "
        "passwords and tokens of other products.",
    },
}
DEFAULTS: dict[str, Any] = {name: option["default"] for name, option in OPTIONS.items() if "default" in option}
# What a person may take from the command line of opsgenie-archive, or from another tool.
MISTAKEN = {
    "region": "endpoint (api.eu.opsgenie.com for an account in Europe)",
    "since": "start_date",
    "query": "alert_query",
    "key": "api_token",
    "status": "alert_status",
    "priority": "alert_priorities",
    "teams": "alert_teams",
}


def override_notice(environment: Mapping[str, str], base_url: str) -> str:
    """The notice that `OPSGENIE_API_URL` in *environment* sends requests to *base_url*; empty if it is not set."""
    if not environment.get("OPSGENIE_API_URL"):
        return ""
    return f"OPSGENIE_API_URL is set: requests go to {base_url} instead of the configured endpoint."
