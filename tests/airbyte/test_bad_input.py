import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.verbs import Output, Verbs, catalog

from opsgenie_simulator import Account


def run_with(source: Verbs, **files: Any) -> Output:
    """Run `read` with the given file contents; a string is written as it is, a Path is passed as the path."""
    content = {"config": source.config, "catalog": catalog(["teams"], "full_refresh")} | files
    args = []
    for name, value in content.items():
        path = str(value) if isinstance(value, Path) else source.file(name, value)
        if isinstance(value, str):
            Path(path).write_text(value)
        args += [f"--{name}", path]
    return source.run("read", *args)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"config": Path("/nowhere/config.json")}, "The config /nowhere/config.json cannot be read: No such file"),
        ({"config": "{"}, "config.json is not valid UTF-8 JSON"),
        ({"config": "[]"}, "config.json is not a JSON object"),
        ({"config": {}}, "api_token is missing"),
        ({"config": {"api_tokn": "x"}}, "api_tokn is not an option. Did you mean api_token?"),
        ({"config": {"api_token": 7}}, "api_token is not a string"),
        (
            {"config": {"api_token": "k1", "lookback_minutes": -1}},
            "lookback_minutes is -1. Use a whole number from 0",
        ),
        ({"config": {"api_token": "k1", "rate_limit_share": 80}}, "rate_limit_share is 80. Use a number above 0"),
        ({"config": {"api_token": "k1", "endpoint": "https://api.opsgenie.com/v2"}}, "endpoint 'https://api.opsgenie"),
        ({"catalog": Path("/nowhere/catalog.json")}, "The catalog /nowhere/catalog.json cannot be read"),
        ({"catalog": "nothing"}, "catalog.json is not valid UTF-8 JSON"),
        ({"catalog": {"streams": [{"stream": {"name": "teams"}}]}}, "is not a configured Airbyte catalog. Build it"),
        ({"state": Path("/nowhere/state.json")}, "The state /nowhere/state.json cannot be read"),
        ({"state": "{"}, "state.json is not valid UTF-8 JSON"),
        ({"state": 7}, "The state is neither a state message, nor a list of these, nor an object"),
        ({"state": {"bookmarks": {"alerts": {}}}}, "The state is neither a state message, nor a list of these"),
        ({"state": {"type": "RECORD", "record": {}}}, "The state has a type that this source never writes"),
        ({"state": [{"type": "GLOBAL", "global": {}}]}, "The state has a type that this source never writes"),
    ],
)
def test_invalid_input_is_one_error_with_the_file_or_field_and_the_remedy(
    files: dict[str, Any], message: str, source: Verbs
) -> None:
    """Missing or invalid input gives one config_error and exit code 1, without a traceback."""
    output = run_with(source, **files)
    (error,) = output.errors()

    assert message in error["message"]
    assert "config_error" == error["failure_type"]
    assert output.exit_code == 1
    assert "Traceback" not in output.text


def test_an_unknown_stream_does_not_stop_the_others(source: Verbs, account: Account) -> None:
    """A stream that does not exist ends INCOMPLETE with an error; the others are read."""
    output = source.read("teams", "pagers", "users")

    assert {"teams": "COMPLETE", "pagers": "INCOMPLETE", "users": "COMPLETE"} == {
        name: statuses[-1] for name, statuses in output.statuses().items()
    }
    assert "There is no stream 'pagers'. Run discover" in output.errors()[0]["message"]
    assert output.errors()[0]["stream_descriptor"]["name"] == "pagers"
    assert len(output.records("users")) == len(account.users)


def test_an_unknown_stream_is_an_error_of_the_catalog(source: Verbs) -> None:
    """The closing error does not call it incomplete: it says only what is wrong with the catalog."""
    *_, last = source.read("pagers").errors()

    assert last["message"] == "There is no stream 'pagers'. Run discover to list all streams."
    assert last["failure_type"] == "config_error"


