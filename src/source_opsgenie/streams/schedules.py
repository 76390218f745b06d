"""The streams about schedules and escalations: who is on call, was, will be, and what follows."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import (
    Field,
    Kind,
    flag,
    list_of,
    list_of_texts,
    nested,
    number,
    text,
    timestamp,
    whole_number,
)
from source_opsgenie.streams.shapes import RECIPIENT, duration, owner_team, parent_of, recipient, time_restriction
from source_opsgenie.streams.stream import Bulk, Content, Detail, MergedList, Parent, Rows, Stream

OF_SCHEDULE = Parent("schedules", {"schedule_id": "id"})
SCHEDULE_ID = text("schedule_id", "Id of the schedule, as in the stream schedules; added by this connector.")

ROTATION = (
    text("id", "Names the rotation: a UUID."),
    text("name", "Name of the rotation."),
    timestamp("startDate", "When its first turn begins; may be as early as 1970."),
    timestamp("endDate", "When it ends; absent or null when it never does."),
    text("type", "Unit of a turn: one of hourly, daily, weekly."),
    whole_number("length", "How many of these units a turn takes."),
    list_of("participants", "Who takes turns, in this order; none stands for nobody.", *RECIPIENT),
    time_restriction(),
)

ESCALATION = (
    text("name", "Name of the escalation."),
    text("description", "What it is for; may be an empty text."),
    owner_team("The team that owns it; absent when no team does."),
    list_of(
        "rules",
        "Its steps.",
        text("condition", "When a step is taken: one of if-not-acked, if-not-closed."),
        text("notifyType", "Who of the recipient is notified: one of default, next, previous, users, admins, all."),
        duration("delay", "How long after the alert."),
        recipient("recipient", "Whom it notifies."),
    ),
    nested(
        "repeat",
        "What happens after the last step; absent or null when nothing does.",
        whole_number("waitInterval", "Minutes after which it begins again."),
        whole_number("count", "The most times that it begins again."),
        flag("resetRecipientStates", "Whether recipients are then asked to acknowledge anew."),
        flag("closeAlertAfterAll", "Whether the alert is closed in the end."),
    ),
)


def on_call(name: str, description: str) -> Field:
    """Those who are on call, and through whom."""
    return list_of(
        name,
        description,
        text("id", "Id of the user, team, escalation or schedule."),
        text("name", "Its name; of a user, the e-mail address."),
        text("type", "What it is: one of user, team, escalation, schedule."),
        nested("forwardedFrom", "Whose turn it was before a rule handed it on; absent when nobody's."),
        whole_number("escalationTime", "Minutes after which the escalation reaches it; for escalations only."),
        text("notifyType", "Who of it is notified; for escalations only."),
        Field(
            "onCallParticipants",
            Kind.LIST,
            "Those whom it leads to, each with the same fields.",
            items=nested("", "One of them."),
        ),
    )


def timeline(name: str, description: str) -> Field:
    """Who is on call when."""
    return nested(
        name,
        description,
        list_of(
            "rotations",
            "The rotations of the schedule.",
            text("id", "Id of the rotation."),
            text("name", "Name of the rotation."),
            number("order", "Place of the rotation."),
            list_of(
                "periods",
                "Who is on call from when until when.",
                timestamp("startDate", "From when on."),
                timestamp("endDate", "Until when."),
                text("type", "Why: historical for what is past, default, override, forwarding."),
                text("fromUser", "Whose turn it was before it was handed on; for forwarding only."),
                nested("recipient", "Who is on call.", *ON_CALL),
                list_of("flattenedRecipients", "The users that this came to; for historical only.", *ON_CALL),
            ),
        ),
    )


ON_CALL = (
    text("id", "Id of the user, team or escalation."),
    text("name", "Its name; of a user, the e-mail address."),
    text("type", "What it is, for example user."),
    text("forwardedFrom", "Whose turn it was before it was handed on."),
)

SCHEDULES = Stream(
    name="schedules",
    description="Every schedule of the account, with its rotations.",
    path="/v2/schedules",
    params={"expand": "rotation"},
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/schedule-api#list-schedules",
    fields=(
        text("id", "Names the schedule for ever: a UUID."),
        text("name", "Name of the schedule."),
        text("description", "What it is for; may be an empty text."),
        text("timezone", "Time zone of the schedule, as an IANA name."),
        flag("enabled", "Whether the schedule is switched on."),
        owner_team("The team that owns it; absent when no team does."),
        list_of("rotations", "Its rotations, as in the stream schedule_rotations.", *ROTATION),
    ),
)

SCHEDULE_ROTATIONS = Stream(
    name="schedule_rotations",
    description="The rotations of each schedule: who takes turns, and how long a turn is.",
    path="/v2/schedules/{schedule_id}/rotations",
    key=("schedule_id", "id"),
    docs_url="https://docs.opsgenie.com/docs/schedule-rotation-api",
    parent=OF_SCHEDULE,
    fields=(SCHEDULE_ID, *ROTATION, parent_of("schedule", refers_to="schedules")),
)

SCHEDULE_OVERRIDES = Stream(
    name="schedule_overrides",
    description="Where somebody takes another's turn in a schedule; whether past ones are listed is not documented.",
    path="/v2/schedules/{schedule_id}/overrides",
    key=("schedule_id", "alias"),
    docs_url="https://docs.opsgenie.com/docs/schedule-override-api",
    parent=OF_SCHEDULE,
    # Only by itself does an override name its rotations (docs/opsgenie-api.md#schedule-override).
    detail=Detail(completes_rows=True),
    fields=(
        SCHEDULE_ID,
        text("alias", "Names the override within its schedule."),
        parent_of("schedule", refers_to="schedules"),
        nested("user", "Who takes over: a user, a team or an escalation.", *RECIPIENT),
        timestamp("startDate", "From when on."),
        timestamp("endDate", "Until when; may be as late as the year 3025."),
        list_of(
            "rotations",
            "The rotations that are overridden; all of them where there are none.",
            text("id", "Id of the rotation."),
            text("name", "Name of the rotation."),
        ),
    ),
)

SCHEDULE_ON_CALLS = Stream(
    name="schedule_on_calls",
    description="Who is on call in each schedule just now, and who is next: one row for each schedule.",
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
        on_call("onCallParticipants", "Who is on call now; an empty list when nobody is."),
        on_call("nextOnCallRecipients", "Who is on call after the next change, escalations followed."),
        on_call("exactNextOnCallRecipients", "Who is on call after the next change, as the rotations say."),
        list_of_texts("onCallRecipients", "User names of those on call; sent only where objects are not asked for."),
        list_of_texts("nextOnCallParticipants", "User names; sent only where objects are not asked for."),
        list_of_texts("exactNextOnCallParticipants", "User names; sent only where objects are not asked for."),
    ),
)

SCHEDULE_TIMELINES = Stream(
    name="schedule_timelines",
    description="Who was, is and will be on call in each schedule, a row for each week; how far back is an option.",
    path="/v2/schedules/{schedule_id}/timeline",
    params={"interval": "1", "intervalUnit": "weeks", "date": "{date}", "expand": "base,forwarding,override"},
    key=("schedule_id", "date"),
    docs_url="https://docs.opsgenie.com/docs/schedule-api#get-schedule-timeline",
    rows=Rows(content=Content.ONE_ROW),
    parent=Parent("schedules", {"schedule_id": "id"}, weeks="timeline_days"),
    fields=(
        SCHEDULE_ID,
        timestamp("date", "The Monday from which on the week was asked for; added by this connector."),
        parent_of("schedule", refers_to="schedules"),
        text("description", "What the schedule is for."),
        owner_team("The team that owns the schedule; absent when no team does."),
        timestamp("startDate", "When the answered span begins, which may differ from what was asked by hours."),
        timestamp("endDate", "When it ends."),
        timeline("finalTimeline", "Who is on call, all told."),
        timeline("baseTimeline", "Who would be by the rotations alone."),
        timeline("overrideTimeline", "Who is by overrides."),
        timeline("forwardingTimeline", "Who is by forwarding rules."),
    ),
)

ESCALATIONS = Stream(
    name="escalations",
    description="Every escalation of the account: whom to notify, one after the other.",
    path="/v2/escalations",
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/escalation-api#list-escalations",
    fields=(text("id", "Names the escalation for ever: a UUID."), *ESCALATION),
)

SCHEDULE_STREAMS: tuple[Stream, ...] = (
    SCHEDULES,
    SCHEDULE_ROTATIONS,
    SCHEDULE_OVERRIDES,
    SCHEDULE_ON_CALLS,
    SCHEDULE_TIMELINES,
    ESCALATIONS,
)
