"""The objects that stand in the rows of several streams."""

from source_opsgenie.streams.fields import Field, flag, list_of, list_of_texts, nested, text, timestamp, whole_number

HOURS = (
    whole_number("startHour", "Hour of the day at which it begins, from 0 to 23."),
    whole_number("startMin", "Minute of that hour."),
    whole_number("endHour", "Hour of the day at which it ends."),
    whole_number("endMin", "Minute of that hour."),
)


def owner_team(description: str) -> Field:
    """The team that owns a row."""
    return nested(
        "ownerTeam",
        description,
        text("id", "Id of the team, as in the stream teams.", refers_to="teams"),
        text("name", "Name of the team."),
    )


def parent_of(what: str, *, refers_to: str) -> Field:
    """What a row belongs to, as the API repeats it."""
    return nested(
        "_parent",
        f"The {what} that it belongs to, as the API repeats it; absent from some answers.",
        text("id", f"Id of the {what}.", refers_to=refers_to),
        text("name", f"Name of the {what}."),
        flag("enabled", f"Whether the {what} is switched on."),
    )


def time_restriction(name: str = "timeRestriction") -> Field:
    """The hours in which something holds."""
    return nested(
        name,
        "The hours outside which it does not hold, in its time zone; absent or null when it always holds.",
        text("type", "How the hours are given: one of time-of-day, weekday-and-time-of-day."),
        nested("restriction", "The same hours every day, for time-of-day.", *HOURS),
        list_of(
            "restrictions",
            "Hours by weekday, for weekday-and-time-of-day; seen for time-of-day too.",
            text("startDay", "Weekday on which it begins, in lower case."),
            *HOURS[:2],
            text("endDay", "Weekday on which it ends, in lower case."),
            *HOURS[2:],
        ),
    )


def conditions() -> Field:
    """The conditions of a filter."""
    return list_of(
        "conditions",
        "What is compared; absent where everything matches.",
        text("field", "Field of the alert that is looked at, for example message, tags, extra-properties."),
        text("key", "Key within that field, where it holds keys."),
        flag("not", "Whether the condition is turned round."),
        text("operation", "How it is compared, for example matches, contains, equals, is-empty."),
        text("expectedValue", "What it is compared with."),
        whole_number("order", "Place of the condition."),
    )


def criteria(name: str, description: str) -> Field:
    """A filter of alerts."""
    return nested(
        name,
        description,
        text("type", "How conditions are joined: one of match-all, match-any-condition, match-all-conditions."),
        conditions(),
    )


def duration(name: str, description: str) -> Field:
    """A length of time."""
    return nested(
        name,
        description,
        whole_number("timeAmount", "How many units of time."),
        text("timeUnit", "Unit of time, for example minutes, hours, days."),
    )


def log_line_of(what: str, *, kind: str) -> tuple[Field, ...]:
    """A line in the log of an alert or incident; *kind* says what is known of its type."""
    return (
        text(f"{what}_id", f"Id of the {what} that the line belongs to; added by this connector."),
        text("offset", f"Place of the line in the log of its {what}, unique within that {what} only."),
        text("log", "What happened, in words."),
        text("type", kind),
        text("owner", "Who caused it: a user name, a display name, or System."),
        timestamp("createdAt", "When it happened."),
    )


def note_on(what: str) -> tuple[Field, ...]:
    """A note beneath an alert or incident."""
    return (
        text(f"{what}_id", f"Id of the {what} that the note belongs to; added by this connector."),
        text("offset", f"Place of the note among those of its {what}, unique within that {what} only."),
        text("note", "What was written."),
        text("owner", "Who wrote it: a user name, a display name, or System."),
        timestamp("createdAt", "When it was written."),
    )


def user(name: str, description: str) -> Field:
    """A user, in short."""
    return nested(
        name,
        description,
        text("id", "Id of the user, as in the stream users.", refers_to="users"),
        text("username", "User name, mostly an e-mail address."),
    )


def recipient(name: str, description: str) -> Field:
    """Whoever may be notified: a user, a team, or what leads to them."""
    return nested(name, description, *RECIPIENT)


def incident_properties() -> Field:
    """What an incident made by a rule or a template will hold."""
    return nested(
        "incidentProperties",
        "What the incident will hold.",
        *INCIDENT,
        stakeholder_properties(),
    )


def stakeholder_properties() -> Field:
    """What stakeholders of an incident are told."""
    return nested(
        "stakeholderProperties",
        "What stakeholders are told of the incident.",
        flag("enable", "Whether they are told."),
        text("message", "Headline for them."),
        text("description", "Text for them."),
    )


RECIPIENT = (
    text("type", "What it is, for example user, team, escalation, schedule, none."),
    text("id", "Id of that user, team, escalation or schedule; absent for none."),
    text("name", "Name of the team, escalation or schedule."),
    text("username", "User name of the user."),
)

INCIDENT = (
    text("message", "What the incident is, in one line."),
    text("description", "Long text about the incident."),
    list_of_texts("tags", "Labels of the incident."),
    nested("details", "Free keys and texts of the incident."),
    text("priority", "Urgency, highest first: one of P1, P2, P3, P4, P5."),
)
