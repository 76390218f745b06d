import json
import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.broken import Broken

import source_opsgenie
from opsgenie_simulator import Account, Simulator
from source_opsgenie import Checkpoint, Event, OpsgenieError, Proof, Row, connect, list_streams, read
from source_opsgenie.errors import ConfigError, Forbidden, Incomplete, Unauthorized
from source_opsgenie.streams import STREAMS


@pytest.fixture
def account() -> Account:
    """An account of a few rows in every list."""
    return Account.seeded(seed=7, alerts=40, incidents=6, users=5, teams=3, services=3, integrations=3)


@pytest.fixture
def config(simulator: Simulator, account: Account) -> dict[str, Any]:
    """A config whose key can read everything."""
    return {"api_token": account.full_key, "endpoint": simulator.url}


def ids(events: list[Event], stream: str) -> list[str]:
    """The ids of the rows of *stream*."""
    return [event.data["id"] for event in events if isinstance(event, Row) and event.stream == stream]


def proofs(events: list[Event]) -> list[Proof]:
    """The proofs, in order."""
    return [event for event in events if isinstance(event, Proof)]


def states(events: list[Event]) -> dict[str, Any]:
    """The last state of each stream, after a round trip through JSON."""
    last = {event.stream: event.state for event in events if isinstance(event, Checkpoint)}
    found: dict[str, Any] = json.loads(json.dumps(last))
    return found


def test_rows_checkpoints_and_proof(config: dict[str, Any], account: Account) -> None:
    """A first read returns each row once, a checkpoint after the last row, and a proof at the end."""
    events = list(read(config, "alerts"))
    *_, checkpoint, proof = events

    assert sorted(account.alerts) == sorted(ids(events, "alerts"))
    assert isinstance(checkpoint, Checkpoint)
    assert isinstance(proof, Proof)
    assert ("alerts", "", None) == (proof.stream, proof.problem, proof.error)
    assert proof.text.startswith("40 counted, 40 read, 0 unexplained")
    assert proof.as_of is not None
    assert proof.as_of.tzinfo is UTC
    assert abs(datetime.now(UTC) - proof.as_of).total_seconds() < 60


def test_state_of_a_checkpoint_resumes(config: dict[str, Any], account: Account) -> None:
    """With the last states, only what changed is read; with full_refresh, everything."""
    first = states(list(read(config, "alerts", "users")))
    changed = next(iter(account.alerts))
    account.update_alert(changed, tags=["changed"])
    second = list(read(config, "alerts", "users", state=first))

    assert [changed] == ids(second, "alerts")
    assert len(account.users) == len(ids(second, "users"))
    assert 40 == len(ids(list(read(config, "alerts", state=first, full_refresh=True)), "alerts"))


def test_reads_share_a_connection(config: dict[str, Any], simulator: Simulator) -> None:
    """Reads of one connection request the account's limits and its name once."""
    with connect(config) as connection:
        for name in ("users", "teams"):
            assert ids(list(read(connection, name)), name)

    assert 2 == sum(one.path in {"/v2/request-limits/", "/v2/account"} for one in simulator.requests)


def test_every_stream_is_read(config: dict[str, Any]) -> None:
    """Without names, all streams are read, each with one proof, and every event names its stream."""
    events = list(read(config))

    assert list(STREAMS) == [one.name for one in list_streams()]
    assert sorted(STREAMS) == sorted(proof.stream for proof in proofs(events))
    assert {event.stream for event in events} <= set(STREAMS)


def test_a_failed_stream_is_an_error_at_the_end(config: dict[str, Any], account: Account) -> None:
    """The others are read first; a single failure is raised as it is, and allow_incomplete returns it in the proof."""
    limited = config | {"api_token": account.key_without_configuration_access}
    seen: list[Event] = []
    with pytest.raises(Forbidden, match="Give it Read and Configuration Access"):
        seen.extend(read(limited, "users", "alerts"))
    alerts, users = sorted(
        proofs(list(read(limited, "users", "alerts", allow_incomplete=True))), key=lambda proof: proof.stream
    )

    assert 40 == len(ids(seen, "alerts"))
    assert isinstance(users.error, Forbidden)
    assert users.text == f"INCOMPLETE: {users.error}"
    assert "" == alerts.problem
    with pytest.raises(Incomplete, match=r"^Not complete: users, teams\. users: .* pass allow_incomplete=True"):
        list(read(limited, "users", "teams"))


def test_a_part_that_cannot_be_read_is_a_problem(
    config: dict[str, Any], account: Account, broken: Broken, caplog: pytest.LogCaptureFixture
) -> None:
    """What is set aside is logged and named in the proof; the read ends with an error."""
    alert = next(iter(account.alerts))
    broken.patterns.append(f"/v2/alerts/{alert}/notes")
    (proof,) = proofs(list(read(config, "alert_notes", allow_incomplete=True)))

    assert proof.problem.startswith("1 part could not be read.")
    assert alert in caplog.text
    with pytest.raises(Incomplete, match=r"^Not complete: alert_notes\. alert_notes: 1 part could not be read"):
        list(read(config, "alert_notes"))


def test_input_is_checked_before_anything_is_read(config: dict[str, Any], simulator: Simulator) -> None:
    """An unknown stream or option is an error of the call, before the first event."""
    with pytest.raises(ConfigError, match=r"There is no stream 'alert'\. Did you mean alerts\?"):
        read(config, "alert")
    with pytest.raises(ConfigError, match="region is not an option"):
        read(config | {"region": "eu"}, "alerts")
    with pytest.raises(Unauthorized, match="Opsgenie does not know this key"):
        list(read(config | {"api_token": "0badc0de-0000-4000-8000-000000000001"}, "alerts", allow_incomplete=True))

    assert not any(one.path == "/v2/alerts" for one in simulator.requests)


def test_waiting_and_warnings_are_logged(
    config: dict[str, Any], account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    """What a person should know goes to the logger `source_opsgenie`, such as a plan without incidents."""
    account.plan = "Essentials"
    (proof,) = proofs(list(read(config, "incidents")))

    assert "" == proof.problem
    assert [logging.WARNING] == [one.levelno for one in caplog.records if "incidents is empty" in one.getMessage()]


def test_streams_say_how_to_store_them() -> None:
    """A destination learns the key and the schema of a stream, and whether to merge its rows or to replace them."""
    info = {one.name: one for one in list_streams()}
    alerts, members = info["alerts"], info["team_members"]

    assert (("id",), "updatedAt", True) == (alerts.key, alerts.cursor, alerts.is_incremental)
    assert (("team_id", "user_id"), "", False) == (members.key, members.cursor, members.is_incremental)
    assert set(members.key) <= members.schema["properties"].keys()


def test_exports_are_the_promised_ones() -> None:
    """Each exported name exists, and no other attribute is invented."""
    assert [] == [name for name in source_opsgenie.__all__ if not hasattr(source_opsgenie, name)]
    assert not hasattr(source_opsgenie, "write")
    assert issubclass(Incomplete, OpsgenieError)
