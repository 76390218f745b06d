"""A stream costs what its estimate says."""

import pytest
from tests.support.every_stream import account_of, events_of
from tests.support.fakes import Wire, connection_of

from source_opsgenie.archive.plan import plan
from source_opsgenie.streams import STREAMS, Stream, ancestry, cost, is_incremental

LISTED = [one for one in STREAMS.values() if not is_incremental(one)]


@pytest.mark.parametrize("stream", LISTED, ids=lambda one: one.name)
def test_a_list_costs_what_the_plan_says(stream: Stream) -> None:
    """The plan is at most two requests off, or a lower bound if it says so."""
    (estimate,) = plan(connection_of(Wire(account_of())), [stream], states={})
    wire = Wire(account_of())
    events_of(stream, wire)
    requests = len(wire.paths()) - 1
    is_exact = not estimate.note

    assert estimate.note in ("", "at least")
    assert estimate.requests is None or estimate.requests <= requests
    assert estimate.requests is None or not is_exact or requests - estimate.requests <= 2
    # Services have no total, so their number is unknown before the read.
    assert estimate.requests is not None or ancestry(stream)[0].name == "services"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("alerts", "a request per page"),
        ("teams", "one request"),
        ("alert_logs", "a request per alert"),
        ("incident_alerts", "2 requests per incident"),
        ("user_notification_rules", "a request per user and one per row"),
        ("user_notification_rule_steps", "a request per user and a request per user notification rule"),
        ("schedule_on_calls", "a request per schedule"),
        ("schedule_timelines", "a request per schedule and year of history"),
        ("integrations", "one request and one per row with integration_settings"),
        ("log_file_lines", "a request per log file"),
    ],
)
def test_cost_in_words(name: str, expected: str) -> None:
    """The cost of a stream names every level that takes requests per row."""
    assert cost(STREAMS[name]) == expected