@pytest.mark.parametrize(
    "damage", [{"version": 2}, {"version": 2, "scope": 7, "seen": [], "tally": {}}, {"version": 3}]
)
def test_a_damaged_state_fails_its_stream_only(damage: dict[str, Any], source: Verbs) -> None:
    """A state with our version number but invalid content makes its stream INCOMPLETE, with the remedy."""
    output = source.read("alerts", "teams", state={"alerts": damage})

    assert output.statuses()["alerts"][-1] == "INCOMPLETE"
    assert output.statuses()["teams"][-1] == "COMPLETE"
    assert "eset the stream's state to read everything again" in output.errors()[0]["message"]


@pytest.mark.parametrize(
    "foreign",
    [
        {"updatedAt": "2023-01-01T00:00:00Z"},
        {"updatedAt": "1672531200"},
        {"states": [{"partition": {}, "cursor": {}}], "parent_state": {}},
    ],
)
@pytest.mark.parametrize("form", ["object", "messages", "legacy"])
def test_a_state_of_the_public_connector_starts_one_full_backfill(
    form: str, foreign: dict[str, Any], source: Verbs, account: Account
) -> None:
    """Its cursor cannot be trusted, so everything is read once, and a log line says why."""
    stream = {"stream_descriptor": {"name": "alerts"}, "stream_state": foreign}
    forms = {
        "object": {"alerts": foreign},
        "messages": [{"type": "STREAM", "stream": stream}],
        "legacy": [{"type": "LEGACY", "data": {"alerts": foreign}}],
    }
    first = source.read("alerts", state=forms[form])
    second = source.read("alerts", state=first.last_states())

    assert set(account.alerts) == {row["id"] for row in first.records("alerts")}
    assert "alerts: The state was written by another connector" in first.logs()
    assert second.records("alerts") == []
    assert "another connector" not in second.logs()


@pytest.mark.parametrize("sentinel", [None, {}, {"__ab_full_refresh_sync_complete": True}])
def test_a_finished_full_refresh_state_starts_again(sentinel: Any, source: Verbs, account: Account) -> None:
    """A state that marks a full refresh as finished never means that there is nothing to read."""
    stream = {"stream_descriptor": {"name": "alerts"}, "stream_state": sentinel}
    output = source.read("alerts", state=[{"type": "STREAM", "stream": stream}], mode="full_refresh")

    assert len(output.records("alerts")) == len(account.alerts)


def test_our_own_finished_full_refresh_starts_again(source: Verbs, account: Account) -> None:
    """A client that keeps full-refresh states still gets every row in each sync."""
    first = source.read("alerts", mode="full_refresh", generation_id=1, minimum_generation_id=1, sync_id=1)
    states = first.last_states()
    second = source.read(
        "alerts", mode="full_refresh", state=states, generation_id=1, minimum_generation_id=1, sync_id=2
    )

    assert first.records("alerts") == second.records("alerts")
    assert len(first.records("alerts")) == len(account.alerts)


@pytest.mark.parametrize(
    ("options", "part"),
    [({"alert_query": "priority: P1"}, "alert filters"), ({"start_date": "2026-01-01T00:00:00Z"}, "start_date")],
)
def test_a_changed_scope_starts_again_and_is_logged(options: dict[str, str], part: str, source: Verbs) -> None:
    """A bookmark from another query or start date is not used."""
    first = source.read("alerts")
    second = source.with_config(**options).read("alerts", state=first.last_states())

    assert f"alerts: The {part} changed since the last sync. Running one full read." in second.logs()
    assert len(second.records("alerts")) > 0


def test_a_key_that_cannot_read_the_account_name_starts_again(source: Verbs, account: Account) -> None:
    """Without Configuration Access the account of the state cannot be verified, so the state is not used."""
    states = source.read("alerts").last_states()
    output = source.with_config(api_token=account.key_without_configuration_access).read("alerts", state=states)

    assert "alerts: The state names its account, and this key may not read" in output.logs()
    assert len(output.records("alerts")) == len(account.alerts)


def test_a_state_of_another_account_starts_again_and_is_logged(source: Verbs, account: Account) -> None:
    """The bookmark of another account would leave a gap, so it is not used."""
    states = source.read("alerts").last_states()
    states[0]["stream"]["stream_state"]["scope"]["account"] = "someone-else@localhost"
    output = source.read("alerts", state=json.loads(json.dumps(states)))

    assert "alerts: The account changed since the last sync" in output.logs()
    assert len(output.records("alerts")) == len(account.alerts)
