"""Rate limits, on a clock that the tests move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.api_client import ApiClient, ManualClock

from opsgenie_simulator import Account, OtherClient, RateLimit, Switches
from opsgenie_simulator.limits import Throttle

ACCOUNT = Account.seeded(alerts=5)


def count_admitted(throttle: Throttle, requests: int, *, domain: str = "search") -> int:
    """How many of *requests* are admitted."""
    return sum(throttle.admit(domain) is None for _ in range(requests))


def test_bucket_refills_steadily() -> None:
    """A bucket admits as many requests as its size, then as many as were refilled since."""
    clock = ManualClock()
    throttle = Throttle({"search": [RateLimit(60, 60)]}, clock=clock, model="buckets")
    first = count_admitted(throttle, 100)
    clock.now += 10
    second = count_admitted(throttle, 100)
    clock.now += 600
    third = count_admitted(throttle, 100)

    assert (60, 10, 60) == (first, second, third)


def test_window_admits_again_when_its_oldest_request_expires() -> None:
    """A full rolling window admits nothing until its oldest requests are a period old."""
    clock = ManualClock()
    throttle = Throttle({"search": [RateLimit(60, 60)]}, clock=clock, model="rolling")
    first = count_admitted(throttle, 40)
    clock.now += 30
    second = count_admitted(throttle, 100)
    clock.now += 29
    third = count_admitted(throttle, 100)
    clock.now += 1
    fourth = count_admitted(throttle, 100)

    assert (40, 20, 0, 40) == (first, second, third, fourth)


@given(steps=st.lists(st.floats(0, 5), min_size=1, max_size=200), limit=st.integers(1, 20))
def test_rolling_window_never_exceeds_its_limit(steps: list[float], limit: int) -> None:
    """A rolling window admits at most its limit in any period, and throttles only when it is full."""
    clock = ManualClock()
    admitted: list[float] = []
    throttle = Throttle({"search": [RateLimit(limit, 10)]}, clock=clock, model="rolling")
    for step in steps:
        clock.now += step
        recent = [time for time in admitted if time > clock.now - 10]
        if throttle.admit("search") is None:
            admitted.append(clock.now)

            assert len(recent) < limit
        else:
            assert len(recent) == limit


def test_all_limits_of_a_domain_apply() -> None:
    """A request must meet every limit; a throttled one counts against none, and gets the longest period."""
    clock = ManualClock()
    limits = {"search": [RateLimit(10, 1), RateLimit(15, 60)]}
    throttle = Throttle(limits, clock=clock, model="rolling")
    first = count_admitted(throttle, 30)
    by_second = throttle.admit("search")
    clock.now += 1
    second = count_admitted(throttle, 30)
    by_minute = throttle.admit("search")
    both_full = Throttle({"search": [RateLimit(0, 1), RateLimit(0, 60), RateLimit(0, 10)]}, clock=clock)

    assert (10, 5) == (first, second)
    assert RateLimit(10, 1) == by_second
    assert RateLimit(15, 60) == by_minute
    assert RateLimit(0, 60) == both_full.admit("search")


def test_domains_are_independent() -> None:
    """Exhausting one domain does not affect the others; a domain without limits is unlimited."""
    throttle = Throttle({"search": [RateLimit(1, 60)], "alert": [RateLimit(2, 60)]}, clock=ManualClock())

    assert 1 == count_admitted(throttle, 5)
    assert 2 == count_admitted(throttle, 5, domain="alert")
    assert 5 == count_admitted(throttle, 5, domain="incident")


def test_unknown_domain_is_an_error() -> None:
    """Limits of an unknown domain raise an error that names it."""
    with pytest.raises(ValueError, match="'alerts' is not a rate-limit domain"):
        Throttle({"alerts": [RateLimit(1, 1)]}, clock=ManualClock())


@pytest.mark.parametrize("model", ["buckets", "rolling"])
def test_throttled_response_has_the_known_body_and_headers(model: str) -> None:
    """A 429 has the captured message and the three headers, with the period as a duration."""
    switches = Switches(limits_model=model)  # type: ignore[arg-type]  # the literal is spelt in the table
    client = ApiClient(ACCOUNT, switches, limits={"search": [RateLimit(1, 60)]})
    admitted, throttled = client.get("/v2/alerts"), client.get("/v2/alerts")

    assert (200, 429) == (admitted.status, throttled.status)
    assert throttled.body["message"].startswith("You are making too many requests!")
    assert {"X-RateLimit-State": "THROTTLED", "X-RateLimit-Reason": "ACCOUNT", "X-RateLimit-Period-In-Sec": "60"} == {
        name: value for name, value in throttled.headers.items() if name.startswith("X-RateLimit")
    }


@pytest.mark.parametrize(
    ("path", "domain"),
    [
        ("/v2/alerts", "search"),
        ("/v2/users", "search"),
        ("/v2/alerts/count", "alert"),
        ("/v2/alerts/{alert}", "alert"),
        ("/v2/alerts/{alert}/logs", "alert"),
        ("/v1/incidents", "incident"),
        ("/v2/teams", "configuration"),
        ("/v1/services", "configuration"),
        ("/v2/account", "configuration"),
        ("/v2/heartbeats", "heartbeat"),
    ],
)
def test_every_path_counts_against_its_domain(path: str, domain: str) -> None:
    """With one request left in its domain and none in the others, a path is served once."""
    names = {"search", "alert", "incident", "configuration", "heartbeat"}
    limits = {name: [RateLimit(1 if name == domain else 0, 60)] for name in names}
    client = ApiClient(ACCOUNT, limits=limits)
    url = path.format(alert=next(iter(ACCOUNT.alerts)))

    assert (200, 429) == (client.get(url).status, client.get(url).status)


def test_count_can_be_in_the_search_domain() -> None:
    """With the switch, counting counts against the limit of lists."""
    client = ApiClient(ACCOUNT, Switches(count_domain="search"), limits={"search": [RateLimit(1, 60)]})

    assert (200, 429) == (client.get("/v2/alerts/count").status, client.get("/v2/alerts").status)


def test_users_can_be_in_the_configuration_domain() -> None:
    """With the switch, listing users counts against the limit of the configuration."""
    client = ApiClient(ACCOUNT, Switches(users_domain="configuration"), limits={"configuration": [RateLimit(1, 60)]})

    assert (200, 429) == (client.get("/v2/users").status, client.get("/v2/teams").status)


@pytest.mark.parametrize("domain", ["search", "alert"])
def test_another_client_uses_a_limit_by_its_timetable(domain: str) -> None:
    """Another client sends evenly from its start to its end, and again after each period; others are not affected."""
    clock = ManualClock()
    other = OtherClient(domain, per_second=2, start=10, end=14, every=60)
    throttle = Throttle({"search": [RateLimit(4, 10)]}, clock=clock, model="rolling", others=[other])
    admitted, started = [], clock.now
    for seconds in (0, 12, 30, 73, 100):
        clock.now = started + seconds
        admitted.append(count_admitted(throttle, 9))

    assert ([4, 0, 4, 0, 4] if domain == "search" else [4] * 5) == admitted


def test_what_throttles_another_client_is_noted() -> None:
    """Requests of another client beyond the limit are throttled, and their times are kept."""
    clock = ManualClock()
    others = [OtherClient("alert", per_second=1, end=5)]
    throttle = Throttle({"alert": [RateLimit(3, 60)]}, clock=clock, model="rolling", others=others)
    started, clock.now = clock.now, clock.now + 10

    assert RateLimit(3, 60) == throttle.admit("alert")
    assert [3, 4] == [at - started for at in throttle.others_throttled]


def test_a_simulator_has_other_clients() -> None:
    """A limit that another client has used up throttles the first request."""
    other = OtherClient("search", per_second=1000)
    client = ApiClient(ACCOUNT, limits={"search": [RateLimit(1, 60)]}, other_clients=[other])

    assert 429 == client.get("/v2/alerts").status


def test_limits_are_readable() -> None:
    """The path for limits returns the limits in force, per domain."""
    client = ApiClient(ACCOUNT, limits={"search": [RateLimit(100, 60), RateLimit(10, 1)]})
    expected = [{"limit": 100, "periodInSeconds": 60}, {"limit": 10, "periodInSeconds": 1}]

    assert [{"domain": "search", "limits": expected}] == client.get("/v2/request-limits/").body["data"]["rateLimits"]
    assert [] == ApiClient(ACCOUNT).get("/v2/request-limits/").body["data"]["rateLimits"]


def test_key_is_checked_before_limit_and_limit_before_permission() -> None:
    """Requests with an unknown key do not count against the limit; those without permission do."""
    client = ApiClient(ACCOUNT, limits={"configuration": [RateLimit(1, 60)]})
    unauthorized = client.get("/v2/teams", key="00000000-0000-4000-a000-000000000000").status
    forbidden = client.get("/v2/teams", key=ACCOUNT.key_without_configuration_access).status

    assert (401, 403, 429) == (unauthorized, forbidden, client.get("/v2/teams").status)
