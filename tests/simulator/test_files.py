"""Attachments and log files, served from signed links."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account, Simulator, Switches
from opsgenie_simulator.timestamps import epoch_ms, format_timestamp


@pytest.fixture
def account() -> Account:
    """A seeded account."""
    return Account.seeded()


def fetch(url: str, **headers: str) -> tuple[int, bytes]:
    """Send one GET to a link, with the given headers only."""
    try:
        with urlopen(Request(url, headers=headers), timeout=10) as response:
            return response.status, response.read()
    except HTTPError as error:
        with error:
            return error.code, error.read()


def get_text(account: Account, url: str) -> str:
    """The response to the account's full key, as text."""
    return fetch(url, Authorization=f"GenieKey {account.full_key}")[1].decode()


def alert_with_attachments(account: Account) -> tuple[str, list[dict[str, str]]]:
    """The id of an alert with two attachments, and the attachments."""
    alerts = ((alert_id, account.store.children(alert_id).attachments) for alert_id in account.alerts)
    return next((alert_id, attachments) for alert_id, attachments in alerts if len(attachments) == 2)


def test_listed_attachments_have_ids_of_either_type(account: Account) -> None:
    """A listed attachment has a name and an id, which is a string or, with a switch, a number."""
    alert_id, attachments = alert_with_attachments(account)
    path = f"/v2/alerts/{alert_id}/attachments"
    numbered = [{"name": row["name"], "id": int(row["id"])} for row in attachments]

    assert attachments == ApiClient(account).get(path).rows
    assert numbered == ApiClient(account, Switches(attachment_ids="number")).get(path).rows
    assert 404 == ApiClient(account).get(f"{path}/1").status


def test_attachment_links_need_no_key(account: Account) -> None:
    """A single attachment has a link to its file; the request log shows whether a request to it had a key."""
    alert_id, (attachment, _) = alert_with_attachments(account)
    path = f"/v2/alerts/{alert_id}/attachments/{attachment['id']}"
    with Simulator(account) as simulator:
        single = ApiClient(account).get(path, host=simulator.url.removeprefix("http://")).body["data"]
        plain, keyed = fetch(single["url"]), fetch(single["url"], Authorization="GenieKey x")
        has_key = [request.has_key for request in simulator.requests]

    assert {"name", "url"} == set(single)
    assert (200, 200) == (plain[0], keyed[0])
    assert attachment["name"].encode() in plain[1]
    assert [False, True] == has_key


def test_links_expire_after_five_minutes(account: Account) -> None:
    """An expired or altered link is forbidden."""
    alert_id, (attachment, _) = alert_with_attachments(account)
    now = account.now()
    account.clock = lambda: now
    with Simulator(account) as simulator:
        path = f"/v2/alerts/{alert_id}/attachments/{attachment['id']}"
        url = ApiClient(account).get(path, host=simulator.url.removeprefix("http://")).body["data"]["url"]
        account.clock = lambda: now + 299_000
        valid = fetch(url)[0]
        account.clock = lambda: now + 301_000
        expired, altered = fetch(url)[0], fetch(url.replace("expires=1", "expires=9"))[0]

    assert (200, 403, 403) == (valid, expired, altered)


def list_files(client: ApiClient, marker: str, *, limit: int = 20) -> list[dict[str, Any]]:
    """All log files from a marker on, up to a page without files or without a next marker."""
    files = []
    while True:
        page = client.get(f"/v2/logs/list/{marker}", limit=limit)
        files += page.rows
        if not page.rows or not page.body.get("marker"):
            return files
        marker = page.body["marker"]


@pytest.mark.parametrize("position", ["absent", "null", "empty", "present"])
def test_log_files_are_listed_to_the_end_by_marker(account: Account, position: Any) -> None:
    """Following the markers returns each file once, oldest first."""
    client = ApiClient(account, Switches(last_key=position))
    files = list_files(client, "2020-01-01-00-00-00", limit=7)
    names = [file["filename"] for file in files]
    later = list_files(client, names[5].removesuffix(".json"), limit=1000)
    complete = client.get("/v2/logs/list/2020-01-01-00-00-00", limit=len(files)).body

    assert len(names) > 100
    assert sorted(set(names)) == names
    assert (files, position == "present") == (complete["data"], bool(complete.get("marker")))
    assert files[5:] == later
    assert files[6:] == list_files(client, names[5].replace("_000.json", "_001"))
    assert 422 == client.get("/v2/logs/list/yesterday").status


def test_log_files_contain_creations_and_updates_of_alerts(account: Account) -> None:
    """The files have a line for each creation and last update; size, name and date match the file."""
    client, created, days = ApiClient(account), [], set()
    with Simulator(account) as simulator:
        host = simulator.url.removeprefix("http://")
        for file in list_files(client, "2020-01-01-00-00-00")[:12]:
            link = get_text(account, f"{simulator.url}/v2/logs/download/{file['filename']}")
            status, body = fetch(link)
            lines = [json.loads(line) for line in body.splitlines()]
            day = file["filename"][:10]
            days.add(day)
            created += [
                line["details"]["alertId"] for line in lines if line["details"]["_result"]["alertAction"] == "Create"
            ]

            assert link.startswith(f"http://{host}/_files/logs/")
            assert (200, file["size"]) == (status, len(body))
            assert {day} == {format_timestamp(line["date"])[:10] for line in lines}
            assert 0 <= int(file["date"]) - epoch_ms(f"{day}T00:00:00Z") < 120_000
        has_key = [request.has_key for request in simulator.requests if request.route == "/_files"]
    assert created == [alert_id for alert_id, alert in account.alerts.items() if alert["createdAt"][:10] in days]
    assert [False] * 12 == has_key


def test_log_file_links_may_come_as_json(account: Account) -> None:
    """The link is plain text or, with a switch, a JSON string; an unknown file is a 404."""
    name = list_files(ApiClient(account), "2020-01-01-00-00-00", limit=1)[0]["filename"]
    with Simulator(account, switches=Switches(download_link="json")) as simulator:
        link = get_text(account, f"{simulator.url}/v2/logs/download/{name}")

    assert link == json.dumps(json.loads(link))
    assert {404} == {
        ApiClient(account).get(f"/v2/logs/download/{file}").status for file in ("x", "2010-01-01-00-00-00_000.json")
    }


def test_only_past_days_have_a_file(account: Account) -> None:
    """The current day of the account's clock has no file."""
    names = [file["filename"] for file in list_files(ApiClient(account), "2020-01-01-00-00-00")]
    account.clock = lambda: epoch_ms(f"{names[-1][:10]}T12:00:00Z")

    assert names[:-1] == [file["filename"] for file in list_files(ApiClient(account), "2020-01-01-00-00-00")]


def test_log_files_need_the_enterprise_plan(account: Account) -> None:
    """On other plans they are a 402; without configuration access, or with a team's key, a 403."""
    path, standard = "/v2/logs/list/2020-01-01-00-00-00", Account.seeded(plan="Standard")
    keys = (account.key_without_configuration_access, account.team_key)

    assert 402 == ApiClient(standard).get(path).status
    assert {403} == {ApiClient(account).get(path, key=key).status for key in keys}
