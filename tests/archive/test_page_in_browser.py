"""The page as Chromium shows it; these tests are skipped where it is not installed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.answers import Answers
from tests.support.archive_command import Command
from tests.support.chromium import MISSING, PROGRAM, Browser, chromium
from tests.support.pages import HOSTILE

from opsgenie_simulator import Account

pytestmark = pytest.mark.skipif(not PROGRAM, reason=MISSING)
# The contrast that WCAG 2 asks of texts.
MIN_CONTRAST = 4.5
SEARCHED = (
    "concat_ws(chr(10), tiny_id, alert_id, message, alias, description, details, tags, source, entity, integration, "
    "team, owner, acknowledged_by, closed_by)"
)
COLOURS = ("--ink", "--muted", "--accent", "--good", "--bad")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser, started once for this module."""
    with chromium(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


@pytest.fixture(scope="module")
def path(answers: Answers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of an archive of everything."""
    target = tmp_path_factory.mktemp("page") / "page.html"

    assert 0 == answers.run("show", "--to", str(target)).exit_code
    return target


@pytest.fixture
def browser(started: Browser, path: Path) -> Browser:
    """The page, opened in a window of a desktop."""
    started.resize(1280, 900)
    started.emulate()
    started.open(path)
    return started


def query_all(browser: Browser, selector: str) -> list[str]:
    """The texts of all elements of a CSS *selector*, as they are shown."""
    found: list[str] = browser.evaluate(f"[...document.querySelectorAll({selector!r})].map((one) => one.innerText)")
    return found


def table(browser: Browser, section: str) -> list[list[str]]:
    """The rows of the table below a chart, after opening it."""
    cells: list[list[str]] = browser.evaluate(f"""(async () => {{
        const details = document.querySelector("details[data-section={section}]");
        details.open = true;
        while (!details.querySelector("table")) await new Promise((resolve) => setTimeout(resolve, 10));
        return [...details.querySelectorAll("tbody tr")].map((row) => [...row.cells].map((cell) => cell.textContent));
    }})()""")
    return cells


def drawn(browser: Browser, chart: str) -> list[dict[str, Any]]:
    """What the tooltips of a chart say, one for each mark."""
    values: list[dict[str, Any]] = browser.evaluate(f"""(() => {{
        const found = [];
        const visit = (one) => {{
            for (const item of one.items ?? []) {{ if (item.tooltip) found.push(item.tooltip); visit(item); }}
        }};
        visit(VIEWS.get({chart!r}).scenegraph().root);
        return found;
    }})()""")
    return values


def fill(browser: Browser, **values: str) -> str:
    """Set filters of the alerts; returns how many alerts the page says that it found."""
    for name, value in values.items():
        browser.evaluate(f"""(() => {{
            const control = document.getElementById("alert-filters").elements[{name!r}];
            control.value = {value!r};
            control.dispatchEvent(new Event("input", {{ bubbles: true }}));
        }})()""")
    return query_all(browser, "#alert-count")[0]


def test_it_opens_without_a_network_or_an_error(browser: Browser, path: Path) -> None:
    """All charts are drawn, nothing is requested but the page itself, and nothing fails."""
    requests = {url for url in browser.requests if not url.startswith("data:")}

    assert browser.evaluate(
        "document.querySelectorAll('figure').length === document.querySelectorAll('.canvas > svg, .canvas svg').length"
    )
    assert {path.as_uri()} == requests
    assert [] == browser.problems


@pytest.mark.parametrize(
    ("section", "query"),
    [
        ("alerts_by_month", "SELECT alerts FROM report.alerts_by_priority ORDER BY month, priority"),
        ("noisy_integrations", "SELECT alerts FROM report.noisy_integrations ORDER BY alerts DESC LIMIT 15"),
        ("noisy_sources", "SELECT alerts FROM report.noisy_sources ORDER BY alerts DESC LIMIT 15"),
        ("noisy_tags", "SELECT alerts FROM report.noisy_tags ORDER BY alerts DESC LIMIT 15"),
        (
            "alerts_by_hour",
            "SELECT count(*) AS alerts FROM alerts GROUP BY isodow(createdAt), hour(createdAt) "
            "ORDER BY isodow(createdAt), hour(createdAt)",
        ),
    ],
)
def test_charts_and_tables_equal_the_archive(answers: Answers, browser: Browser, section: str, query: str) -> None:
    """The numbers of the marks of a chart, and of the table below it, are those of a query."""
    expected = [row["alerts"] for row in answers.rows(query)]
    columns = browser.evaluate(f"DATA.{section}.columns")
    marks = [int(one["alerts"].replace(",", "")) for one in drawn(browser, section)]

    assert expected == [int(row[columns.index("alerts")].replace(",", "")) for row in table(browser, section)]
    # A bar and the number next to it have the same tooltip.
    assert sorted(expected) == sorted(marks)[:: len(marks) // len(expected)]


def test_a_chart_shows_what_is_chosen(answers: Answers, browser: Browser) -> None:
    """Choosing a priority leaves its alerts in the calendar, and a team its months in the lines."""
    (team,) = answers.rows(
        "SELECT team FROM report.mtta_mttr GROUP BY team ORDER BY sum(closed_alerts) DESC, team LIMIT 1"
    )
    for chart, value in (("alerts_by_day", "P1"), ("time_to_close", team["team"])):
        browser.evaluate(f"""(async () => {{
            const select = document.querySelector("select[data-charts~={chart}]");
            select.value = {value!r};
            select.dispatchEvent(new Event("change"));
            await VIEWS.get({chart!r}).runAsync();
        }})()""")
    days = answers.rows("SELECT count(*) AS n FROM alerts WHERE priority = 'P1' GROUP BY createdAt::DATE ORDER BY n")
    months = answers.rows(f"SELECT mttr_minutes FROM report.mtta_mttr WHERE team = '{team['team']}' ORDER BY month")
    means = [one["minutes"] for one in drawn(browser, "time_to_close") if one["measure"] == "mean" and "month" in one]

    assert [row["n"] for row in days] == sorted(int(one["alerts"]) for one in drawn(browser, "alerts_by_day"))
    assert {row["mttr_minutes"] for row in months} == {float(text.replace(",", "")) for text in means}


def test_the_account_at_a_glance(answers: Answers, browser: Browser) -> None:
    """The numbers at the top are those of the archive."""
    counts = answers.rows("SELECT count(*) AS n, count(*) FILTER (status = 'open') AS open FROM alerts")[0]

    assert f"{counts['n']} {counts['open']} open" == query_all(browser, ".glance dd")[0]


def test_alerts_are_searched_and_filtered(answers: Answers, browser: Browser) -> None:
    """The number of found alerts is that of a query with the same conditions."""
    team = answers.rows("SELECT team FROM report.alert_facts WHERE team IS NOT NULL LIMIT 1")[0]["team"]
    last = answers.rows("SELECT max(createdAt)::DATE::VARCHAR AS day FROM alerts WHERE createdAt < '2026-06-01'")[0][
        "day"
    ]
    for filters, condition in (
        ({"search": "DISK  web"}, f"{SEARCHED} ILIKE '%disk%' AND {SEARCHED} ILIKE '%web%'"),
        ({"search": "", "priority": "P3"}, "priority = 'P3'"),
        ({"status": "closed"}, "priority = 'P3' AND status = 'closed'"),
        ({"status": "", "priority": "", "team": team}, f"team = '{team}'"),
        (
            {"team": "", "from": "2026-03-01", "until": last},
            f"created_at::DATE BETWEEN '2026-03-01' AND '{last}'",
        ),
    ):
        found = fill(browser, **filters)
        (expected,) = answers.rows(f"SELECT count(*) AS n FROM report.alert_facts WHERE {condition}")

        assert expected["n"] > 0
        assert found.endswith(f" of {expected['n']} alerts"), (filters, found)
    assert "No alert matches." == fill(browser, search="no such words anywhere")


def test_pages_of_alerts(answers: Answers, browser: Browser) -> None:
    """The buttons lead through all alerts, 50 at a time, from the newest to the oldest."""
    stored = [row["message"] for row in answers.rows("FROM report.alert_facts ORDER BY created_at DESC, alert_id")]
    seen = query_all(browser, "#alert-list .open")
    while not browser.evaluate("document.getElementById('alerts-older').disabled"):
        browser.evaluate("document.getElementById('alerts-older').click()")
        seen += query_all(browser, "#alert-list .open")

    assert stored == seen


def test_details_open_with_the_keyboard(answers: Answers, browser: Browser) -> None:
    """The first Tab offers to skip to the content; Enter opens an alert, whose details are those of the archive."""
    newest = answers.rows("FROM report.alert_facts ORDER BY created_at DESC, alert_id LIMIT 1")[0]
    browser.press("Tab")

    assert "Skip to the content" == browser.evaluate("document.activeElement.textContent")

    browser.evaluate("document.querySelector('#alert-list .open').focus()")
    browser.press("Enter")
    (detail,) = query_all(browser, "#alert-list .detail:not([hidden])")

    assert "true" == browser.evaluate("document.activeElement.getAttribute('aria-expanded')")
    assert newest["description"] in detail
    assert f"{newest['created_at']:%Y-%m-%d %H:%M:%S}" in detail
    assert "solid" == browser.evaluate("getComputedStyle(document.activeElement).outlineStyle")


def test_a_story_opens(answers: Answers, browser: Browser) -> None:
    """An incident opens to its events, in order of time."""
    newest = answers.rows("FROM report.incident_facts ORDER BY created_at DESC, incident_id LIMIT 1")[0]
    story = answers.rows(f"FROM report.incident_story WHERE incident_id = '{newest['incident_id']}'")
    browser.evaluate("document.querySelector('#incident-list summary').click()")
    browser.evaluate("new Promise((resolve) => setTimeout(resolve, 50))")
    events = query_all(browser, "#incident-list .story li")

    assert 0 < len(story) <= 100
    assert [f"{row['happened_at']:%Y-%m-%d %H:%M:%S}" for row in story] == [text[:19] for text in events]
    assert all((row["text"] or "").strip() in event for row, event in zip(story, events, strict=True))


def test_everything_has_a_name_for_a_screen_reader(browser: Browser) -> None:
    """Each control, chart and table region has a name, and each chart is followed by a table."""
    named = {"button", "combobox", "searchbox", "textbox", "image", "img", "region", "link", "Date", "form", "search"}
    nodes = browser.call("Accessibility.getFullAXTree")["nodes"]
    unnamed = [
        node
        for node in nodes
        if not node["ignored"] and node["role"]["value"] in named and not node.get("name", {}).get("value")
    ]

    assert [] == unnamed
    assert browser.evaluate(
        "[...document.querySelectorAll('figure')].every((figure) => "
        "(figure.querySelector('.numbers') ?? figure.parentElement.nextElementSibling.querySelector('.numbers')))"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_contrast(browser: Browser, scheme: str) -> None:
    """Texts can be read in both colour schemes, also on the grey of details."""
    browser.emulate(scheme=scheme)
    style = "getComputedStyle(document.documentElement)"
    colours = {
        name: browser.evaluate(f"{style}.getPropertyValue({name!r}).trim()") for name in (*COLOURS, "--paper", "--wash")
    }
    ratios = {
        (colour, ground): contrast(colours[colour], colours[ground])
        for colour in COLOURS
        for ground in ("--paper", "--wash")
    }

    assert {} == {pair: ratio for pair, ratio in ratios.items() if ratio < MIN_CONTRAST}
    assert (luminance(colours["--paper"]) < 0.1) == (scheme == "dark")


def luminance(colour: str) -> float:
    """The relative luminance of a colour such as #1b2330, as WCAG 2 defines it."""
    digits = colour.lstrip("#")
    channels = [
        int(pair, 16) / 255
        for pair in ([c * 2 for c in digits] if len(digits) == 3 else (digits[:2], digits[2:4], digits[4:]))
    ]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_it_fits_a_phone(browser: Browser, path: Path) -> None:
    """On a narrow screen nothing is wider than the screen, also with details open."""
    browser.resize(360, 740)
    browser.open(path)
    browser.evaluate("document.querySelector('#alert-list .open').click()")
    browser.evaluate("document.querySelector('#incident-list summary').click()")

    assert 360 == browser.evaluate("document.documentElement.scrollWidth")
    assert browser.evaluate(
        "[...document.querySelectorAll('.canvas svg')].every((svg) => svg.getBoundingClientRect().width <= 360)"
    )


def test_it_prints(browser: Browser) -> None:
    """Also in dark mode it is printed dark on white, without controls, and becomes a PDF."""
    browser.emulate(media="print", scheme="dark")

    assert "rgb(255, 255, 255)" == browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert "none" == browser.evaluate("getComputedStyle(document.getElementById('alert-filters')).display")
    assert browser.pdf().startswith(b"%PDF")


def test_hostile_texts_do_nothing(started: Browser, archive: Command, account: Account, tmp_path: Path) -> None:
    """HTML and scripts of an account are shown as texts, and none of them runs."""
    for text in HOSTILE:
        account.create_alert(message=text, tags=[text], description=text, source=text, alias=text)
        account.create_incident(message=text)
    archive.sync("--without", "alert_logs,alert_notes,alert_recipients,alert_attachments")
    archive("show", str(archive.path), "--to", str(tmp_path / "page.html"))
    started.open(tmp_path / "page.html")
    for selector in ("#alert-list .open", "#incident-list summary"):
        started.evaluate(f"document.querySelectorAll({selector!r}).forEach((one) => one.click())")
    messages = started.evaluate("[...document.querySelectorAll('#alert-list .open')].map((one) => one.textContent)")

    assert set(HOSTILE) <= set(messages)
    assert started.evaluate("typeof attacked === 'undefined'")
    assert 0 == started.evaluate("document.querySelectorAll('img').length")
    assert [] == started.problems
