"""Fields of real responses that the vendor documents nowhere: PyAirbyte would drop them if they were not declared."""

from typing import Any

import pytest
from tests.support.schemas import undeclared

from source_opsgenie.streams import STREAMS

TIME = "2026-01-01T00:00:00Z"
OBSERVED: list[tuple[str, dict[str, Any]]] = [
    ("alerts", {"closedAt": TIME}),
    ("alert_details", {"closedAt": TIME}),
    ("schedule_rotations", {"enabled": True}),
    ("schedules", {"rotations": [{"enabled": True}]}),
    ("heartbeats", {"lastPingAt": TIME}),
    ("incident_timeline_entries", {"lastEdit": {"editTime": TIME, "actor": {"name": "Jane Roe", "type": "user"}}}),
    ("team_routing_rules", {"description": "d", "ownerTeam": {"id": "t1", "name": "n"}, "rules": [{"id": "r1"}]}),
]


@pytest.mark.parametrize(("stream", "row"), OBSERVED)
def test_observed_fields_are_declared(stream: str, row: dict[str, Any]) -> None:
    """Each field that public clients and published responses have shown is declared."""
    assert [] == list(undeclared(row, STREAMS[stream].schema()))
