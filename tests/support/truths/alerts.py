"""The truth about alerts: their facts, response times and numbers."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from opsgenie_simulator.records import Body
from tests.support.answers import Answers, Compared, grouped, minutes, month, quantile, utc

NO_TEAM = "(no team)"


def reported(alert: Body, name: str) -> Any:
    """A value of the report of *alert*, None without one."""
    return alert.get("report", {}).get(name)


def after(alert: Body, ms: int | None) -> datetime | None:
    """The time *ms* after the creation of *alert*."""
    return utc(alert["createdAt"]) + timedelta(milliseconds=ms) if ms is not None else None


def month_start(text: str) -> date:
    """The first day of the month of a timestamp."""
    return date.fromisoformat(f"{month(text)}-01")


def alert_facts(answers: Answers) -> Iterator[Compared]:
    """Each alert has one row, with the times and names of who acknowledged and closed it."""
    people = answers.people
    expected = {}
    for alert in answers.alerts:
        acknowledged_by, is_closed = reported(alert, "acknowledgedBy"), alert["status"] == "closed"
        closed_by = reported(alert, "closedBy") if is_closed else None
        expected[alert["id"]] = (
            after(alert, reported(alert, "ackTime")) if acknowledged_by else None,
            people.get(acknowledged_by, acknowledged_by or None),
            after(alert, reported(alert, "closeTime")) if is_closed else None,
            people.get(closed_by, closed_by or None),
            people.get(alert["owner"], alert["owner"] or None),
            answers.team(alert["ownerTeamId"]) if alert["ownerTeamId"] else None,
            ", ".join(alert["tags"]),
            alert.get("integration", {}).get("name"),
            alert["description"],
        )
    names = ("acknowledged_at", "acknowledged_by", "closed_at", "closed_by", "owner", "team", "tags", "integration")
    rows = answers.rows("alert_facts")

    yield Compared("alert_facts", len(expected), len(rows))
    yield Compared(
        "alert_facts", expected, {row["alert_id"]: tuple(row[name] for name in (*names, "description")) for row in rows}
    )


def nested_lists(answers: Answers) -> Iterator[Compared]:
    """Tags, teams, responders and custom details of alerts have a view each, with names instead of ids."""
    names = {row["id"]: row["name"] for row in answers.account.teams.values()}
    names |= {row["id"]: row["fullName"] for row in answers.account.users.values()}
    alerts = answers.alerts
    tags = {(alert["id"], tag) for alert in alerts for tag in alert["tags"]}
    teams = {(alert["id"], team) for alert in alerts for team in answers.teams_of(alert)}
    responders = {(alert["id"], one["type"], names[one["id"]]) for alert in alerts for one in alert["responders"]}
    details = {(alert["id"], *pair) for alert in alerts for pair in alert["details"].items()}

    yield Compared("alert_tags", tags, values(answers, "alert_tags"))
    yield Compared("alert_teams", teams, values(answers, "alert_teams", "alert_id", "team"))
    yield Compared("alert_responders", responders, values(answers, "alert_responders", "alert_id", "kind", "responder"))
    yield Compared("alert_custom_details", details, values(answers, "alert_custom_details"))


def values(answers: Answers, view: str, *names: str) -> set[tuple[Any, ...]]:
    """The values of each row of *view*, all or those with these *names*."""
    return {tuple(row[name] for name in names or row) for row in answers.rows(view)}


def closed(answers: Answers) -> list[tuple[Body, int, int]]:
    """The closed alerts with their times to acknowledge and to close, as Opsgenie counts them."""
    alerts = [alert for alert in answers.alerts if alert["status"] == "closed"]
    return [(a, reported(a, "ackTime") or reported(a, "closeTime"), reported(a, "closeTime")) for a in alerts]


def summary(times: list[tuple[int, int]]) -> tuple[float, ...]:
    """How many alerts there are, and the mean and 95th percentile of both times."""
    found: list[float] = [len(times)]
    for values in zip(*times, strict=True):
        found += [minutes(sum(values) / len(values)), minutes(quantile(values, 0.95))]
    return tuple(found)


def mtta_and_mttr(answers: Answers) -> Iterator[Compared]:
    """By team and month: closed alerts only, and the time to close where no one acknowledged; in each routed team."""
    times_of = closed(answers)
    by_team = grouped(
        ((team, month_start(alert["createdAt"])), times)
        for alert, *times in times_of
        for team in answers.teams_of(alert) or {NO_TEAM}
    )
    by_month = grouped((month_start(alert["createdAt"]), times) for alert, *times in times_of)
    rows = {(row.pop("team"), row.pop("month")): tuple(row.values()) for row in answers.rows("mtta_mttr")}
    account = {row.pop("month"): tuple(row.values()) for row in answers.rows("mtta_mttr_of_account")}

    yield Compared("mtta_mttr", {key: rounded(summary(of)) for key, of in by_team.items()}, rows)
    yield Compared("mtta_mttr_of_account", {key: rounded(summary(of)) for key, of in by_month.items()}, account)


def rounded(numbers: tuple[float | None, ...]) -> Any:
    """What equals the *numbers* as the views round them."""
    return pytest.approx(numbers, abs=0.11)


def response_times(answers: Answers) -> Iterator[Compared]:
    """By team and month: only acknowledgements by someone count, and open alerts are included."""
    alerts = grouped(
        ((team, month_start(alert["createdAt"])), alert)
        for alert in answers.alerts
        for team in answers.teams_of(alert) or {NO_TEAM}
    )
    expected = {key: rounded(plain_times(of)) for key, of in alerts.items()}
    names = [f"{which}_{what}_minutes" for what in ("ack", "close") for which in ("median", "p95")]
    rows = {
        (row["team"], row["month"]): tuple(row[name] for name in ("alerts", "acknowledged", "closed", *names))
        for row in answers.rows("response_times")
    }

    yield Compared("response_times", expected, rows)


def plain_times(alerts: list[Body]) -> tuple[float | None, ...]:
    """How many alerts there are, how many were acknowledged and closed, and the quantiles of both times."""
    acknowledged = [reported(one, "ackTime") for one in alerts if reported(one, "acknowledgedBy")]
    close = [reported(one, "closeTime") for one in alerts if one["status"] == "closed"]
    quantiles = [
        minutes(quantile(times, share)) if times else None for times in (acknowledged, close) for share in (0.5, 0.95)
    ]
    return (len(alerts), len(acknowledged), len(close), *quantiles)


def alerts_by_time(answers: Answers) -> Iterator[Compared]:
    """By week and priority, by hour and by weekday, also in another time zone."""
    alerts = answers.alerts
    times = [(datetime.fromisoformat(alert["createdAt"]), alert["priority"]) for alert in alerts]
    weeks = Counter((time.date() - timedelta(days=time.weekday()), priority) for time, priority in times)
    rows = answers.rows("alerts_by_week")
    by_week = {
        (row["week"], name.upper()): row[name] for row in rows for name in ("p1", "p2", "p3", "p4", "p5") if row[name]
    }
    occurrences = sum(alert["count"] for alert in alerts)
    tokyo, tokyo_rows = ZoneInfo("Asia/Tokyo"), "FROM report.alerts_by_hour_in('Asia/Tokyo')"
    days, days_rows = Counter(f"{time.astimezone(tokyo):%A}" for time, _ in times), "alerts_by_weekday_in('Asia/Tokyo')"

    yield Compared("alerts_by_week", weeks, by_week)
    yield Compared("alerts_by_week", occurrences, sum(row["occurrences"] for row in rows))
    yield Compared("alerts_by_hour", Counter(time.hour for time, _ in times), counts(answers, "alerts_by_hour", "hour"))
    yield Compared(
        "alerts_by_weekday", Counter(f"{time:%A}" for time, _ in times), counts(answers, "alerts_by_weekday", "weekday")
    )
    yield Compared(
        "alerts_by_hour_in",
        Counter(time.astimezone(tokyo).hour for time, _ in times),
        counts(answers, tokyo_rows, "hour"),
    )
    yield Compared("alerts_by_weekday_in", days, counts(answers, f"FROM report.{days_rows}", "weekday"))


def alerts_by_kind(answers: Answers) -> Iterator[Compared]:
    """By priority, team, integration, source, tag and message."""
    alerts = answers.alerts
    truths = {
        ("alerts_by_priority", "month", "priority"): (
            (month_start(alert["createdAt"]), alert["priority"]) for alert in alerts
        ),
        ("alerts_by_team", "month", "team"): (
            (month_start(alert["createdAt"]), team) for alert in alerts for team in answers.teams_of(alert) or {NO_TEAM}
        ),
        ("noisy_integrations", "integration"): (alert.get("integration", {}).get("name", "(none)") for alert in alerts),
        ("noisy_sources", "source"): (alert["source"] or "(none)" for alert in alerts),
        ("noisy_tags", "tag"): (tag for alert in alerts for tag in set(alert["tags"])),
        ("noisy_messages", "message"): (re.sub(r"[0-9a-fA-F]{8,}|\d+", "#", alert["message"]) for alert in alerts),
    }
    for (view, *keys), kinds in truths.items():
        yield Compared(view, Counter(kinds), counts(answers, view, *keys))


def counts(answers: Answers, query: str, *keys: str) -> dict[Any, int]:
    """The alerts of each row of *query*, by *keys*."""
    rows = answers.rows(query)
    return {tuple(row[key] for key in keys) if len(keys) > 1 else row[keys[0]]: row["alerts"] for row in rows}


ALERTS = (alert_facts, nested_lists, mtta_and_mttr, response_times, alerts_by_time, alerts_by_kind)
