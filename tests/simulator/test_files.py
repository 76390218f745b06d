"""Files behind links of their own: attachments and log files."""

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
    """What the account answers to its full key, as text."""
    return fetch(url, Authorization=f"GenieKey {account.full_key}")[1].decode()


def attached(account: Account) -> tuple[str, list[dict[str, str]]]:
    """The id of an alert with two attachments, and those."""
    found = ((one, account.store.children(one).attachments) for one in account.alerts)
    return next((one, attachments) for one, attachments in found if len(attachments) == 2)


def test_attachments_are_listed_with_their_id_in_either_type(account: Account) -> None:
    """An attachment has a name and an id, which is a text, or a number by its switch; most alerts have none."""
    alert_id, attachments = attached(account)
    path = f"/v2/alerts/{alert_id}/attachments"
    numbered = [{"name": one["name"], "id": int(one["id"])} for one in attachments]

    assert attachments == ApiClient(account).get(path).rows
    assert numbered == ApiClient(account, Switches(attachment_ids="number")).get(path).rows
    assert 404 == ApiClient(account).get(f"{path}/1").status


def test_attached_file_is_behind_a_link_without_the_key(account: Account) -> None:
    """The single answer has a name and a link, which serves the file; the journal tells whether a key came along."""
    alert_id, (attachment, _) = attached(account)
    path = f"/v2/alerts/{alert_id}/attachments/{attachment['id']}"
    with Simulator(account) as simulator:
        found = ApiClient(account).get(path, host=simulator.url.removeprefix("http://")).body["data"]
        plain, keyed = fetch(found["url"]), fetch(found["url"], Authorization="GenieKey x")
        has_key = [request.has_key for request in simulator.requests]

    assert {"name", "url"} == set(found)
    assert (200, 200) == (plain[0], keyed[0])
    assert attachment["name"].encode() in plain[1]
    assert [False, True] == has_key


def test_links_are_good_for_five_minutes(account: Account) -> None:
    """A link that is too old, or not as it was given, is refused."""
    alert_id, (attachment, _) = attached(account)
    now = account.now()
    account.clock = lambda: now
    with Simulator(account) as simulator:
        path = f"/v2/alerts/{alert_id}/attachments/{attachment['id']}"
        url = ApiClient(account).get(path, host=simulator.url.removeprefix("http://")).body["data"]["url"]
        account.clock = lambda: now + 299_000
        good = fetch(url)[0]
        account.clock = lambda: now + 301_000
        old, altered = fetch(url)[0], fetch(url.replace("expires=1", "expires=9"))[0]

    assert (200, 403, 403) == (good, old, altered)


def listed(asking: ApiClient, marker: str, *, limit: int = 20) -> list[dict[str, Any]]:
    """Every log file from a marker on, read until no file comes or no marker leads on."""
    files = []
    while True:
        page = asking.get(f"/v2/logs/list/{marker}", limit=limit)
        files += page.rows
        if not page.rows or not page.body.get("marker"):
            return files
        marker = page.body["marker"]


@pytest.mark.parametrize("position", ["absent", "null", "empty", "present"])
def test_log_files_are_listed_to_the_end_by_marker(account: Account, position: Any) -> None:
    """The marker beside the files leads on until none is left; each file comes once, oldest first."""
    asking = ApiClient(account, Switches(last_key=position))
    files = listed(asking, "2020-01-01-00-00-00", limit=7)
    names = [file["filename"] for file in files]
    late = listed(asking, names[5].removesuffix(".json"), limit=1000)
    whole = asking.get("/v2/logs/list/2020-01-01-00-00-00", limit=len(files)).body

    assert len(names) > 100
    assert sorted(set(names)) == names
    assert (files, position == "present") == (whole["data"], bool(whole.get("marker")))
    assert files[5:] == late
    assert files[6:] == listed(asking, names[5].replace("_000.json", "_001"))
    assert 422 == asking.get("/v2/logs/list/yesterday").status


def test_log_files_tell_all_that_happened_to_alerts(account: Account) -> None:
    """Together the files have a line for each creation and last update; size, name and date fit the file."""
    asking, created, days = ApiClient(account), [], set()
    with Simulator(account) as simulator:
        host = simulator.url.removeprefix("http://")
        for file in listed(asking, "2020-01-01-00-00-00")[:12]:
            answered = get_text(account, f"{simulator.url}/v2/logs/download/{file['filename']}")
            status, body = fetch(answered)
            lines = [json.loads(line) for line in body.splitlines()]
            day = file["filename"][:10]
            days.add(day)
            created += [
                line["details"]["alertId"] for line in lines if line["details"]["_result"]["alertAction"] == "Create"
            ]

            assert answered.startswith(f"http://{host}/_files/logs/")
            assert (200, file["size"]) == (status, len(body))
            assert {day} == {format_timestamp(line["date"])[:10] for line in lines}
            assert 0 <= int(file["date"]) - epoch_ms(f"{day}T00:00:00Z") < 120_000
        has_key = [request.has_key for request in simulator.requests if request.route == "/_files"]
    assert created == [one for one, alert in account.alerts.items() if alert["createdAt"][:10] in days]
    assert [False] * 12 == has_key


def test_log_file_links_may_come_as_json(account: Account) -> None:
    """The link is bare text, or by its switch a JSON text; a file that is not there is a 404."""
    name = listed(ApiClient(account), "2020-01-01-00-00-00", limit=1)[0]["filename"]
    with Simulator(account, switches=Switches(download_link="json")) as simulator:
        bare = get_text(account, f"{simulator.url}/v2/logs/download/{name}")

    assert bare == json.dumps(json.loads(bare))
    assert {404} == {
        ApiClient(account).get(f"/v2/logs/download/{one}").status for one in ("x", "2010-01-01-00-00-00_000.json")
    }


def test_only_days_that_are_over_have_a_file(account: Account) -> None:
    """The day on which the account's clock stands has no file yet."""
    names = [file["filename"] for file in listed(ApiClient(account), "2020-01-01-00-00-00")]
    account.clock = lambda: epoch_ms(f"{names[-1][:10]}T12:00:00Z")

    assert names[:-1] == [file["filename"] for file in listed(ApiClient(account), "2020-01-01-00-00-00")]


def test_log_files_need_the_enterprise_plan(account: Account) -> None:
    """On other plans they are a 402; without configuration access, or with a team's key, a 403."""
    path, poor = "/v2/logs/list/2020-01-01-00-00-00", Account.seeded(plan="Standard")
    keys = (account.key_without_configuration_access, account.team_key)

    assert 402 == ApiClient(poor).get(path).status
    assert {403} == {ApiClient(account).get(path, key=key).status for key in keys}
