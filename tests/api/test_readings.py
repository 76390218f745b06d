"""What accepted requests say about a limit, against the simulator's limits."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.api_client import ManualClock

from opsgenie_simulator.limits import Model, RateLimit, Throttle
from source_opsgenie.api.readings import Reading, read

LIMITS = some.integers(2, 40)
PERIODS = some.sampled_from([1, 60])
# The time between requests, as a fraction of the period: bursts, pauses, and a pace near the limit.
STEPS = some.lists(some.sampled_from([0.0, 0.001, 0.01, 0.03, 0.1, 2.0]), min_size=50, max_size=300)
MODELS = some.sampled_from(["buckets", "rolling"])


def readings(limit: RateLimit, model: Model, steps: list[float], *, others: float = 0.0) -> Iterator[Reading]:
    """A reading at each throttled request; after it, nothing is sent for a period."""
    clock, accepted, since = ManualClock(), list[float](), 0.0
    throttle = Throttle({"alert": [limit]}, clock=clock, model=model)
    for number, step in enumerate(steps):
        clock.now += step * limit.period_in_sec
        if others and number % 3 == 0:
            throttle.admit("alert")
        if throttle.admit("alert") is None:
            accepted.append(clock.now)
        else:
            yield read(accepted, period=float(limit.period_in_sec), since=since)
            clock.now = since = clock.now + limit.period_in_sec


@settings(max_examples=200, deadline=None)
@given(LIMITS, PERIODS, MODELS, STEPS, some.sampled_from([0.0, 1.0]))
def test_the_limit_is_never_below_a_bucket_reading(
    requests: int, period: int, model: Model, steps: list[float], others: float
) -> None:
    """What was accepted proves a limit, in either model, even if other clients use it."""
    for reading in readings(RateLimit(requests, period), model, steps, others=others):
        assert reading.bucket <= requests * (1 + 1e-9)


@settings(max_examples=200, deadline=None)
@given(LIMITS, PERIODS, MODELS, STEPS)
def test_the_limit_is_never_above_a_window_reading_of_our_requests(
    requests: int, period: int, model: Model, steps: list[float]
) -> None:
    """Without other clients, a throttled request follows at least as many within the period as the limit allows."""
    for reading in readings(RateLimit(requests, period), model, steps):
        # A bucket throttles once less than one request is left in it.
        assert reading.window > requests - 1 - 1e-9


def test_a_window_holds_the_last_period_only() -> None:
    """Of thirty requests, one every three seconds, a window of a minute holds twenty; an earlier pause resets it."""
    times = [3.0 * number for number in range(30)]

    assert 20 == read(times, period=60.0, since=0.0).window
    assert 10 == read(times, period=60.0, since=60.0).window


def test_nothing_accepted_is_a_reading_of_nothing() -> None:
    """A first request that is throttled says that nothing is allowed for now."""
    assert Reading(0, 0.0) == read([], period=60.0, since=0.0)
