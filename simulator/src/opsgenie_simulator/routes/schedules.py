"""Schedules, who is on call in them, escalations and forwarding (docs/opsgenie-api.md#schedule)."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from opsgenie_simulator.errors import ApiError, bad_parameter
from opsgenie_simulator.parameters import parse_choice, parse_integer
from opsgenie_simulator.records import Body
from opsgenie_simulator.routes.route import Ask, Content, Route, encoded
from opsgenie_simulator.routes.settings import Kind
from opsgenie_simulator.settings import escalations, on_calls, schedules
from opsgenie_simulator.settings.people import DAY_MS
from opsgenie_simulator.timestamps import epoch_ms, format_timestamp

# A month is as long as the shortest month but one.
INTERVALS_MS = {"weeks": 7 * DAY_MS, "days": DAY_MS, "months": 30 * DAY_MS}
EXPANDABLE = ["base", "forwarding", "override"]
# Neither UTC nor the account's own zone, so that whoever drops the offset is found out.
ELSEWHERE = timezone(timedelta(hours=5, minutes=30))


def _schedules(ask: Ask) -> Sequence[Body]:
    return ask.account.settings.of(schedules.schedules)


SCHEDULES = Kind("Schedule", _schedules, found_by=("id", "name"))
# What hangs on a schedule calls the same parameter by another name.
PARENT = Kind("Schedule", _schedules, found_by=("id", "name"), type_name="scheduleIdentifierType")
ESCALATIONS = Kind("Escalation", lambda ask: ask.account.settings.of(escalations.escalations), found_by=("id", "name"))
FORWARDING_RULES = Kind(
    "Forwarding rule",
    lambda ask: ask.account.settings.of(escalations.forwarding_rules),
    found_by=("id", "alias"),
    owned=False,
)
ROTATIONS = Kind("Rotation", lambda ask: PARENT.found(ask)["rotations"], name="rotationId", owned=False, type_name="")


def every_schedule(ask: Ask) -> Content:
    """All schedules at once, with their rotations only if asked for."""
    is_expanded = "rotation" in ask.query.get("expand", "").split(",")
    rows = SCHEDULES.seen(ask)
    return encoded(rows if is_expanded else [{**row, "rotations": []} for row in rows], expandable=["rotation"])


def rotation(ask: Ask) -> Content:
    """One rotation, with its schedule."""
    return encoded({"_parent": schedules.parent(PARENT.found(ask)), **ROTATIONS.found(ask)})


def _overrides(ask: Ask) -> list[Body]:
    return ask.account.settings.of(schedules.overrides).get(PARENT.found(ask)["id"], [])


def _nameless(override: Body) -> Body:
    return {**override, "rotations": [{"id": one["id"]} for one in override["rotations"]]}


def _listed_overrides(ask: Ask) -> list[Body]:
    rows, now = _overrides(ask), ask.account.now()
    return [row for row in rows if ask.switches.past_overrides or epoch_ms(row["endDate"]) > now]


LISTED_OVERRIDES = Kind("Override", _listed_overrides, shown=_nameless, owned=False)
OVERRIDES = Kind("Override", _overrides, name="alias", type_name="", found_by=("alias",), owned=False)


def every_on_call(ask: Ask) -> Content:
    """Who is on call in each schedule; it was once seen refused."""
    if ask.switches.all_on_calls == "unsupported":
        raise ApiError(410, "On-calls endpoint is not supported anymore.")
    at, is_flat = _moment(ask), _is_flat(ask)
    return encoded([on_calls.on_call(_roster(ask, one), at, is_flat=is_flat) for one in SCHEDULES.seen(ask)])


def on_call(ask: Ask) -> Content:
    """Who is on call in one schedule."""
    return encoded(on_calls.on_call(_roster(ask, PARENT.found(ask)), _moment(ask), is_flat=_is_flat(ask)))


def next_on_call(ask: Ask) -> Content:
    """Who is on call next in one schedule."""
    return encoded(on_calls.next_on_call(_roster(ask, PARENT.found(ask)), _moment(ask), is_flat=_is_flat(ask)))


def timeline(ask: Ask) -> Content:
    """Who was, is and will be on call over some days, weeks or months: one week from now on unless asked."""
    unit = parse_choice(ask.query, "intervalUnit", values=tuple(INTERVALS_MS))
    low, layers = _moment(ask), ask.query.get("expand", "").split(",")
    high = low + parse_integer(ask.query, "interval", default=1, at_least=1) * INTERVALS_MS[unit]
    written = format_timestamp if ask.switches.timeline_times == "utc" else _elsewhere
    frame = on_calls.Frame(low, high, ask.account.now(), written)
    asked = [layer for layer in EXPANDABLE if layer in layers]
    return encoded(on_calls.timeline(_roster(ask, SCHEDULES.found(ask)), frame, layers=asked), expandable=EXPANDABLE)


def _elsewhere(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms // 1000, ELSEWHERE).isoformat()


def _roster(ask: Ask, schedule: Body) -> on_calls.Roster:
    return ask.account.settings.of(on_calls.rosters)[schedule["id"]]


def _moment(ask: Ask) -> int:
    given = ask.query.get("date")
    try:
        # A plus sign that nobody escaped arrives as a blank.
        return epoch_ms(given.replace(" ", "+")) if given else ask.account.now() // 1000 * 1000
    except ValueError:
        raise bad_parameter("date", "must be a moment like 2026-11-01T00:00:00Z") from None


def _is_flat(ask: Ask) -> bool:
    return parse_choice(ask.query, "flat", values=("false", "true")) == "true"


_ONE = "/v2/schedules/{identifier}"

ROUTES = (
    Route("/v2/schedules", "configuration", "team", every_schedule),
    Route("/v2/schedules/on-calls", "schedule-oncalls", "team", every_on_call),
    Route(_ONE, "configuration", "team", SCHEDULES.one),
    Route(f"{_ONE}/on-calls", "schedule-oncalls", "team", on_call),
    Route(f"{_ONE}/next-on-calls", "schedule-oncalls", "team", next_on_call),
    Route(f"{_ONE}/timeline", "configuration", "team", timeline),
    Route(f"{_ONE}/rotations", "configuration", "team", ROTATIONS.all),
    Route(f"{_ONE}/rotations/{{rotationId}}", "configuration", "team", rotation),
    Route(f"{_ONE}/overrides", "configuration", "team", LISTED_OVERRIDES.all),
    Route(f"{_ONE}/overrides/{{alias}}", "configuration", "team", OVERRIDES.one),
    Route("/v2/escalations", "configuration", "team", ESCALATIONS.all),
    Route("/v2/escalations/{identifier}", "configuration", "team", ESCALATIONS.one),
    Route("/v2/forwarding-rules", "configuration", "account", FORWARDING_RULES.all),
    Route("/v2/forwarding-rules/{identifier}", "configuration", "account", FORWARDING_RULES.one),
)
