import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.verbs import Output, Verbs, catalog

from opsgenie_simulator import Account


def run_with(source: Verbs, **files: Any) -> Output:
    """Run `read` with these contents of its files; a text is written as it is, a Path is named as it is."""
    content = {"config": source.config, "catalog": catalog(["teams"], "full_refresh")} | files
    args = []
    for name, given in content.items():
        path = str(given) if isinstance(given, Path) else source.file(name, given)
        if isinstance(given, str):
            Path(path).write_text(given)
        args += [f"--{name}", path]
    return source.run("read", *args)


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"config": Path("/nowhere/config.json")}, "The config /nowhere/config.json cannot be read: No such file"),
        ({"config": "{"}, "config.json is not valid UTF-8 JSON"),
        ({"config": "[]"}, "config.json is no JSON object"),
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
        ({"catalog": {"streams": [{"stream": {"name": "teams"}}]}}, "is not a configured Airbyte catalog: make it of"),
        ({"state": Path("/nowhere/state.json")}, "The state /nowhere/state.json cannot be read"),
        ({"state": "{"}, "state.json is not valid UTF-8 JSON"),
        ({"state": 7}, "The state is no JSON object and no list of state messages"),
        ({"state": [{"type": "GLOBAL", "global": {}}]}, "The state is of a kind that this source never wrote"),
    ],
)
def test_one_message_names_the_file_or_field_and_the_remedy(files: dict[str, Any], said: str, source: Verbs) -> None:
    """Missing or broken input ends in one error for the user, an exit code that is not 0, and no traceback."""
    output = run_with(source, **files)
    (error,) = output.errors()

    assert said in error["message"]
    assert "config_error" == error["failure_type"]
    assert output.exit_code == 1
    assert "Traceback" not in output.text


def test_an_unknown_stream_keeps_nothing_else_back(source: Verbs, account: Account) -> None:
    """A stream that does not exist ends INCOMPLETE with a message; the others are read."""
    output = source.read("teams", "pagers", "users")

    assert {"teams": "COMPLETE", "pagers": "INCOMPLETE", "users": "COMPLETE"} == {
        name: statuses[-1] for name, statuses in output.statuses().items()
    }
    assert "There is no stream 'pagers': run discover" in output.errors()[0]["message"]
    assert output.errors()[0]["stream_descriptor"]["name"] == "pagers"
    assert len(output.records("users")) == len(account.users)


def test_a_stream_that_does_not_exist_is_a_wrong_catalog(source: Verbs) -> None:
    """Nothing of it is incomplete: the closing error says what is wrong with the catalog, and nothing else."""
    *_, last = source.read("pagers").errors()

    assert last["message"] == "There is no stream 'pagers': run discover, and take a name from what it prints."
    assert last["failure_type"] == "config_error"


@pytest.mark.parametrize(
    "damage", [{"version": 1}, {"version": 1, "scope": 7, "seen": [], "tally": {}}, {"version": 2}]
)
def test_a_damaged_state_fails_its_stream_only(damage: dict[str, Any], source: Verbs) -> None:
    """A state that claims to be ours and is not makes its stream INCOMPLETE, and says what to do."""
    output = source.read("alerts", "teams", state={"alerts": damage})

    assert output.statuses()["alerts"][-1] == "INCOMPLETE"
    assert output.statuses()["teams"][-1] == "COMPLETE"
    assert "reset the stream's state" in output.errors()[0]["message"]


@pytest.mark.parametrize(
    "foreign",
    [
        {"updatedAt": "2023-01-01T00:00:00Z"},
        {"updatedAt": "1672531200"},
        {"states": [{"partition": {}, "cursor": {}}], "parent_state": {}},
    ],
)
@pytest.mark.parametrize("form", ["object", "messages", "legacy"])
def test_the_public_connectors_state_leads_to_one_full_backfill(
    form: str, foreign: dict[str, Any], source: Verbs, account: Account
) -> None:
    """Its cursor is the newest row that it reached, so everything is read once, and a message says why."""
    stream = {"stream_descriptor": {"name": "alerts"}, "stream_state": foreign}
    forms = {
        "object": {"alerts": foreign},
        "messages": [{"type": "STREAM", "stream": stream}],
        "legacy": [{"type": "LEGACY", "data": {"alerts": foreign}}],
    }
    first = source.read("alerts", state=forms[form])
    second = source.read("alerts", state=first.last_states())

    assert set(account.alerts) == {row["id"] for row in first.records("alerts")}
    assert "alerts: the state was written by another connector" in first.logs()
    assert second.records("alerts") == []
    assert "another connector" not in second.logs()


@pytest.mark.parametrize("sentinel", [None, {}, {"__ab_full_refresh_sync_complete": True}])
def test_sentinels_of_a_full_refresh_mean_begin_again(sentinel: Any, source: Verbs, account: Account) -> None:
    """What says that a full refresh was finished never means that there is nothing to do."""
    stream = {"stream_descriptor": {"name": "alerts"}, "stream_state": sentinel}
    output = source.read("alerts", state=[{"type": "STREAM", "stream": stream}], mode="full_refresh")

    assert len(output.records("alerts")) == len(account.alerts)


def test_our_own_finished_full_refresh_begins_again(source: Verbs, account: Account) -> None:
    """A client that keeps full-refresh states for ever gets every row each time."""
    first = source.read("alerts", mode="full_refresh", generation_id=1, minimum_generation_id=1, sync_id=1)
    states = first.last_states()
    second = source.read(
        "alerts", mode="full_refresh", state=states, generation_id=1, minimum_generation_id=1, sync_id=2
    )

    assert first.records("alerts") == second.records("alerts")
    assert len(first.records("alerts")) == len(account.alerts)


@pytest.mark.parametrize(
    ("options", "word"),
    [({"alert_query": "priority: P1"}, "alert_query"), ({"start_date": "2026-01-01T00:00:00Z"}, "start_date")],
)
def test_a_changed_scope_starts_again_and_says_so(options: dict[str, str], word: str, source: Verbs) -> None:
    """A bookmark made under another query or start date is worth nothing."""
    first = source.read("alerts")
    second = source.with_config(**options).read("alerts", state=first.last_states())

    assert f"alerts: the {word} is not that of the sync before: everything is read again." in second.logs()
    assert len(second.records("alerts")) > 0


def test_a_key_that_may_not_tell_its_account_starts_again_and_says_so(source: Verbs, account: Account) -> None:
    """Whether a state is of the account of a key without Configuration Access cannot be known: so it is not used."""
    states = source.read("alerts").last_states()
    output = source.with_config(api_token=account.key_without_configuration_access).read("alerts", state=states)

    assert "alerts: this key may not tell whose account it is (it lacks Configuration Access)" in output.logs()
    assert len(output.records("alerts")) == len(account.alerts)


def test_a_state_of_another_account_starts_again_and_says_so(source: Verbs, account: Account) -> None:
    """Another account's bookmark would leave a gap: it is not used."""
    states = source.read("alerts").last_states()
    states[0]["stream"]["stream_state"]["scope"]["account"] = "someone-else@localhost"
    output = source.read("alerts", state=json.loads(json.dumps(states)))

    assert "alerts: the account is not that of the sync before" in output.logs()
    assert len(output.records("alerts")) == len(account.alerts)
