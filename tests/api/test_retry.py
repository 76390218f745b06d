"""Retries: throttling is waited out exactly, other failures are retried, and everything has an end."""

from collections.abc import Iterable
from itertools import chain, repeat

import pytest
from tests.support.fakes import FakeClock, Script, client_of, said

from source_opsgenie import errors
from source_opsgenie.api.client import ATTEMPTS, FIRST_ATTEMPTS, THROTTLED_ATTEMPTS, Client
from source_opsgenie.api.limiter import MARGIN
from source_opsgenie.api.pacing import Domain, Limit, Pacer
from source_opsgenie.api.retry import LONGEST_BACK_OFF_SECONDS, LONGEST_RETRY_SECONDS
from source_opsgenie.api.transport import RawResponse, Request

GOOD = said(200, {"data": []})


def used_client(script: Script, clock: FakeClock | None = None) -> Client:
    """A client over *script* that has received its first response: the API has responded before."""
    client = client_of(script, clock)
    client.get("/v2/account", domain=Domain.CONFIGURATION)
    script.requests.clear()
    return client


def throttled(period: str | None) -> RawResponse:
    """A 429 that names *period*."""
    return said(429) if period is None else said(429, x_ratelimit_period_in_sec=period)


@pytest.mark.parametrize(
    ("period", "expected"),
    [
        ("1", 1.0),
        ("60", 60.0),
        ("05", 5.0),
        (None, 60.0),
        ("", 60.0),
        ("0", 60.0),
        ("-1", 60.0),
        ("soon", 60.0),
        ("1.5", 60.0),
        ("²", 60.0),
        ("9" * 400, 60.0),
        ("9" * 5000, 60.0),
        ("Sun, 01 Nov 2026 00:00:00 GMT", 60.0),
    ],
)
def test_throttling_is_waited_out(period: str | None, expected: float) -> None:
    """A 429 holds its domain for the period that its header names, or for the longest one if it names none."""
    clock = FakeClock()
    script = Script(throttled(period), GOOD)
    client_of(script, clock).get("/v2/alerts", domain=Domain.SEARCH)

    assert clock.slept == [pytest.approx(expected * MARGIN)]
    assert len(script.requests) == 2


def test_throttling_holds_its_domain_only() -> None:
    """While one domain waits, another continues; the client returns how long the first one waits."""
    clock = FakeClock()
    pacers = {domain: Pacer() for domain in Domain}
    client = client_of(Script(GOOD), clock, pacers=pacers)
    pacers[Domain.SEARCH].record_throttled(clock.now, period=60.0, sent_at=clock.now)
    client.get("/v2/alerts/x", domain=Domain.ALERT)

    assert clock.slept == []
    assert client.throttled_domains() == {Domain.SEARCH: 60.0}


def test_throttling_ends() -> None:
    """An account whose limit other clients use up is given up after THROTTLED_ATTEMPTS, as the message says."""
    clock = FakeClock()
    script = Script(throttled("60"))
    with pytest.raises(errors.Unreachable, match=f"was throttled {THROTTLED_ATTEMPTS} times.*Lower rate_limit_share"):
        client_of(script, clock).get("/v2/alerts", domain=Domain.SEARCH)

    assert len(script.requests) == THROTTLED_ATTEMPTS
    assert min(clock.slept) >= 60.0


@pytest.mark.parametrize("failures", range(1, ATTEMPTS))
def test_failures_that_pass_are_retried(failures: int) -> None:
    """A few failures in a row are retried after growing waits of at most 20 seconds."""
    clock = FakeClock()
    script = Script(GOOD, *[said(503)] * failures, GOOD)
    used_client(script, clock).get("/v2/alerts", domain=Domain.SEARCH)
    bounds = [0.5 * 2**number for number in range(failures)]

    assert len(clock.slept) == failures
    assert all(0 <= slept <= min(bound, 20) for slept, bound in zip(clock.slept, bounds, strict=True))


def test_network_failures_end() -> None:
    """After ATTEMPTS failures in a row the last one is raised unchanged."""
    script = Script(GOOD, errors.Unreachable("no network"))
    with pytest.raises(errors.Unreachable, match=r"^no network$"):
        used_client(script).get("/v2/alerts", domain=Domain.SEARCH)

    assert len(script.requests) == ATTEMPTS


