"""Streams about schedules and escalations: who is on call, who is next, and who is notified."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import (
    Field,
    Kind,
    boolean,
    details_mark,
    integer,
    list_of,
    list_of_texts,
    nested,
    number,
    text,
    timestamp,
)
from source_opsgenie.streams.shapes import RECIPIENT, duration, owner_team, parent_of, recipient, time_restriction
from source_opsgenie.streams.stream import Bulk, Content, Detail, MergedList, Parent, Rows, SpanPaging, Stream

OF_SCHEDULE = Parent("schedules", {"schedule_id": "id"})
SCHEDULE_ID = text("schedule_id", "Id of the schedule (stream schedules). Added by this connector.")

ROTATION = (
    text("id", "Unique id of the rotation (UUID)."),
    text("name", "Name of the rotation."),
    timestamp("startDate", "Start of the first turn. May be as early as 1970."),
    timestamp("endDate", "End of the rotation. Absent or null if it never ends."),
    boolean("enabled", "Whether the rotation is enabled. Undocumented, and absent from most responses."),
    text("type", "Unit of a turn. One of hourly, daily, weekly."),
    integer("length", "Length of a turn in these units."),
    list_of("participants", "Participants in turn order. The type none means that no one is on call.", *RECIPIENT),
    time_restriction(),
)

ESCALATION = (
    text("name", "Name of the escalation."),
    text("description", "Description of the escalation. May be an empty string."),
    owner_team("Owning team. Absent if none."),
    list_of(
        "rules",
        "Steps of the escalation.",
        text("condition", "Condition of the step. One of if-not-acked, if-not-closed."),
        text("notifyType", "Which members to notify. One of default, next, previous, users, admins, all."),
        duration("delay", "Delay after the alert was created."),
        recipient("recipient", "Recipient to notify."),
    ),
    nested(
        "repeat",
        "What happens after the last step. Absent or null if nothing does.",
        integer("waitInterval", "Minutes before the escalation repeats."),
        integer("count", "Maximum number of repeats."),
        boolean("resetRecipientStates", "Whether recipients must acknowledge again after a repeat."),
        boolean("closeAlertAfterAll", "Whether the alert is closed after the last repeat."),
    ),
)


def on_call(name: str, description: str) -> Field:
    """A list of participants on call."""
    return list_of(
        name,
        description,
        text("id", "Id of the user, team, escalation or schedule."),
        text("name", "Name, or the email address of a user."),
        text("type", "Type of the participant. One of user, team, escalation, schedule."),
        nested("forwardedFrom", "Who was on call before a rule forwarded the turn. Absent if it was not forwarded."),
        integer("escalationTime", "Minutes before the escalation reaches the participant. Only for escalations."),
        text("notifyType", "Which members of the participant to notify. Only for escalations."),
        Field(
            "onCallParticipants",
            Kind.LIST,
            "Participants behind this one, each with the same fields.",
            items=nested("", "One of the participants."),
        ),
    )


ON_CALL = (
    text("id", "Id of the user, team or escalation."),
    text("name", "Name, or the email address of a user."),
    text("type", "Type of the recipient, for example user."),
    text("forwardedFrom", "Who was on call before the turn was forwarded."),
)

SCHEDULES = Stream(
    name="schedules",
    description="Every on-call schedule of the account, with its rotations.",
    path="/v2/schedules",
    params={"expand": "rotation"},
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/schedule-api#list-schedules",
    fields=(
        text("id", "Permanent unique id of the schedule (UUID)."),
        text("name", "Name of the schedule."),
        text("description", "Description of the schedule. May be an empty string."),
        text("timezone", "Time zone of the schedule (IANA name)."),
        boolean("enabled", "Whether the schedule is enabled."),
        owner_team("Owning team. Absent if none."),
        list_of("rotations", "Rotations of the schedule (stream schedule_rotations).", *ROTATION),
    ),
)

SCHEDULE_ROTATIONS = Stream(
    name="schedule_rotations",
    description="The rotations of each schedule: its participants, and the length of a turn.",
    path="/v2/schedules/{schedule_id}/rotations",
    key=("schedule_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/schedule-rotation-api",
    parent=OF_SCHEDULE,
    fields=(SCHEDULE_ID, *ROTATION, parent_of("schedule", refers_to="schedules")),
)

SCHEDULE_OVERRIDES = Stream(
    name="schedule_overrides",
    description="The overrides of each schedule; whether the API lists past ones is undocumented.",
    path="/v2/schedules/{schedule_id}/overrides",
    key=("schedule_id", "alias"),
    docs_url="https://docs.opsgenie.com/docs/schedule-override-api",
    parent=OF_SCHEDULE,
    # Only the detail of an override lists its rotations (docs/opsgenie-api.md#schedule-override).
    detail=Detail(completes_rows=True),
    fields=(
        SCHEDULE_ID,
        text("alias", "Alias of the override, unique within its schedule."),
        parent_of("schedule", refers_to="schedules"),
        nested("user", "User, team or escalation that takes over.", *RECIPIENT),
        timestamp("startDate", "Start of the override."),
        timestamp("endDate", "End of the override. May be as late as the year 3025."),
        list_of(
            "rotations",
            "Overridden rotations. If there are none, all rotations are overridden.",
            text("id", "Id of the rotation."),
            text("name", "Name of the rotation."),
        ),
        details_mark(),
    ),
)

SCHEDULE_ON_CALLS = Stream(
    name="schedule_on_calls",
    description="Who is on call in each schedule now, and who is next, one row per schedule.",
    path="/v2/schedules/{schedule_id}/on-calls",
    params={"flat": "false"},
    key=("schedule_id",),
    domain=Domain.SCHEDULE_ONCALLS,
    docs_url="https://docs.opsgenie.com/docs/who-is-on-call-api",
    rows=Rows(content=Content.ONE_ROW, merged=(MergedList("/v2/schedules/{schedule_id}/next-on-calls"),)),
    parent=Parent("schedules", {"schedule_id": "id"}, bulk=Bulk("/v2/schedules/on-calls", parent=("_parent", "id"))),
    fields=(
        SCHEDULE_ID,
        parent_of("schedule", refers_to="schedules"),
        on_call("onCallParticipants", "Participants on call now. Empty list if none."),
        on_call("nextOnCallRecipients", "Participants on call after the next change, with escalations resolved."),
        on_call("exactNextOnCallRecipients", "Participants on call after the next change, as the rotations define."),
        list_of_texts("onCallRecipients", "Usernames of those on call now. Returned only if requested with flat=true."),
        list_of_texts(
            "nextOnCallParticipants", "Usernames of those on call next. Returned only if requested with flat=true."
        ),
        list_of_texts(
            "exactNextOnCallParticipants", "Usernames of those on call next. Returned only if requested with flat=true."
        ),
    ),
)

SCHEDULE_TIMELINES = Stream(
    name="schedule_timelines",
    description="Who was, is and will be on call in each schedule, one row per period and month.",
    path="/v2/schedules/{schedule_id}/timeline",
    params={"expand": "base,forwarding,override"},
    key=("schedule_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/schedule-api#get-schedule-timeline",
    paging=SpanPaging(),
    parent=OF_SCHEDULE,
    cursor="startDate",
    fields=(
        SCHEDULE_ID,
        text(
            "id", "Id of the period in its schedule: a digest of timeline, rotation and start. Added by this connector."
        ),
        text(
            "timeline",
            "One of final (who is on call, after overrides and forwarding), base (rotations), override, forwarding. "
            "Added by this connector.",
        ),
        text("rotation_id", "Id of the rotation (field rotation). Added by this connector."),
        nested(
            "rotation",
            "Rotation of the period.",
            text("id", "Id of the rotation."),
            text("name", "Name of the rotation."),
            number("order", "Position of the rotation."),
        ),
        timestamp(
            "startDate", "Start of the period; of one that began in an earlier month, the start of its month (UTC)."
        ),
        timestamp("endDate", "End of the period; of one that ends in a later month, the end of its month (UTC)."),
        text("type", "Type of the period. One of historical (past), default, override, forwarding."),
        text("fromUser", "Who was on call before the turn was forwarded. Only for forwarding."),
        nested("recipient", "Recipient who is on call.", *ON_CALL),
        list_of("flattenedRecipients", "Users that the recipient resolved to. Only for historical.", *ON_CALL),
        boolean(
            "is_final",
            "Whether the month was over when the row was read, so that it never changes. Each sync emits the "
            "other rows again. Added by this connector.",
        ),
    ),
)

ESCALATIONS = Stream(
    name="escalations",
    description="Every escalation of the account: whom to notify, and in which order.",
    path="/v2/escalations",
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/escalation-api#list-escalations",
    fields=(text("id", "Permanent unique id of the escalation (UUID)."), *ESCALATION),
)

SCHEDULE_STREAMS: tuple[Stream, ...] = (
    SCHEDULES,
    SCHEDULE_ROTATIONS,
    SCHEDULE_OVERRIDES,
    SCHEDULE_ON_CALLS,
    SCHEDULE_TIMELINES,
    ESCALATIONS,
)
