"""Rate limits, by a clock that we move."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.api_client import ApiClient, ManualClock

from opsgenie_simulator import Account, RateLimit, Switches
from opsgenie_simulator.limits import Throttle

ACCOUNT = Account.seeded(alerts=5)


def admitted(throttle: Throttle, requests: int, *, domain: str = "search") -> int:
    """How many of so many requests pass."""
    return sum(throttle.admit(domain) is None for _ in range(requests))


def test_bucket_refills_steadily() -> None:
    """A bucket lets its size through at once, then what has flowed in since."""
    clock = ManualClock()
    throttle = Throttle({"search": [RateLimit(60, 60)]}, clock=clock, model="buckets")
    first = admitted(throttle, 100)
    clock.now += 10
    second = admitted(throttle, 100)
    clock.now += 600
    third = admitted(throttle, 100)

    assert (60, 10, 60) == (first, second, third)


def test_window_opens_when_its_oldest_request_leaves() -> None:
    """A rolling window lets nothing through until its requests are a period old."""
    clock = ManualClock()
    throttle = Throttle({"search": [RateLimit(60, 60)]}, clock=clock, model="rolling")
    first = admitted(throttle, 40)
    clock.now += 30
    second = admitted(throttle, 100)
    clock.now += 29
    third = admitted(throttle, 100)
    clock.now += 1
    fourth = admitted(throttle, 100)

    assert (40, 20, 0, 40) == (first, second, third, fourth)


@given(steps=st.lists(st.floats(0, 5), min_size=1, max_size=200), limit=st.integers(1, 20))
def test_rolling_window_never_holds_more_than_its_limit(steps: list[float], limit: int) -> None:
    """Within any period of a rolling window at most the limit passes, and a refusal means that it is full."""
    clock = ManualClock()
    passed: list[float] = []
    throttle = Throttle({"search": [RateLimit(limit, 10)]}, clock=clock, model="rolling")
    for step in steps:
        clock.now += step
        recent = [moment for moment in passed if moment > clock.now - 10]
        if throttle.admit("search") is None:
            passed.append(clock.now)

            assert len(recent) < limit
        else:
            assert len(recent) == limit


def test_all_limits_of_a_domain_hold_together() -> None:
    """A request must pass every limit, a refused one costs none of them, and the longest period is named."""
    clock = ManualClock()
    limits = {"search": [RateLimit(10, 1), RateLimit(15, 60)]}
    throttle = Throttle(limits, clock=clock, model="rolling")
    first = admitted(throttle, 30)
    by_second = throttle.admit("search")
    clock.now += 1
    second = admitted(throttle, 30)
    by_minute = throttle.admit("search")
    both_full = Throttle({"search": [RateLimit(0, 1), RateLimit(0, 60), RateLimit(0, 10)]}, clock=clock)

    assert (10, 5) == (first, second)
    assert RateLimit(10, 1) == by_second
    assert RateLimit(15, 60) == by_minute
    assert RateLimit(0, 60) == both_full.admit("search")


def test_domains_do_not_touch_each_other() -> None:
    """Exhausting one domain leaves the others alone; a domain without limits has none."""
    throttle = Throttle({"search": [RateLimit(1, 60)], "alert": [RateLimit(2, 60)]}, clock=ManualClock())

    assert 1 == admitted(throttle, 5)
    assert 2 == admitted(throttle, 5, domain="alert")
    assert 5 == admitted(throttle, 5, domain="incident")


def test_unknown_domain_is_a_mistake() -> None:
    """Limits of a domain that does not exist are refused by name."""
    with pytest.raises(ValueError, match="no rate-limit domain 'alerts'"):
        Throttle({"alerts": [RateLimit(1, 1)]}, clock=ManualClock())


@pytest.mark.parametrize("model", ["buckets", "rolling"])
def test_refusal_has_the_known_body_and_headers(model: str) -> None:
    """A 429 carries the captured message and the three headers, the period as a duration."""
    switches = Switches(limits_model=model)  # type: ignore[arg-type]  # the literal is spelt in the table
    asking = ApiClient(ACCOUNT, switches, limits={"search": [RateLimit(1, 60)]})
    passed, refused = asking.get("/v2/alerts"), asking.get("/v2/alerts")

    assert (200, 429) == (passed.status, refused.status)
    assert refused.body["message"].startswith("You are making too many requests!")
    assert {"X-RateLimit-State": "THROTTLED", "X-RateLimit-Reason": "ACCOUNT", "X-RateLimit-Period-In-Sec": "60"} == {
        name: value for name, value in refused.headers.items() if name.startswith("X-RateLimit")
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
def test_every_path_draws_on_its_domain(path: str, domain: str) -> None:
    """With one request left in its domain and none in the others, a path is answered once."""
    names = {"search", "alert", "incident", "configuration", "heartbeat"}
    limits = {name: [RateLimit(1 if name == domain else 0, 60)] for name in names}
    asking = ApiClient(ACCOUNT, limits=limits)
    asked = path.format(alert=next(iter(ACCOUNT.alerts)))

    assert (200, 429) == (asking.get(asked).status, asking.get(asked).status)


def test_count_may_draw_on_search() -> None:
    """By the switch, counting draws on the limit of lists."""
    asking = ApiClient(ACCOUNT, Switches(count_domain="search"), limits={"search": [RateLimit(1, 60)]})

    assert (200, 429) == (asking.get("/v2/alerts/count").status, asking.get("/v2/alerts").status)


def test_limits_are_told() -> None:
    """The limits' own path tells the numbers in force, per domain."""
    asking = ApiClient(ACCOUNT, limits={"search": [RateLimit(100, 60), RateLimit(10, 1)]})
    told = [{"limit": 100, "periodInSeconds": 60}, {"limit": 10, "periodInSeconds": 1}]

    assert [{"domain": "search", "limits": told}] == asking.get("/v2/request-limits/").body["data"]["rateLimits"]
    assert [] == ApiClient(ACCOUNT).get("/v2/request-limits/").body["data"]["rateLimits"]


def test_key_comes_before_limit_and_limit_before_right() -> None:
    """Rejected keys cost nothing; keys without the right do."""
    asking = ApiClient(ACCOUNT, limits={"configuration": [RateLimit(1, 60)]})
    unknown = asking.get("/v2/teams", key="00000000-0000-4000-a000-000000000000").status
    without = asking.get("/v2/teams", key=ACCOUNT.key_without_configuration_access).status

    assert (401, 403, 429) == (unknown, without, asking.get("/v2/teams").status)
