import re
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.support.answers import Answers, grouped, minutes, month, quantile, utc

from opsgenie_simulator.records import Body


def reported(alert: Body, name: str) -> Any:
    """A value of the report of *alert*, None without one."""
    return alert.get("report", {}).get(name)


def after(alert: Body, ms: int | None) -> datetime | None:
    """The time *ms* after the creation of *alert*."""
    return utc(alert["createdAt"]) + timedelta(milliseconds=ms) if ms is not None else None


def month_start(text: str) -> date:
    """The first day of the month of a timestamp."""
    return date.fromisoformat(f"{month(text)}-01")


def test_alert_facts(answers: Answers) -> None:
    """Each alert has one row, with the times and names of who acknowledged and closed it."""
    expected = {}
    for alert in answers.alerts:
        acknowledged_by, is_closed = reported(alert, "acknowledgedBy"), alert["status"] == "closed"
        expected[alert["id"]] = (
            after(alert, reported(alert, "ackTime")) if acknowledged_by else None,
            answers.person(acknowledged_by),
            after(alert, reported(alert, "closeTime")) if is_closed else None,
            answers.person(reported(alert, "closedBy")) if is_closed else None,
            answers.person(alert["owner"]),
            answers.team(alert["ownerTeamId"]) if alert["ownerTeamId"] else None,
            ", ".join(alert["tags"]),
            alert.get("integration", {}).get("name"),
            alert["description"],
        )
    names = ("acknowledged_at", "acknowledged_by", "closed_at", "closed_by", "owner", "team", "tags", "integration")
    rows = answers.rows("alert_facts")

    assert len(expected) == len(rows)
    assert expected == {row["alert_id"]: tuple(row[name] for name in (*names, "description")) for row in rows}


def test_nested_lists_are_rows(answers: Answers) -> None:
    """Tags, teams, responders and custom details of alerts have a view each, with names instead of ids."""
    names = {row["id"]: row["name"] for row in answers.account.teams.values()}
    names |= {row["id"]: row["fullName"] for row in answers.account.users.values()}
    tags = {(alert["id"], tag) for alert in answers.alerts for tag in alert["tags"]}
    teams = {(alert["id"], team) for alert in answers.alerts for team in answers.teams_of(alert)}
    responders = {
        (alert["id"], one["type"], names[one["id"]]) for alert in answers.alerts for one in alert["responders"]
    }
    details = {(alert["id"], *pair) for alert in answers.alerts for pair in alert["details"].items()}

    assert tags == {tuple(row.values()) for row in answers.rows("alert_tags")}
    assert teams == {(row["alert_id"], row["team"]) for row in answers.rows("alert_teams")}
    assert responders == {(row["alert_id"], row["kind"], row["responder"]) for row in answers.rows("alert_responders")}
    assert details == {tuple(row.values()) for row in answers.rows("alert_custom_details")}


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


def test_mtta_and_mttr_follow_opsgenie(answers: Answers) -> None:
    """By team and month: closed alerts only, and the time to close where no one acknowledged; in each routed team."""
    by_team = grouped(
        ((team, month_start(alert["createdAt"])), times)
        for alert, *times in closed(answers)
        for team in answers.teams_of(alert) or {"(no team)"}
    )
    by_month = grouped((month_start(alert["createdAt"]), times) for alert, *times in closed(answers))
    rows = {(row.pop("team"), row.pop("month")): tuple(row.values()) for row in answers.rows("mtta_mttr")}
    account = {row.pop("month"): tuple(row.values()) for row in answers.rows("mtta_mttr_of_account")}

    assert rows.keys() == by_team.keys()
    assert all(rows[key] == pytest.approx(summary(by_team[key]), abs=0.11) for key in rows)
    assert account.keys() == by_month.keys()
    assert all(account[key] == pytest.approx(summary(by_month[key]), abs=0.11) for key in account)


def test_response_times_are_plain(answers: Answers) -> None:
    """By team and month: only acknowledgements by someone count, and open alerts are included."""
    alerts = grouped(
        ((team, month_start(alert["createdAt"])), alert)
        for alert in answers.alerts
        for team in answers.teams_of(alert) or {"(no team)"}
    )
    rows = {(row["team"], row["month"]): row for row in answers.rows("response_times")}

    assert rows.keys() == alerts.keys()
    for key, row in rows.items():
        acknowledged = [reported(one, "ackTime") for one in alerts[key] if reported(one, "acknowledgedBy")]
        close = [reported(one, "closeTime") for one in alerts[key] if one["status"] == "closed"]
        assert (len(alerts[key]), len(acknowledged), len(close)) == (row["alerts"], row["acknowledged"], row["closed"])
        for times, name in ((acknowledged, "ack"), (close, "close")):
            expected = (minutes(quantile(times, 0.5)), minutes(quantile(times, 0.95))) if times else (None, None)
            assert expected == pytest.approx((row[f"median_{name}_minutes"], row[f"p95_{name}_minutes"]), abs=0.11)


def test_alerts_are_counted_by_time(answers: Answers) -> None:
    """By week and priority, by hour and by weekday, also in another time zone."""
    times = [(datetime.fromisoformat(alert["createdAt"]), alert["priority"]) for alert in answers.alerts]
    weeks = Counter((time.date() - timedelta(days=time.weekday()), priority) for time, priority in times)
    by_week = {
        (row["week"], name.upper()): row[name]
        for row in answers.rows("alerts_by_week")
        for name in ("p1", "p2", "p3", "p4", "p5")
        if row[name]
    }
    tokyo = Counter(time.astimezone(ZoneInfo("Asia/Tokyo")).hour for time, _ in times)

    assert weeks == by_week
    assert sum(alert["count"] for alert in answers.alerts) == sum(
        row["occurrences"] for row in answers.rows("alerts_by_week")
    )
    assert Counter(time.hour for time, _ in times) == counts(answers, "alerts_by_hour", "hour")
    assert Counter(f"{time:%A}" for time, _ in times) == counts(answers, "alerts_by_weekday", "weekday")
    assert tokyo == counts(answers, "FROM report.alerts_by_hour_in('Asia/Tokyo')", "hour")


def test_alerts_are_counted_by_kind(answers: Answers) -> None:
    """By priority, team, integration, source, tag and message."""
    alerts = answers.alerts
    priorities = Counter((month_start(alert["createdAt"]), alert["priority"]) for alert in alerts)
    teams = Counter(team for alert in alerts for team in answers.teams_of(alert) or {"(no team)"})
    messages = Counter(re.sub(r"[0-9a-fA-F]{8,}|\d+", "#", alert["message"]) for alert in alerts)

    assert priorities == counts(answers, "alerts_by_priority", "month", "priority")
    assert teams == counts(
        answers, "SELECT team, sum(alerts)::BIGINT AS alerts FROM report.alerts_by_team GROUP BY 1", "team"
    )
    assert Counter(alert.get("integration", {}).get("name", "(none)") for alert in alerts) == counts(
        answers, "noisy_integrations", "integration"
    )
    assert Counter(alert["source"] or "(none)" for alert in alerts) == counts(answers, "noisy_sources", "source")
    assert Counter(tag for alert in alerts for tag in set(alert["tags"])) == counts(answers, "noisy_tags", "tag")
    assert messages == counts(answers, "noisy_messages", "message")


def counts(answers: Answers, query: str, *keys: str) -> dict[Any, int]:
    """The alerts of each row of *query*, by *keys*."""
    rows = answers.rows(query)
    return {tuple(row[key] for key in keys) if len(keys) > 1 else row[keys[0]]: row["alerts"] for row in rows}
