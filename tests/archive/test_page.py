import json
import re
import stat
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.support.answers import Answers, grouped
from tests.support.archive_command import Command
from tests.support.pages import HOSTILE, Page, Row

from opsgenie_simulator import Account
from source_opsgenie.archive.offline import open_archive
from source_opsgenie.archive.page.sections import CUT, LIMITS, read_section, section_names

LINKS = {"src", "href", "action", "poster", "data", "srcset"}


def shown(answers: Answers, folder: Path) -> Page:
    """The page of an archive."""
    result = answers.run("show", "--to", str(folder / "page.html"))

    assert (0, "") == (result.exit_code, result.stderr), result.output
    return Page(folder / "page.html")


def archive_page(archive: Command, folder: Path) -> Page:
    """The page of the archive that a test wrote."""
    result = archive("show", str(archive.path), "--to", str(folder / "page.html"))

    assert (0, "") == (result.exit_code, result.stderr), result.output
    return Page(folder / "page.html")


@pytest.fixture(scope="module")
def page(answers: Answers, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """The page of an archive of everything."""
    return shown(answers, tmp_path_factory.mktemp("page"))


def plain(rows: list[Row]) -> list[Row]:
    """The *rows* of a query as JSON has them."""
    return [
        {name: value.isoformat() if isinstance(value, date) else value for name, value in row.items()} for row in rows
    ]


def chosen(rows: list[Row], *names: str) -> list[Row]:
    """Some columns of *rows*."""
    return [{name: row[name] for name in names} for row in rows]


def total(rows: list[Row], group: str, value: str) -> dict[Any, Any]:
    """The sum of a column by another one."""
    sums: dict[Any, Any] = {}
    for row in rows:
        sums[row[group]] = sums.get(row[group], 0) + row[value]
    return sums


@pytest.mark.parametrize(
    ("section", "query"),
    [
        ("alerts_by_month", "FROM report.alerts_by_priority"),
        ("noisy_sources", "FROM report.noisy_sources LIMIT 15"),
        ("noisy_tags", "FROM report.noisy_tags LIMIT 15"),
        (
            "noisy_integrations",
            "SELECT * EXCLUDE alerts_last_28_days FROM report.noisy_integrations "
            "ORDER BY alerts DESC, integration, integration_type LIMIT 15",
        ),
        (
            "response_times",
            "SELECT 'All teams' AS team, * FROM report.mtta_mttr_of_account UNION ALL BY NAME FROM report.mtta_mttr",
        ),
    ],
)
def test_a_section_equals_the_views(answers: Answers, page: Page, section: str, query: str) -> None:
    """What a chart shows is what the ready views of the archive say."""
    assert plain(answers.rows(query)) == page.rows(section)


def test_stories_equal_the_view(answers: Answers, page: Page) -> None:
    """A story has all events of its incident, or without some logs of alerts as many as its limit says."""
    stored = grouped((row["incident_id"], row) for row in plain(answers.rows("incident_story")))
    stories = grouped((row["incident_id"], row) for row in page.rows("incident_stories"))
    long = {incident for incident, events in stored.items() if len(events) > LIMITS["events"]}

    assert long
    assert stored.keys() == stories.keys()
    for incident, events in stored.items():
        expected = [row for row in events if incident not in long or row["what"] != "alert log"]
        shown = [row for row in stories[incident] if incident not in long or row["what"] != "alert log"]

        assert min(len(events), LIMITS["events"]) == len(stories[incident])
        assert chosen(expected[: len(shown)], "happened_at", "what", "text") == chosen(
            shown, "happened_at", "what", "text"
        )


def test_days_and_hours_equal_the_views(answers: Answers, page: Page) -> None:
    """Days add up to the weeks of the archive, and hours and weekdays to its hours and weekdays."""
    days = [
        row | {"week": date.fromisocalendar(*date.fromisoformat(row["day"]).isocalendar()[:2], 1)}
        for row in page.rows("alerts_by_day")
    ]
    hours = page.rows("alerts_by_hour")

    assert {row["week"]: row["alerts"] for row in answers.rows("alerts_by_week")} == total(days, "week", "alerts")
    assert {row["hour"]: row["alerts"] for row in answers.rows("alerts_by_hour")} == total(hours, "hour", "alerts")
    assert {row["day"]: row["alerts"] for row in answers.rows("alerts_by_weekday")} == total(hours, "weekday", "alerts")


def test_every_day_has_its_place_in_the_calendar(page: Page) -> None:
    """Two days of a year share neither week and weekday, and a week ends on Sunday."""
    days = {row["day"]: (row["year"], row["week"], row["weekday"]) for row in page.rows("alerts_by_day")}

    assert len(days) == len(set(days.values()))
    for text, place in days.items():
        day = date.fromisoformat(text)
        january = date(day.year, 1, 1)
        assert (day.year, (day.toordinal() - january.toordinal() + january.weekday()) // 7, day.isoweekday()) == place


def test_hours_on_call_equal_the_view(answers: Answers, page: Page) -> None:
    """The hours of a year are those of its months."""
    months = [row | {"of": (row["month"].year, row["username"])} for row in answers.rows("on_call_hours")]
    years = {(row["year"], row["username"]): row["hours"] for row in page.rows("on_call_hours")}

    assert {of: round(hours, 1) for of, hours in total(months, "of", "hours").items()} == pytest.approx(years, abs=0.11)


def test_alerts_and_incidents_equal_the_views(answers: Answers, page: Page) -> None:
    """Each alert and each incident has the values of the archive, the newest first."""
    alerts, incidents = page.rows("alerts"), page.rows("incidents")
    stored_alerts = answers.rows("FROM report.alert_facts ORDER BY created_at DESC, alert_id")
    stored_incidents = answers.rows("FROM report.incident_facts ORDER BY created_at DESC, incident_id")

    assert len(answers.alerts) == len(alerts)
    assert chosen(plain(stored_alerts), *alerts[0]) == alerts
    assert chosen(plain(stored_incidents), *incidents[0]) == incidents


def test_the_account_at_a_glance(answers: Answers, page: Page) -> None:
    """The numbers at the top are those of the archive."""
    (alerts,) = answers.rows("SELECT count(*) AS n, count(*) FILTER (status = 'open') AS open FROM alerts")
    (times,) = answers.rows(
        "SELECT round(avg(ack_ms) / 60000, 1) AS mtta, round(avg(close_ms) / 60000, 1) AS mttr "
        "FROM report.closed_alerts"
    )

    assert f"Alerts {alerts['n']} {alerts['open']} open" in page.text
    assert f"Mean time to acknowledge {times['mtta']:,} min Mean time to close {times['mttr']:,} min" in page.text
    assert f"Users {len(answers.account.users)} in {len(answers.account.teams)} teams" in page.text


def test_streams_have_rows_proof_and_what_is_owed(answers: Answers, page: Page) -> None:
    """Each stream that was read is listed with its rows and the words of its proof."""
    for row in answers.rows("completeness"):
        (held,) = answers.rows(f"SELECT count(*) AS n FROM {row['stream']}")

        assert f"{row['stream']} {held['n']:,} 0 0 complete {row['proof']}" in page.text


def test_what_is_owed_is_listed(archive: Command, tmp_path: Path) -> None:
    """A part that could not be read is named with its reason, and the page says that the archive is incomplete."""
    archive.sync("--streams", "teams,alerts")
    with duckdb.connect(str(archive.path)) as database:
        database.execute(
            "INSERT INTO _archive.owed VALUES ('alerts', 'row <7>', 'it is <b>bad</b>', now()::TIMESTAMP, 3, NULL)"
        )
        database.execute("UPDATE _archive.streams SET is_complete = false WHERE stream = 'alerts'")
    page = archive_page(archive, tmp_path)

    assert "Incomplete: alerts" in page.text
    assert "row <7> it is <b>bad</b>" in page.text
    assert ("b", {}) not in page.tags


def test_hostile_texts_are_data(archive: Command, account: Account, tmp_path: Path) -> None:
    """HTML, scripts, comments and line separators in an account neither change the page nor are they lost."""
    for text in HOSTILE:
        account.create_alert(message=text, tags=[text], description=text, source=text, alias=text)
        account.create_incident(message=text)
        account.create_team(name=text)
    archive.sync("--streams", "alerts,incidents,teams")
    page = archive_page(archive, tmp_path)
    messages = {row["message"] for row in page.rows("alerts")}

    assert set(HOSTILE) <= messages
    assert set(HOSTILE) <= {row["message"] for row in page.rows("incidents")}
    assert set(HOSTILE) <= {row["tag"] for row in page.rows("noisy_tags")}
    assert ["data", "charts", "2", "3"] == list(page.scripts)
    assert set() == {"img", "b"} & {tag for tag, _ in page.tags}
    assert set() == set("<>\u2028\u2029") & set(page.scripts["data"])


def test_the_page_refers_to_nothing(page: Page) -> None:
    """It is one file: its only links lead into itself, and its policy forbids any request."""
    links = [value for _, attributes in page.tags for name, value in attributes.items() if name in LINKS]
    policies = [attributes["content"] for _, attributes in page.tags if attributes.get("http-equiv")]

    assert links
    assert all(link and link.startswith("#") for link in links)
    assert ["default-src 'none'"] == [f"{policy}".split(";")[0] for policy in policies]
    assert not re.findall(r"url\(|@import", page.html.split("</style>")[0])


def test_links_and_labels_lead_to_elements(page: Page) -> None:
    """What a link, a label or a heading refers to exists once."""
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    referred = {
        f"{attributes[name]}".lstrip("#")
        for _, attributes in page.tags
        for name in ("href", "aria-labelledby")
        if name in attributes
    }

    assert len(ids) == len(set(ids))
    assert referred <= set(ids)


def test_sections_are_bounded(answers: Answers) -> None:
    """No section has more rows than its limits say, and what it has are the newest or the largest."""
    small = dict.fromkeys(LIMITS, 3) | {"characters": 1_000}
    with open_archive(answers.path, notify=print) as database:
        sections = {name: read_section(database, name, limits=small) for name in section_names()}
    newest = answers.rows("SELECT id FROM alerts ORDER BY createdAt DESC, id LIMIT 3")
    stories = [row["incident_id"] for row in sections["incident_stories"].records()]
    busiest = answers.rows(
        "SELECT team FROM report.mtta_mttr GROUP BY team ORDER BY sum(closed_alerts) DESC, team LIMIT 3"
    )

    assert [row["id"] for row in newest] == [row["alert_id"] for row in sections["alerts"].records()]
    assert 3 == len(sections["incidents"].rows) == len(sections["noisy_sources"].rows)
    assert 3 == len(set(stories)) == max(stories.count(incident) for incident in set(stories))
    assert {"All teams"} | {row["team"] for row in busiest} == {
        row["team"] for row in sections["response_times"].records()
    }


def test_long_texts_are_cut_with_a_mark(answers: Answers) -> None:
    """A text over the limit ends with the mark, and texts are cut shorter until the section fits."""
    limits = dict(LIMITS) | {"characters": 100}
    with open_archive(answers.path, notify=print) as database:
        section = read_section(database, "alerts", limits=limits)
        small = read_section(database, "alerts", limits=limits, max_bytes={"alerts": len(section.encode()) - 1})
    stored = {row["alert_id"]: row for row in answers.rows("alert_facts")}
    cut = [row for row in small.records() if str(row["message"]).endswith(CUT)]
    texts = [value for row in small.records() for name, value in row.items() if not name.endswith("_id")]

    assert 100 == section.characters > small.characters
    assert cut
    for row in cut:
        assert stored[row["alert_id"]]["message"].startswith(row["message"].removesuffix(CUT))
        assert small.characters + len(CUT) == len(row["message"])
    assert all(len(str(value)) <= small.characters + len(CUT) for value in texts)
    assert stored.keys() == {row["alert_id"] for row in small.records()}


def test_an_archive_of_nothing_has_a_page(archive: Command, tmp_path: Path) -> None:
    """Sections without rows say so, instead of an empty chart."""
    archive.sync("--streams", "custom_user_roles")
    page = archive_page(archive, tmp_path)

    assert "There are no alerts in this archive." in page.text
    assert "There are no incidents in this archive." in page.text
    assert "This archive does not know who was on call." in page.text
    assert [] == [attributes for tag, attributes in page.tags if tag == "figure"]


def test_the_page_is_replaced_and_private(answers: Answers, tmp_path: Path) -> None:
    """A second page replaces the first, only its owner can read it, and nothing else is left in its folder."""
    first = shown(answers, tmp_path)
    first.path.write_text("<!DOCTYPE html>old", encoding="utf-8")

    assert "Opsgenie archive" in shown(answers, tmp_path).text
    assert [first.path] == list(tmp_path.iterdir())
    assert 0o600 == stat.S_IMODE(first.path.stat().st_mode)


def test_only_a_page_is_overwritten(answers: Answers, tmp_path: Path) -> None:
    """A folder, a missing folder, another file and the archive itself are named in one message and stay as they are."""
    (tmp_path / "notes.txt").write_text("mine")
    archive = answers.path.read_bytes()
    other = "exists and is not an HTML page. Use another name, or remove it first."
    expected = {
        tmp_path: f"{tmp_path} is a folder. Name a file in it, such as {tmp_path / 'page.html'}.",
        tmp_path / "no" / "a.html": f"The folder {tmp_path / 'no'} does not exist. Create it, or use another one.",
        tmp_path / "notes.txt": f"{tmp_path / 'notes.txt'} {other}",
        answers.path: f"{answers.path} {other}",
    }
    results = {target: answers.run("show", "--to", str(target)) for target in expected}

    assert expected == {target: result.stderr.removeprefix("Error: ").rstrip() for target, result in results.items()}
    assert {2} == {result.exit_code for result in results.values()}
    assert ("mine", archive) == ((tmp_path / "notes.txt").read_text(), answers.path.read_bytes())


def test_a_failure_leaves_the_old_page(archive: Command, tmp_path: Path) -> None:
    """If the archive cannot be read, the page stays as it was and nothing is left."""
    archive.sync("--streams", "teams")
    with duckdb.connect(str(archive.path)) as database:
        database.execute("DROP TABLE alerts")
    (tmp_path / "page.html").write_text("<!doctype html>old")
    before = set(tmp_path.iterdir())
    result = archive("show", str(archive.path), "--to", str(tmp_path / "page.html"))

    assert 1 == result.exit_code
    assert "Error: " in result.stderr
    assert "Traceback" not in result.stderr
    assert before == set(tmp_path.iterdir())
    assert "<!doctype html>old" == (tmp_path / "page.html").read_text()


def test_the_last_line_names_the_page(answers: Answers, tmp_path: Path) -> None:
    """The output ends with the path and size of the page."""
    target = tmp_path / "page.html"
    last = answers.run("show", "--to", str(target)).stdout.splitlines()[-1]

    assert re.fullmatch(rf"Wrote {re.escape(str(target))} \(\d\.\d MB\) in \d+ s. Open it in a browser.", last), last


def test_the_summary_is_json(answers: Answers, tmp_path: Path) -> None:
    """With --json, the summary has the path, the size and what is in the page, and nothing else is printed."""
    target = tmp_path / "page.html"
    summary = json.loads(answers.run("show", "--to", str(target), "--json").stdout)

    assert (str(target), target.stat().st_size) == (summary["file"], summary["bytes"])
    assert (len(answers.alerts), len(answers.alerts), []) == (
        summary["alerts"],
        summary["rows"]["alerts"],
        summary["incomplete"],
    )
