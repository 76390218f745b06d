"""The options of the config, as Airbyte shows them; the spec and the README's table are made of this."""

from collections.abc import Mapping
from typing import Any

DEFAULT_ENDPOINT = "api.opsgenie.com"
# docs/opsgenie-api.md#hosts
ENDPOINTS = (DEFAULT_ENDPOINT, "api.eu.opsgenie.com")

# `api_token`, `endpoint` and `start_date` are those of the public
# connector; a constraint on one of them would break configs that are saved with it.
OPTIONS: dict[str, dict[str, Any]] = {
    "api_token": {
        "title": "API key",
        "type": "string",
        "airbyte_secret": True,
        "description": "A key with the rights Read and Configuration Access, made in Opsgenie under "
        "Settings, API key management.",
    },
    "endpoint": {
        "title": "Endpoint",
        "type": "string",
        "default": DEFAULT_ENDPOINT,
        "examples": list(ENDPOINTS),
        "description": "Where the account lives: api.opsgenie.com, or api.eu.opsgenie.com for an account in Europe.",
    },
    "start_date": {
        "title": "Start date",
        "type": "string",
        "examples": ["2022-07-01T00:00:00Z"],
        "description": "Alerts and incidents that were last updated before this moment, and what hangs on them, "
        "are left out. Empty: the whole history.",
    },
    "alert_query": {
        "title": "Alert query",
        "type": "string",
        "examples": ["integration.name: Prometheus"],
        "description": "Only alerts that this query of Opsgenie's search finds, and what hangs on them. "
        "A read can be proven whole only if the query asks for nothing but what an alert keeps for ever: createdAt, "
        "alertId, tinyId, alias, source, integration.name or integration.type; not for its status or priority.",
    },
    "rate_limit_share": {
        "title": "Share of the rate limit",
        "type": "number",
        "default": 0.8,
        "exclusiveMinimum": 0,
        "maximum": 1,
        "description": "The part of the account's rate limit that may be used; the rest stays for its own alerting.",
    },
    "max_requests_per_minute": {
        "title": "Requests per minute",
        "type": "integer",
        "minimum": 1,
        "description": "The most requests a minute in each domain of requests, whatever the account's limit.",
    },
    "max_concurrent_requests": {
        "title": "Requests at once",
        "type": "integer",
        "default": 48,
        "minimum": 1,
        "maximum": 64,
        "description": "The most requests that are under way at the same time.",
    },
    "lookback_minutes": {
        "title": "Lookback in minutes",
        "type": "integer",
        "default": 10,
        "minimum": 0,
        "maximum": 1440,
        "description": "An incremental sync asks again for this many minutes before the last one began: Opsgenie's "
        "search may not have shown their newest rows yet.",
    },
    "open_parents_per_sync": {
        "title": "Open alerts and incidents asked again",
        "type": "integer",
        "default": 500,
        "minimum": 0,
        "maximum": 100_000,
        "description": "A log, note or recipient may be added without a new updatedAt of its alert or incident. So "
        "open alerts and incidents are asked again once a day, at most this many in one sync; 0 asks none of them.",
    },
    "timeline_days": {
        "title": "Days of schedule timelines",
        "type": "integer",
        "default": 28,
        "minimum": 0,
        "maximum": 3650,
        "description": "How many days back schedule_timelines tells who was on call; it always reaches to the end of "
        "next week. It costs a request per schedule and week.",
    },
    "integration_settings": {
        "title": "Settings of integrations",
        "type": "boolean",
        "default": False,
        "description": "Whether integrations are read with all their settings, at a request each. They may hold "
        "passwords and tokens of other products.",
    },
}


def override_notice(environment: Mapping[str, str], base_url: str) -> str:
    """What to say where `OPSGENIE_API_URL` in *environment* leads to *base_url*; empty where it is not set."""
    is_set = bool(environment.get("OPSGENIE_API_URL"))
    return f"OPSGENIE_API_URL is set, so {base_url} is asked." if is_set else ""
