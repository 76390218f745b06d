"""The client's patience: refusals are waited out exactly, troubles tried again, and everything has an end."""

from collections.abc import Iterable
from itertools import chain, repeat

import pytest
from tests.support.fakes import FakeClock, Script, client_of, said

from source_opsgenie.api.client import ATTEMPTS, FIRST_ATTEMPTS, REFUSALS, Client
from source_opsgenie.api.pacing import MARGIN, Domain, Limit, Pacer
from source_opsgenie.api.retry import LONGEST_BACK_OFF, PATIENCE_SECONDS
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.errors import NotFound, Unauthorized, Unreachable, WrongHost

GOOD = said(200, {"data": []})


def used(script: Script, clock: FakeClock | None = None) -> Client:
    """A client over *script*, whose first answer is used up: the API has answered before."""
    client = client_of(script, clock)
    client.get("/v2/account", domain=Domain.CONFIGURATION)
    script.asked.clear()
    return client


def refused(period: str | None) -> RawResponse:
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
def test_refusal_is_waited_out(period: str | None, expected: float) -> None:
    """A 429 holds its domain for the period that its header names, or for the longest one if it names none."""
    clock = FakeClock()
    script = Script(refused(period), GOOD)
    client_of(script, clock).get("/v2/alerts", domain=Domain.SEARCH)

    assert clock.slept == [pytest.approx(expected * MARGIN)]
    assert len(script.asked) == 2


def test_refusal_holds_its_domain_only() -> None:
    """While one domain waits, another goes at once; how long it waits is told."""
    clock = FakeClock()
    pacers = {domain: Pacer() for domain in Domain}
    client = client_of(Script(GOOD), clock, pacers=pacers)
    pacers[Domain.SEARCH].refused(clock.now, period=60.0)
    client.get("/v2/alerts/x", domain=Domain.ALERT)

    assert clock.slept == []
    assert client.waits() == {Domain.SEARCH: 60.0}


def test_refusals_end() -> None:
    """An account whose limit others use up is given up after REFUSALS refusals, as the message says."""
    clock = FakeClock()
    script = Script(refused("60"))
    with pytest.raises(Unreachable, match=f"was refused {REFUSALS} times.*Lower rate_limit_share"):
        client_of(script, clock).get("/v2/alerts", domain=Domain.SEARCH)

    assert len(script.asked) == REFUSALS
    assert min(clock.slept) >= 60.0


@pytest.mark.parametrize("troubles", range(1, ATTEMPTS))
def test_troubles_pass(troubles: int) -> None:
    """A few answers of failure in a row are tried again after growing waits of at most 20 seconds."""
    clock = FakeClock()
    script = Script(GOOD, *[said(503)] * troubles, GOOD)
    used(script, clock).get("/v2/alerts", domain=Domain.SEARCH)
    bounds = [0.5 * 2**number for number in range(troubles)]

    assert len(clock.slept) == troubles
    assert all(0 <= slept <= min(bound, 20) for slept, bound in zip(clock.slept, bounds, strict=True))


def test_network_failures_end() -> None:
    """After ATTEMPTS failures in a row the last one is raised as it is."""
    script = Script(GOOD, Unreachable("no network"))
    with pytest.raises(Unreachable, match=r"^no network$"):
        used(script).get("/v2/alerts", domain=Domain.SEARCH)

    assert len(script.asked) == ATTEMPTS


@pytest.mark.parametrize("answer", [Unreachable("no network"), said(503), said(200, b"<html>"), said(302)])
def test_an_address_that_never_answered_is_given_up_soon(answer: RawResponse | Exception) -> None:
    """A machine without a network, or another host than the API's, is told within seconds."""
    clock = FakeClock()
    script = Script(answer)
    with pytest.raises((Unreachable, WrongHost)):
        client_of(script, clock).get("/v2/alerts", domain=Domain.SEARCH)

    assert len(script.asked) == FIRST_ATTEMPTS
    assert sum(clock.slept) <= 5


