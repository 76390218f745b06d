"""An unknown rate limit, from the first 429 to the next sync."""

import time

from tests.support.verbs import Output, Verbs

from opsgenie_simulator import Account, RateLimit, Simulator, Switches
from source_opsgenie.clock import format_timestamp

UNKNOWN_LIMITS = Switches(limits_readable="forbidden")
TWENTY_PER_SECOND = {"alert": [RateLimit(20, 1)]}


def count_throttled(simulator: Simulator) -> int:
    """Count the requests with a 429 as response."""
    return sum(request.status == 429 for request in simulator.requests)


def limited_until(output: Output) -> list[int]:
    """The times until which a stream said that it waits for the rate limit, in epoch milliseconds."""
    statuses = [message["trace"].get("stream_status") or {} for message in output.of_type("TRACE")]
    reasons = [reason for status in statuses for reason in status.get("reasons") or []]
    return [reason["rate_limited"]["quota_reset"] for reason in reasons if reason["type"] == "RATE_LIMITED"]


def test_a_limit_is_reported_and_remembered_once_it_is_confirmed(source: Verbs) -> None:
    """A throttled read waits and says so; what it guesses is not kept, but a confirmed limit is, and then obeyed."""
    account = Account.seeded(alerts=60)
    with Simulator(account, switches=UNKNOWN_LIMITS, limits=TWENTY_PER_SECOND) as simulator:
        limited = source.with_config(endpoint=simulator.url, api_token=account.full_key)
        began = time.time() * 1000
        first = limited.read("alert_logs")
        (state,) = first.last_states()
        is_guess_kept = "limits" in state["stream"]["stream_state"]
        throttled_first = count_throttled(simulator)
        simulator.clear_requests()
        confirmed = {"requests": {"alert/1": 20}, "learned": format_timestamp(int(began))}
        state["stream"]["stream_state"] |= {"limits": confirmed}
        second = limited.read("alert_logs", state=[state], mode="full_refresh")
        throttled_second = count_throttled(simulator)

    assert 0 < throttled_first <= 48
    assert any(began < until <= began + 20_000 for until in limited_until(first))
    assert "Too many requests in the domain alert" in first.logs()
    assert not is_guess_kept
    assert confirmed == second.last_states()[0]["stream"]["stream_state"]["limits"]
    assert (0, []) == (throttled_second, limited_until(second))
    assert first.records("alert_logs") == second.records("alert_logs")


def test_a_learned_limit_expires_after_a_week(source: Verbs) -> None:
    """A limit that was learned eight days ago may have changed, so it is learned again."""
    account = Account.seeded(alerts=40)
    with Simulator(account, switches=UNKNOWN_LIMITS) as simulator:
        limited = source.with_config(endpoint=simulator.url, api_token=account.full_key)
        (state,) = limited.read("alert_logs").last_states()
        old = format_timestamp(int(time.time() * 1000) - 8 * 86_400_000)
        state["stream"]["stream_state"] |= {"limits": {"requests": {"alert/60": 1}, "learned": old}}
        began = time.monotonic()
        output = limited.read("alert_logs", state=[state], mode="full_refresh")

    assert time.monotonic() - began < 60
    assert "limits" not in output.last_states()[0]["stream"]["stream_state"]
