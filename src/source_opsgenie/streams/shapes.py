"""Fields and field groups that several streams share."""

from source_opsgenie.streams.fields import Field, boolean, integer, list_of, list_of_texts, nested, text, timestamp

HOURS = (
    integer("startHour", "Start hour, from 0 to 23."),
    integer("startMin", "Start minute."),
    integer("endHour", "End hour."),
    integer("endMin", "End minute."),
)


def owner_team(description: str) -> Field:
    """The team that owns a row."""
    return nested(
        "ownerTeam",
        description,
        text("id", "Id of the team (stream teams).", refers_to="teams"),
        text("name", "Name of the team."),
    )


def parent_of(noun: str, *, refers_to: str) -> Field:
    """The parent of a row, as the API repeats it."""
    return nested(
        "_parent",
        f"Parent {noun}, repeated by the API. Absent from some responses.",
        text("id", f"Id of the {noun} (stream {refers_to}).", refers_to=refers_to),
        text("name", f"Name of the {noun}."),
        boolean("enabled", f"Whether the {noun} is enabled."),
    )


def time_restriction(name: str = "timeRestriction") -> Field:
    """The hours to which a rule, rotation or policy is restricted."""
    return nested(
        name,
        "Hours during which it applies, in its time zone. Absent or null if it always applies.",
        text("type", "Type of the restriction. One of time-of-day, weekday-and-time-of-day."),
        nested("restriction", "Daily hours, for time-of-day.", *HOURS),
        list_of(
            "restrictions",
            "Hours by weekday, for weekday-and-time-of-day. Also observed for time-of-day.",
            text("startDay", "Start weekday, in lower case."),
            *HOURS[:2],
            text("endDay", "End weekday, in lower case."),
            *HOURS[2:],
        ),
    )


def conditions() -> Field:
    """The conditions of a filter."""
    return list_of(
        "conditions",
        "Conditions to match. Absent if everything matches.",
        text("field", "Field of the alert to compare, for example message, tags, extra-properties."),
        text("key", "Key within the field, if the field has keys."),
        boolean("not", "Whether the condition is negated."),
        text("operation", "Comparison operator, for example matches, contains, equals, is-empty."),
        text("expectedValue", "Value to compare with."),
        integer("order", "Position of the condition."),
    )


def criteria(name: str, description: str) -> Field:
    """A filter of alerts."""
    return nested(
        name,
        description,
        text("type", "How conditions are combined. One of match-all, match-any-condition, match-all-conditions."),
        conditions(),
    )


def duration(name: str, description: str) -> Field:
    """A length of time."""
    return nested(
        name,
        description,
        integer("timeAmount", "Number of time units."),
        text("timeUnit", "Time unit, for example minutes, hours, days."),
    )


def log_line_of(noun: str, *, type_description: str) -> tuple[Field, ...]:
    """A line in the log of an alert or incident; *type_description* lists the known types."""
    return (
        text(f"{noun}_id", f"Id of the {noun} (stream {noun}s). Added by this connector."),
        text("offset", f"Position of the line in the log. Unique only within its {noun}."),
        text("log", "Human-readable description of the event."),
        text("type", type_description),
        text("owner", "Who caused the event (username, display name or System)."),
        timestamp("createdAt", "Time of the event."),
    )


def note_on(noun: str) -> tuple[Field, ...]:
    """A note on an alert or incident."""
    return (
        text(f"{noun}_id", f"Id of the {noun} (stream {noun}s). Added by this connector."),
        text("offset", f"Position of the note. Unique only within its {noun}."),
        text("note", "Text of the note."),
        text("owner", "Author of the note (username, display name or System)."),
        timestamp("createdAt", "Creation time of the note."),
    )


def user(name: str, description: str) -> Field:
    """A reference to a user."""
    return nested(
        name,
        description,
        text("id", "Id of the user (stream users).", refers_to="users"),
        text("username", "Username, usually an email address."),
    )


def recipient(name: str, description: str) -> Field:
    """A recipient of notifications: a user, team, escalation or schedule."""
    return nested(name, description, *RECIPIENT)