@pytest.mark.parametrize(
    ("body", "tries"), [({"message": "m", "requestId": "r"}, ATTEMPTS), (b"<html>", FIRST_ATTEMPTS)]
)
def test_a_refusal_by_the_api_is_an_answer(body: object, tries: int) -> None:
    """Who refuses with the id of a request is the API, and has patience from then on; who refuses without is not."""
    script = Script(said(404, body), said(503))
    client = client_of(script)
    for expected in (NotFound, Unreachable):
        with pytest.raises(expected):
            client.get("/v2/alerts", domain=Domain.SEARCH)

    assert len(script.asked) - 1 == tries


def test_a_page_of_html_may_pass() -> None:
    """A web page where the API answered before, as a CDN shows it, is tried again and never taken for an answer."""
    script = Script(GOOD, said(200, b"<html>"), GOOD)

    assert used(script).get("/v2/alerts", domain=Domain.SEARCH).data == []


def test_every_request_has_patience_of_its_own() -> None:
    """The tries of one request are not used up by another."""
    script = Script(GOOD, *[said(503)] * 5, GOOD, *[said(503)] * 5, GOOD)
    client = used(script)
    for _ in range(2):
        client.get("/v2/alerts", domain=Domain.SEARCH)

    assert len(script.asked) == 12


def test_a_refused_key_is_not_tried_again() -> None:
    """What a person must mend is told at once."""
    clock = FakeClock()
    with pytest.raises(Unauthorized):
        client_of(Script(said(401)), clock).get("/v2/alerts", domain=Domain.SEARCH)

    assert clock.slept == []


class Slow(Script):
    """A script whose every answer takes so many *seconds* on a *clock*."""

    def __init__(self, clock: FakeClock, seconds: Iterable[float], *answers: RawResponse | Exception) -> None:
        super().__init__(*answers)
        self._clock, self._seconds = clock, iter(seconds)

    def __call__(self, request: Request) -> RawResponse:
        """Give the next answer, some time later."""
        self._clock.now += next(self._seconds)
        return super().__call__(request)


@pytest.mark.parametrize(
    ("seconds", "tries"),
    [
        (repeat(PATIENCE_SECONDS / 3), 4),
        (chain([PATIENCE_SECONDS / 3] * 2, [3600.0], repeat(PATIENCE_SECONDS / 3)), 6),
    ],
)
def test_patience_ends(seconds: Iterable[float], tries: int) -> None:
    """Slow failures are tried for PATIENCE_SECONDS after the first; after a nap of the machine, as long once more."""
    clock = FakeClock()
    script = Slow(clock, chain([0.0], seconds), GOOD, Unreachable("nothing comes"))
    with pytest.raises(Unreachable):
        used(script, clock).get("/v2/alerts", domain=Domain.SEARCH)

    assert len(script.asked) == tries


def test_waits_grow_to_a_bound() -> None:
    """Waits are as random as they are long, and the last ones no longer than LONGEST_BACK_OFF."""
    clock = FakeClock()
    client = used(Script(GOOD, said(503)), clock)
    for _ in range(50):
        with pytest.raises(Unreachable):
            client.get("/v2/alerts", domain=Domain.SEARCH)
    longest = max(clock.slept)

    assert LONGEST_BACK_OFF / 2 < longest <= LONGEST_BACK_OFF
    assert len(set(clock.slept)) == len(clock.slept) == 50 * (ATTEMPTS - 1)


def test_requests_keep_to_the_limit() -> None:
    """The client sends when the pacer of the domain lets it, and sleeps on the clock until then."""
    clock = FakeClock()
    pacers = {domain: Pacer([Limit(2, 60.0)]) for domain in Domain}
    client = client_of(Script(GOOD), clock, pacers=pacers)
    for _ in range(5):
        client.get("/v2/alerts", domain=Domain.SEARCH)

    assert clock.slept == [pytest.approx(60.0 * MARGIN)] * 2
    assert client.per_minute(Domain.SEARCH) == 2