@pytest.mark.parametrize("response", [errors.Unreachable("no network"), said(503), said(200, b"<html>"), said(302)])
def test_a_host_that_never_responded_is_given_up_soon(response: RawResponse | Exception) -> None:
    """A machine without a network, or a host that is not the API, is reported within seconds."""
    clock = FakeClock()
    script = Script(response)
    with pytest.raises((errors.Unreachable, errors.WrongHost)):
        client_of(script, clock).get("/v2/alerts", domain=Domain.SEARCH)

    assert len(script.requests) == FIRST_ATTEMPTS
    assert sum(clock.slept) <= 5


@pytest.mark.parametrize(
    ("body", "attempts"), [({"message": "m", "requestId": "r"}, ATTEMPTS), (b"<html>", FIRST_ATTEMPTS)]
)
def test_an_error_of_the_api_is_a_response(body: object, attempts: int) -> None:
    """An error with a request id shows that the API is there, so later requests get more attempts."""
    script = Script(said(404, body), said(503))
    client = client_of(script)
    for expected in (errors.NotFound, errors.Unreachable):
        with pytest.raises(expected):
            client.get("/v2/alerts", domain=Domain.SEARCH)

    assert len(script.requests) - 1 == attempts


@pytest.mark.parametrize("status", [200, 401, 403])
def test_an_html_page_may_pass(status: int) -> None:
    """A web page where the API responded before, as from a CDN, is retried and never taken for a response."""
    script = Script(GOOD, said(status, b"<html>"), GOOD)

    assert used_client(script).get("/v2/alerts", domain=Domain.SEARCH).data == []


def test_every_request_has_attempts_of_its_own() -> None:
    """The attempts of one request are not used up by another."""
    script = Script(GOOD, *[said(503)] * 5, GOOD, *[said(503)] * 5, GOOD)
    client = used_client(script)
    for _ in range(2):
        client.get("/v2/alerts", domain=Domain.SEARCH)

    assert len(script.requests) == 12


def test_an_unauthorized_request_is_not_retried() -> None:
    """An error that a person must fix is raised immediately."""
    clock = FakeClock()
    with pytest.raises(errors.Unauthorized):
        client_of(Script(said(401)), clock).get("/v2/alerts", domain=Domain.SEARCH)

    assert clock.slept == []


class SlowScript(Script):
    """A script whose responses each take the next of *seconds* on a *clock*."""

    def __init__(self, clock: FakeClock, seconds: Iterable[float], *responses: RawResponse | Exception) -> None:
        super().__init__(*responses)
        self._clock, self._seconds = clock, iter(seconds)

    def __call__(self, request: Request) -> RawResponse:
        """Give the next response, some time later."""
        self._clock.now += next(self._seconds)
        return super().__call__(request)


@pytest.mark.parametrize(
    ("seconds", "attempts"),
    [
        (repeat(LONGEST_RETRY_SECONDS / 3), 4),
        (chain([LONGEST_RETRY_SECONDS / 3] * 2, [3600.0], repeat(LONGEST_RETRY_SECONDS / 3)), 6),
    ],
)
def test_retries_end(seconds: Iterable[float], attempts: int) -> None:
    """Slow failures are retried for LONGEST_RETRY_SECONDS after the first; after a suspend, as long again."""
    clock = FakeClock()
    script = SlowScript(clock, chain([0.0], seconds), GOOD, errors.Unreachable("nothing comes"))
    with pytest.raises(errors.Unreachable):
        used_client(script, clock).get("/v2/alerts", domain=Domain.SEARCH)

    assert len(script.requests) == attempts


def test_waits_grow_to_a_bound() -> None:
    """Waits are random, and the longest are no longer than LONGEST_BACK_OFF_SECONDS."""
    clock = FakeClock()
    client = used_client(Script(GOOD, said(503)), clock)
    for _ in range(50):
        with pytest.raises(errors.Unreachable):
            client.get("/v2/alerts", domain=Domain.SEARCH)
    longest = max(clock.slept)

    assert LONGEST_BACK_OFF_SECONDS / 2 < longest <= LONGEST_BACK_OFF_SECONDS
    assert len(set(clock.slept)) == len(clock.slept) == 50 * (ATTEMPTS - 1)


def test_requests_keep_to_the_limit() -> None:
    """The client sends when the pacer of the domain permits it, and sleeps on the clock until then."""
    clock = FakeClock()
    pacers = {domain: Pacer([Limit(2, 60.0)]) for domain in Domain}
    client = client_of(Script(GOOD), clock, pacers=pacers)
    for _ in range(5):
        client.get("/v2/alerts", domain=Domain.SEARCH)

    assert clock.slept == [pytest.approx(60.0 * MARGIN)] * 2
    assert client.per_minute(Domain.SEARCH) == 2
