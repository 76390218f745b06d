"""Opening a connection: the account's limits, its identity, and the start date."""

from typing import Any

import pytest
from tests.support.fakes import DATE, Paths, said
from tests.support.leaks import KEY

from source_opsgenie.api.connection import Connection, connect, is_identified_by_key
from source_opsgenie.api.pacing import Domain
from source_opsgenie.api.transport import RawResponse
from source_opsgenie.config import Config
from source_opsgenie.errors import ConfigError

FORBIDDEN = said(403, {"message": "You are not allowed", "requestId": "r"})
TEAM_KEY = said(403, {"message": "A Team API Key is not allowed here", "requestId": "r"})
NAMED = said(200, {"data": {"name": "acme"}}, date=DATE)


def reported(*limits: Any, domain: Any = "alert") -> RawResponse:
    """The response that reports *limits* for *domain*."""
    return said(200, {"data": {"rateLimits": [{"domain": domain, "limits": list(limits)}]}})


def opened(limits: RawResponse = FORBIDDEN, account: RawResponse = NAMED, **options: object) -> Connection:
    """A connection to an account with those responses; it is closed again."""
    config = Config.from_mapping({"api_token": KEY, **options}, environment={})
    with connect(config, transport=Paths({"/v2/request-limits/": limits, "/v2/account": account})) as connection:
        return connection


def test_the_share_of_a_reported_limit_is_used() -> None:
    """The share applies once to a limit that the API reports, and only in that limit's domain."""
    client = opened(reported({"limit": 200, "periodInSeconds": 60}), rate_limit_share=0.5).client

    assert (100, None) == (client.per_minute(Domain.ALERT), client.per_minute(Domain.SEARCH))


@pytest.mark.parametrize(("cap", "expected"), [(70, 70), (500, 100)])
def test_no_share_applies_to_the_users_own_limit(cap: int, expected: int) -> None:
    """`max_requests_per_minute` is a cap in every domain, in addition to the share of a reported limit."""
    limits = reported({"limit": 200, "periodInSeconds": 60})
    client = opened(limits, rate_limit_share=0.5, max_requests_per_minute=cap).client

    assert (expected, cap) == (client.per_minute(Domain.ALERT), client.per_minute(Domain.SEARCH))


@pytest.mark.parametrize(
    "response",
    [
        FORBIDDEN,
        reported({"limit": 9, "periodInSeconds": 60}, domain="pagers"),
        reported({"limit": 9, "periodInSeconds": 60}, domain=["alert"]),
        reported({"limit": 0, "periodInSeconds": 60}, {"limit": 9, "periodInSeconds": -1}),
        reported({"limit": "9", "periodInSeconds": 60}, {"limit": True, "periodInSeconds": 60}, "9 in 60", None),
        said(200, {"data": {"rateLimits": "many"}}),
        said(200, {"data": None}),
        said(200, {}),
    ],
)
def test_an_odd_report_of_limits_is_ignored(response: RawResponse) -> None:
    """Without permission, or with a report that makes no sense, no limit is known."""
    client = opened(response).client

    assert {None} == {client.per_minute(domain) for domain in Domain}


def test_the_account_is_identified_by_its_name_or_else_by_its_key() -> None:
    """A key that may read the account's name identifies it by that; both identities are aliases of each other."""
    named, unnamed = opened(), opened(account=FORBIDDEN)

    assert ("acme@api.opsgenie.com", "acme") == (named.account, named.account_name)
    assert (True, None) == (is_identified_by_key(unnamed.account), unnamed.account_name)
    assert not is_identified_by_key(named.account)
    assert {named.account, unnamed.account} == named.account_aliases
    assert {unnamed.account} == unnamed.account_aliases
    assert KEY not in unnamed.account


def test_the_key_of_a_team_is_recognized() -> None:
    """A team's key is reported by the API's message, and the visibility says so."""
    team, full = opened(TEAM_KEY), opened()

    assert (True, False) == (team.is_team_key, full.is_team_key)
    assert ["everything that this team's key may see", "everything that this key may see"] == [
        connection.visibility for connection in (team, full)
    ]


def test_a_start_date_in_the_future_is_an_error() -> None:
    """A start date after Opsgenie's own time is an error that names both; one before it is not."""
    opened(start_date="2026-10-31")
    with pytest.raises(ConfigError, match=r"start_date 2026-11-02T.* is in the future .*2026-11-01T00:00:00.000Z"):
        opened(start_date="2026-11-02")
