from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.support.verbs import Output, Verbs

from source_opsgenie.airbyte.upgrade import NEW_KEYS

ROOT = Path(__file__).parents[2]
PUBLIC_STATE = [
    {"type": "STREAM", "stream": {"stream_descriptor": {"name": "alerts"}, "stream_state": {"updatedAt": "2026-01-01"}}}
]
WARNING = "Drop alert_logs, alert_recipients and user_teams in the destination before the next sync"


def warnings(output: Output) -> list[str]:
    """The warnings that name tables to drop."""
    logs = [message["log"] for message in output.of_type("LOG")]
    return [log["message"] for log in logs if log["level"] == "WARN" and "Drop " in log["message"]]


def test_a_state_of_the_public_connector_names_the_tables(source: Verbs) -> None:
    """The first sync after an upgrade names the three tables; the next one, with its states, none."""
    names = ("alerts", *NEW_KEYS)
    first = source.read(*names, state=PUBLIC_STATE)
    second = source.read(*names, state=first.last_states())

    assert [WARNING in text for text in warnings(first)] == [True]
    assert [] == warnings(second)


@pytest.mark.parametrize(
    ("name", "key", "expected"),
    [
        ("alert_logs", [["offset"]], "Drop alert_logs in the destination"),
        ("user_teams", [["id"]], "Drop user_teams in the destination"),
        ("alert_logs", [["alert_id"], ["offset"]], ""),
        ("alert_logs", None, ""),
        ("users", [["username"]], ""),
    ],
)
def test_a_catalog_with_an_old_key_names_its_table(source: Verbs, name: str, key: Any, expected: str) -> None:
    """A configured catalog with the public connector's key of one of the streams leads to the warning."""
    (text,) = warnings(source.read(name, primary_key=key)) or [""]

    assert expected in text
    assert bool(expected) == bool(text)


def test_without_these_streams_there_is_no_warning(source: Verbs) -> None:
    """A state of the public connector for other streams needs no table to be dropped."""
    assert [] == warnings(source.read("alerts", state=PUBLIC_STATE))


def test_the_tables_are_those_of_the_breaking_change() -> None:
    """The streams that the warning names are those that the metadata calls broken."""
    releases = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]["releases"]
    (impact,) = releases["breakingChanges"]["1.0.0"]["scopedImpact"]

    assert list(NEW_KEYS) == impact["impactedScopes"]
