"""Schedules and their on-calls, escalations and forwarding rules (docs/opsgenie-api.md#schedule)."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from opsgenie_simulator.errors import ApiError, bad_parameter
from opsgenie_simulator.parameters import parse_choice, parse_integer
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.collection import Collection
from opsgenie_simulator.routes.route import Ask, Content, Route, encode
from opsgenie_simulator.settings import escalations, on_calls, schedules
from opsgenie_simulator.settings.inventory import DAY_MS
from opsgenie_simulator.timestamps import epoch_ms, format_timestamp

# Every month has 30 days here.
INTERVALS_MS = {"weeks": 7 * DAY_MS, "days": DAY_MS, "months": 30 * DAY_MS}
EXPANDABLE = ["base", "forwarding", "override"]
# Neither UTC nor the account's own time zone, so that a client that drops the offset fails.
ELSEWHERE = timezone(timedelta(hours=5, minutes=30))


def _schedules(ask: Ask) -> Sequence[Body]:
    return ask.account.settings.derive(schedules.schedules)


SCHEDULES = Collection("Schedule", _schedules, id_fields=("id", "name"))
# The child records of a schedule have another name for the identifier type.
PARENT = Collection("Schedule", _schedules, id_fields=("id", "name"), type_param="scheduleIdentifierType")
ESCALATIONS = Collection(
    "Escalation", lambda ask: ask.account.settings.derive(escalations.escalations), id_fields=("id", "name")
)
FORWARDING_RULES = Collection(
    "Forwarding rule",
    lambda ask: ask.account.settings.derive(escalations.forwarding_rules),
    id_fields=("id", "alias"),
    team_scoped=False,
)
ROTATIONS = Collection(
    "Rotation",
    lambda ask: PARENT.find_row(ask)["rotations"],
    id_param="rotationId",
    type_param="",
    team_scoped=False,
)


def all_schedules(ask: Ask) -> Content:
    """All schedules in one response, with their rotations only if expanded."""
    is_expanded = "rotation" in ask.query.get("expand", "").split(",")
    rows = SCHEDULES.visible_rows(ask)
    return encode(rows if is_expanded else [{**row, "rotations": []} for row in rows], expandable=["rotation"])


def rotation(ask: Ask) -> Content:
    """One rotation, with its schedule."""
    return encode({"_parent": schedules.parent(PARENT.find_row(ask)), **ROTATIONS.find_row(ask)})


def _overrides(ask: Ask) -> list[Body]:
    return ask.account.settings.derive(schedules.overrides).get(PARENT.find_row(ask)["id"], [])


def _without_rotation_names(override: Body) -> Body:
    return {**override, "rotations": [{"id": rotation["id"]} for rotation in override["rotations"]]}


def _listed_overrides(ask: Ask) -> list[Body]:
    rows, now = _overrides(ask), ask.account.now()
    return [row for row in rows if ask.switches.past_overrides or epoch_ms(row["endDate"]) > now]


LISTED_OVERRIDES = Collection("Override", _listed_overrides, listed=_without_rotation_names, team_scoped=False)
OVERRIDES = Collection("Override", _overrides, id_param="alias", type_param="", id_fields=("alias",), team_scoped=False)


def all_on_calls(ask: Ask) -> Content:
    """Who is on call in each schedule; the API was once seen to reject this request."""
    if ask.switches.all_on_calls == "unsupported":
        raise ApiError(410, "On-calls endpoint is not supported anymore.")
    at, is_flat = _parse_date(ask), _is_flat(ask)
    rows = SCHEDULES.visible_rows(ask)
    return encode([on_calls.on_call(_roster(ask, row), at, is_flat=is_flat) for row in rows])


def on_call(ask: Ask) -> Content:
    """Who is on call in one schedule."""
    return encode(on_calls.on_call(_roster(ask, PARENT.find_row(ask)), _parse_date(ask), is_flat=_is_flat(ask)))


def next_on_call(ask: Ask) -> Content:
    """Who is on call next in one schedule."""
    return encode(on_calls.next_on_call(_roster(ask, PARENT.find_row(ask)), _parse_date(ask), is_flat=_is_flat(ask)))


def timeline(ask: Ask) -> Content:
    """Who is on call over some days, weeks or months, by default one week from now."""
    unit = parse_choice(ask.query, "intervalUnit", values=tuple(INTERVALS_MS))
    low, expanded = _parse_date(ask), ask.query.get("expand", "").split(",")
    high = low + parse_integer(ask.query, "interval", default=1, at_least=1) * INTERVALS_MS[unit]
    format_time = format_timestamp if ask.switches.timeline_times == "utc" else _format_elsewhere
    frame = on_calls.Timeframe(low, high, ask.account.now(), format_time)
    layers = [layer for layer in EXPANDABLE if layer in expanded]
    roster = _roster(ask, SCHEDULES.find_row(ask))
    return encode(on_calls.timeline(roster, frame, layers=layers), expandable=EXPANDABLE)


def _format_elsewhere(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms // 1000, ELSEWHERE).isoformat()


def _roster(ask: Ask, schedule: Body) -> on_calls.Roster:
    return ask.account.settings.derive(on_calls.rosters)[schedule["id"]]


def _parse_date(ask: Ask) -> int:
    date = ask.query.get("date")
    try:
        # An unescaped plus sign arrives as a space.
        return epoch_ms(date.replace(" ", "+")) if date else ask.account.now() // 1000 * 1000
    except ValueError:
        raise bad_parameter("date", "must be a time like 2026-11-01T00:00:00Z") from None


def _is_flat(ask: Ask) -> bool:
    return parse_choice(ask.query, "flat", values=("false", "true")) == "true"


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
