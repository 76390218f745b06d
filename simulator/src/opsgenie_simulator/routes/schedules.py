"""Schedules and their on-calls, escalations and forwarding rules (docs/opsgenie-api.md#schedule)."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from opsgenie_simulator.errors import ApiError, bad_parameter
from opsgenie_simulator.parameters import parse_choice, parse_integer
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.collection import Collection
from opsgenie_simulator.routes.route import Content, RequestContext, Route, encode
from opsgenie_simulator.settings import escalations, on_calls, schedules
from opsgenie_simulator.settings.inventory import DAY_MS
from opsgenie_simulator.timestamps import add_months, epoch_ms, format_timestamp

INTERVALS_MS = {"weeks": 7 * DAY_MS, "days": DAY_MS}
YEAR_MS = 365 * DAY_MS
EXPANDABLE = ["base", "forwarding", "override"]
# Neither UTC nor the account's own time zone, so that a client that drops the offset fails.
ELSEWHERE = timezone(timedelta(hours=5, minutes=30))


def _schedules(context: RequestContext) -> Sequence[Body]:
    return context.account.settings.derive(schedules.schedules)


SCHEDULES = Collection("Schedule", _schedules, id_fields=("id", "name"))
# The child records of a schedule have another name for the identifier type.
PARENT = Collection("Schedule", _schedules, id_fields=("id", "name"), type_param="scheduleIdentifierType")
ESCALATIONS = Collection(
    "Escalation", lambda context: context.account.settings.derive(escalations.escalations), id_fields=("id", "name")
)
FORWARDING_RULES = Collection(
    "Forwarding rule",
    lambda context: context.account.settings.derive(escalations.forwarding_rules),
    id_fields=("id", "alias"),
    team_scoped=False,
)
ROTATIONS = Collection(
    "Rotation",
    lambda context: PARENT.find_row(context)["rotations"],
    id_param="rotationId",
    type_param="",
    team_scoped=False,
)


def all_schedules(context: RequestContext) -> Content:
    """All schedules in one response, with their rotations only if expanded."""
    is_expanded = "rotation" in context.query.get("expand", "").split(",")
    rows = SCHEDULES.visible_rows(context)
    return encode(rows if is_expanded else [{**row, "rotations": []} for row in rows], expandable=["rotation"])


def rotation(context: RequestContext) -> Content:
    """One rotation, with its schedule."""
    return encode({"_parent": schedules.parent(PARENT.find_row(context)), **ROTATIONS.find_row(context)})


def _overrides(context: RequestContext) -> list[Body]:
    return context.account.settings.derive(schedules.overrides).get(PARENT.find_row(context)["id"], [])


def _without_rotation_names(override: Body) -> Body:
    return {**override, "rotations": [{"id": rotation["id"]} for rotation in override["rotations"]]}


def _listed_overrides(context: RequestContext) -> list[Body]:
    rows, now = _overrides(context), context.account.now()
    return [row for row in rows if context.switches.past_overrides or epoch_ms(row["endDate"]) > now]


LISTED_OVERRIDES = Collection("Override", _listed_overrides, listed=_without_rotation_names, team_scoped=False)
OVERRIDES = Collection("Override", _overrides, id_param="alias", type_param="", id_fields=("alias",), team_scoped=False)


def all_on_calls(context: RequestContext) -> Content:
    """Who is on call in each schedule; the API was once seen to reject this request."""
    if context.switches.all_on_calls == "unsupported":
        raise ApiError(410, "On-calls endpoint is not supported anymore.")
    at, is_flat = _parse_date(context), _is_flat(context)
    rows = SCHEDULES.visible_rows(context)
    return encode([on_calls.on_call(_roster(context, row), at, is_flat=is_flat) for row in rows])


def on_call(context: RequestContext) -> Content:
    """Who is on call in one schedule."""
    return encode(
        on_calls.on_call(_roster(context, PARENT.find_row(context)), _parse_date(context), is_flat=_is_flat(context))
    )


def next_on_call(context: RequestContext) -> Content:
    """Who is on call next in one schedule."""
    return encode(
        on_calls.next_on_call(
            _roster(context, PARENT.find_row(context)), _parse_date(context), is_flat=_is_flat(context)
        )
    )


def timeline(context: RequestContext) -> Content:
    """Who is on call over some days, weeks or months, by default one week from now."""
    schedule, switches, now = SCHEDULES.find_row(context), context.switches, context.account.now()
    low, high = _parse_span(context, schedule)
    oldest = now - switches.timeline_years * YEAR_MS
    if high > add_months(low, switches.timeline_months) or (switches.timeline_before == "rejected" and low < oldest):
        raise ApiError(switches.timeline_rejection, "The timeline is too long, or too long ago.")
    format_time = format_timestamp if switches.timeline_times == "utc" else _format_elsewhere
    is_clipped = switches.timeline_edges == "clipped"
    frame = on_calls.Timeframe(low, high, now, format_time, oldest=oldest, is_clipped=is_clipped)
    layers = [layer for layer in EXPANDABLE if layer in context.query.get("expand", "").split(",")]
    return encode(on_calls.timeline(_roster(context, schedule), frame, layers=layers), expandable=EXPANDABLE)


def _parse_span(context: RequestContext, schedule: Body) -> tuple[int, int]:
    units = ("weeks", "days", "months")
    unit, low = parse_choice(context.query, "intervalUnit", values=units), _parse_date(context)
    number = parse_integer(context.query, "interval", default=1, at_least=1)
    if context.switches.timeline_begins == "midnight":
        zone = ZoneInfo(schedule["timezone"])
        midnight = datetime.fromtimestamp(low / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
        low = int(midnight.timestamp()) * 1000
    return low, add_months(low, number) if unit == "months" else low + number * INTERVALS_MS[unit]


def _format_elsewhere(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms // 1000, ELSEWHERE).isoformat()


def _roster(context: RequestContext, schedule: Body) -> on_calls.Roster:
    return context.account.settings.derive(on_calls.rosters)[schedule["id"]]


def _parse_date(context: RequestContext) -> int:
    date = context.query.get("date")
    try:
        # An unescaped plus sign arrives as a space.
        return epoch_ms(date.replace(" ", "+")) if date else context.account.now() // 1000 * 1000
    except ValueError:
        raise bad_parameter("date", "must be a time like 2026-11-01T00:00:00Z") from None


def _is_flat(context: RequestContext) -> bool:
    return parse_choice(context.query, "flat", values=("false", "true")) == "true"


_SCHEDULE = "/v2/schedules/{identifier}"

ROUTES = (
    Route("/v2/schedules", "configuration", "team", all_schedules),
    Route("/v2/schedules/on-calls", "schedule-oncalls", "team", all_on_calls),
    Route(_SCHEDULE, "configuration", "team", SCHEDULES.get_row),
    Route(f"{_SCHEDULE}/on-calls", "schedule-oncalls", "team", on_call),
    Route(f"{_SCHEDULE}/next-on-calls", "schedule-oncalls", "team", next_on_call),
    Route(f"{_SCHEDULE}/timeline", "configuration", "team", timeline),
    Route(f"{_SCHEDULE}/rotations", "configuration", "team", ROTATIONS.list_rows),
    Route(f"{_SCHEDULE}/rotations/{{rotationId}}", "configuration", "team", rotation),
    Route(f"{_SCHEDULE}/overrides", "configuration", "team", LISTED_OVERRIDES.list_rows),
    Route(f"{_SCHEDULE}/overrides/{{alias}}", "configuration", "team", OVERRIDES.get_row),
    Route("/v2/escalations", "configuration", "team", ESCALATIONS.list_rows),
    Route("/v2/escalations/{identifier}", "configuration", "team", ESCALATIONS.get_row),
    Route("/v2/forwarding-rules", "configuration", "account", FORWARDING_RULES.list_rows),
    Route("/v2/forwarding-rules/{identifier}", "configuration", "account", FORWARDING_RULES.get_row),
)
