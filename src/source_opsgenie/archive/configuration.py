"""Which streams are the configuration of an account, and which of their fields change without a change of it."""

from collections.abc import Mapping

from source_opsgenie.archive.tables import DELETED_COLUMN, JSON_COLUMN, SYNCED_COLUMN, identifier, literal
from source_opsgenie.streams import STREAMS, Stream

# The streams of the configuration, with the fields that change by themselves or repeat another row.
VOLATILE: Mapping[str, tuple[str, ...]] = {
    "account": ("userCount",),
    "alert_policies": (),
    "custom_user_roles": (),
    "escalations": (),
    "forwarding_rules": (),
    "heartbeats": ("expired", "lastPingTime"),
    "incident_templates": (),
    "integration_actions": ("_parent",),
    "integrations": (),
    "maintenances": ("status",),
    "notification_policies": (),
    "saved_searches": ("updatedAt",),
    "schedule_overrides": ("_parent",),
    "schedule_rotations": ("_parent",),
    "schedules": ("rotations",),
    "service_audience_templates": (),
    "service_incident_rules": (),
    "service_incident_templates": (),
    "services": (),
    "team_members": (),
    "team_roles": (),
    "team_routing_rules": (),
    "teams": ("members",),
    "user_contacts": (),
    "user_notification_rule_steps": ("_parent",),
    "user_notification_rules": ("steps",),
    "users": ("mutedUntil",),
}


def changed_fields(stream: Stream, before: str, after: str) -> str:
    """The fields that differ between two JSON objects, as SQL for a list, without those that change by themselves.

    A field that only one of them has differs, unless it is null.
    """
    names = f"list_distinct(json_keys({before}) || json_keys({after}))"
    is_changed = f"{_value(before)} IS DISTINCT FROM {_value(after)}"
    is_volatile = f"list_contains([{', '.join(map(literal, VOLATILE.get(stream.name, ())))}]::VARCHAR[], name)"
    return f"list_sort(list_filter({names}, lambda name: {is_changed} AND NOT {is_volatile}))"


def _value(row: str) -> str:
    """The value of the field *name* of a JSON object; a pointer can name any field, a path cannot name one with `"`."""
    return f"nullif({row} -> ('/' || replace(replace(name, '~', '~0'), '/', '~1')), 'null'::JSON)"


def key_text(stream: Stream, table: str) -> str:
    """The values of the key of a row of *table* as one text, such as `team/user`, in SQL."""
    return f"concat_ws('/', {', '.join(f'{table}.{identifier(name)}' for name in stream.key)})"


def select_rows() -> str:
    """Select all rows of the configuration, in SQL: the stream and the key of each, its JSON and its times."""
    return " UNION ALL ".join(
        f"SELECT {literal(name)} AS stream, {key_text(STREAMS[name], 'held')} AS key, {JSON_COLUMN}, "
        f"{SYNCED_COLUMN} AS synced_at, {DELETED_COLUMN} AS deleted_at FROM {identifier(name)} AS held"
        for name in VOLATILE
    )