def incident_properties() -> Field:
    """The properties of an incident that a rule or a template creates."""
    return nested(
        "incidentProperties",
        "Properties of the created incident.",
        *INCIDENT,
        stakeholder_properties(),
    )


def stakeholder_properties() -> Field:
    """The notification that stakeholders of an incident receive."""
    return nested(
        "stakeholderProperties",
        "Notification of the incident to stakeholders.",
        boolean("enable", "Whether stakeholders are notified."),
        text("message", "Title of the notification."),
        text("description", "Text of the notification."),
    )


def _action_mappings(name: str, description: str) -> Field:
    return list_of(
        name,
        description,
        text("action", "Action that happens."),
        text("mappedAction", "Action that follows."),
        text("extraField", "Further value of the action."),
        text("extraFieldForMappedAction", "Further value of the action that follows."),
    )


RECIPIENT = (
    text("type", "Type of the recipient, for example user, team, escalation, schedule, none."),
    text("id", "Id of the user, team, escalation or schedule. Absent for none."),
    text("name", "Name of the team, escalation or schedule."),
    text("username", "Username of the user."),
)

INCIDENT = (
    text("message", "Summary of the incident in one line."),
    text("description", "Long description of the incident."),
    list_of_texts("tags", "Tags of the incident."),
    nested("details", "Custom keys and string values of the incident."),
    text("priority", "Priority. One of P1 (highest), P2, P3, P4, P5."),
)

# What an integration gives to its alerts and takes from events, by its type (docs/opsgenie-api.md#integration).
INTEGRATION_SETTINGS = (
    boolean("suppressNotifications", "Whether notifications of its alerts are suppressed."),
    list_of("responders", "Responders given to its alerts.", *RECIPIENT),
    list_of("recipients", "Older form of responders.", *RECIPIENT),
    list_of_texts("tags", "Tags given to its alerts."),
    nested("extraProperties", "Custom keys and string values given to its alerts."),
    text("priority", "Priority given to its alerts."),
    text("customPriority", "Priority given to its alerts, in the integration's own template language."),
    boolean("allowReadAccess", "Whether its key has read access. Only for integrations that have a key."),
    boolean("allowWriteAccess", "Whether its key has write access."),
    boolean("allowDeleteAccess", "Whether its key has delete access."),
    boolean("allowConfigurationAccess", "Whether its key has configuration access."),
    nested(
        "assignedTeam",
        "Older form of ownerTeam.",
        text("id", "Id of the team (stream teams).", refers_to="teams"),
        text("name", "Name of the team."),
    ),
    boolean("isAdvanced", "Whether advanced settings are in use."),
    boolean("isDefaultIntegration", "Whether it is the default integration of the account or team."),
    boolean("ignoreTeamsFromPayload", "Whether teams in an event are ignored."),
    boolean("ignoreRecipientsFromPayload", "Whether recipients in an event are ignored."),
    boolean("ignoreRespondersFromPayload", "Whether responders in an event are ignored."),
    boolean("ignoreTagsFromPayload", "Whether tags in an event are ignored."),
    boolean("ignoreExtraPropertiesFromPayload", "Whether custom keys in an event are ignored."),
    text("feature-type", "How events arrive, for example token-based, email-based."),
    text("callback-type", "How the other product is called back."),
    text("bidirectional-callback-type", "Product that is called back, for integrations in both directions."),
    text("emailUsername", "First part of the address to which events are sent."),
    text("emailAddress", "Address to which events are sent. A secret: a message to it creates an alert."),
    text("token", "Secret of the other product."),
    boolean("sendToEU", "Whether the other product's region is the EU."),
    nested(
        "alertFilter",
        "Alerts that are forwarded to the other product.",
        text("conditionMatchType", "How conditions are combined."),
        conditions(),
    ),
    boolean("forwardingEnabled", "Whether alerts are forwarded to the other product."),
    _action_mappings("forwardingActionMappings", "Actions of Opsgenie, and those of the other product that follow."),
    boolean("updatesEnabled", "Whether changes in the other product are applied to alerts."),
    _action_mappings("updatesActionMappings", "Actions of the other product, and those of Opsgenie that follow."),
)
