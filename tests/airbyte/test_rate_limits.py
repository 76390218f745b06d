"""What a limit that nobody told of leads to, from the first refusal to the next sync."""

import time

from tests.support.verbs import Output, Verbs

from opsgenie_simulator import Account, RateLimit, Simulator, Switches
from source_opsgenie.clock import format_timestamp

UNTOLD = Switches(limits_readable="forbidden")
TWENTY_A_SECOND = {"alert": [RateLimit(20, 1)]}


def refused(simulator: Simulator) -> int:
    """How many requests were refused because there were too many."""
    return sum(one.status == 429 for one in simulator.requests)


def limited_until(output: Output) -> list[int]:
    """Until when a stream said that it waits for the rate limit, in milliseconds."""
    statuses = [message["trace"].get("stream_status") or {} for message in output.of_type("TRACE")]
    reasons = [reason for status in statuses for reason in status.get("reasons") or []]
    return [reason["rate_limited"]["quota_reset"] for reason in reasons if reason["type"] == "RATE_LIMITED"]


def test_a_limit_is_told_learned_and_remembered(source: Verbs) -> None:
    """A refusal is waited out and said; the state keeps the limit, and the next sync is refused nothing for a week."""
    account = Account.seeded(alerts=60)
    with Simulator(account, switches=UNTOLD, limits=TWENTY_A_SECOND) as simulator:
        limited = source.with_config(endpoint=simulator.url, api_token=account.full_key)
        began = time.time() * 1000
        first = limited.read("alert_logs")
        (state,) = first.last_states()
        refusals = refused(simulator)
        simulator.clear_requests()
        again = limited.read("alert_logs", state=[state], mode="full_refresh")
        later = refused(simulator)

    assert 0 < refusals <= 48
    assert any(began < until <= began + 20_000 for until in limited_until(first))
    assert "Too many requests in the domain alert" in first.logs()
    assert {"alert/1"} == state["stream"]["stream_state"]["limits"].keys()
    assert 15 <= state["stream"]["stream_state"]["limits"]["alert/1"] <= 28
    assert (0, []) == (later, limited_until(again))
    assert first.records("alert_logs") == again.records("alert_logs")


def test_a_limit_is_tried_anew_after_a_week(source: Verbs) -> None:
    """A limit that was learned eight days ago may be another by now: it is found out once more."""
    account = Account.seeded(alerts=40)
    with Simulator(account, switches=UNTOLD) as simulator:
        limited = source.with_config(endpoint=simulator.url, api_token=account.full_key)
        (state,) = limited.read("alert_logs").last_states()
        old = format_timestamp(int(time.time() * 1000) - 8 * 86_400_000)
        state["stream"]["stream_state"] |= {"limits": {"alert/60": 1}, "limits_at": old}
        began = time.monotonic()
        output = limited.read("alert_logs", state=[state], mode="full_refresh")

    assert time.monotonic() - began < 60
    assert "limits" not in output.last_states()[0]["stream"]["stream_state"]
