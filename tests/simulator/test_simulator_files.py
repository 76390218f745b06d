"""Files behind links of their own: attachments."""

from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from asking import Asking

from opsgenie_simulator import Account, Simulator, Switches


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


def attached(account: Account) -> tuple[str, list[dict[str, str]]]:
    """The id of an alert with two attachments, and those."""
    found = ((one, account.ledger.children(one).attachments) for one in account.alerts)
    return next((one, attachments) for one, attachments in found if len(attachments) == 2)


def test_attachments_are_listed_with_their_id_in_either_type(account: Account) -> None:
    """An attachment has a name and an id, which is a text, or a number by its switch; most alerts have none."""
    alert_id, attachments = attached(account)
    path = f"/v2/alerts/{alert_id}/attachments"
    numbered = [{"name": one["name"], "id": int(one["id"])} for one in attachments]

    assert attachments == Asking(account).get(path).rows
    assert numbered == Asking(account, Switches(attachment_ids="number")).get(path).rows
    assert 404 == Asking(account).get(f"{path}/1").status


def test_attached_file_is_behind_a_link_without_the_key(account: Account) -> None:
    """The single answer has a name and a link, which serves the file; the journal tells whether a key came along."""
    alert_id, (attachment, _) = attached(account)
    path = f"/v2/alerts/{alert_id}/attachments/{attachment['id']}"
    with Simulator(account) as simulator:
        found = Asking(account).get(path, host=simulator.url.removeprefix("http://")).body["data"]
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
        url = Asking(account).get(path, host=simulator.url.removeprefix("http://")).body["data"]["url"]
        account.clock = lambda: now + 299_000
        good = fetch(url)[0]
        account.clock = lambda: now + 301_000
        old, altered = fetch(url)[0], fetch(url.replace("expires=1", "expires=9"))[0]

    assert (200, 403, 403) == (good, old, altered)
