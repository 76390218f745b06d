"""Input of any shape: it is used, or one message says what to do; never a traceback."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as some
from tests.support.archive_command import Command
from tests.support.leaks import KEY
from tests.support.verbs import Verbs, catalog

from opsgenie_simulator import Account, Simulator
from source_opsgenie.airbyte.protocol import parse_catalog, parse_states
from source_opsgenie.config import Config
from source_opsgenie.errors import CatalogError, ConfigError, StateError
from source_opsgenie.options import OPTIONS

TEXTS = some.text(max_size=12)
JSON = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53), 2**53) | some.floats(allow_nan=False) | TEXTS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@pytest.fixture
def archive(simulator: Simulator, account: Account, tmp_path: Path) -> Command:
    """`opsgenie-archive` with a key that may read everything."""
    return Command(simulator, account.full_key, tmp_path / "acme.duckdb")


WITHIN = ("stream_descriptor", "stream_state")
QUICK = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FEW = settings(QUICK, max_examples=12)
GIVEN = {"api_token": KEY}


@QUICK
@given(some.dictionaries(some.sampled_from(sorted(OPTIONS)), JSON, max_size=4))
def test_any_value_of_an_option_is_used_or_an_error(options: dict[str, Any]) -> None:
    """Any value of an option is in the config, or a ConfigError names the option."""
    given_options = GIVEN | options
    said = ""
    try:
        config = Config.from_mapping(given_options, environment={})
    except ConfigError as problem:
        said = str(problem)
    else:
        numbers = {
            name: value for name, value in options.items() if name in Config.__slots__ and type(value) in {int, float}
        }

        assert numbers == {name: getattr(config, name) for name in numbers}

    assert said == "" or any(name in said for name in given_options)


@QUICK
@given(some.dictionaries(TEXTS, JSON, max_size=3) | JSON)
def test_any_catalog_is_read_or_an_error(given_catalog: Any) -> None:
    """Any JSON is a catalog, or a CatalogError says how to make one."""
    assume(isinstance(given_catalog, dict))
    said = ""
    try:
        parse_catalog(given_catalog, "catalog.json")
    except CatalogError as problem:
        said = str(problem)

    assert said == "" or "Build it from the output of discover" in said


@QUICK
@given(
    JSON
    | some.lists(
        some.fixed_dictionaries({"type": some.just("STREAM") | JSON, "stream": JSON})
        | some.fixed_dictionaries(
            {"stream": some.fixed_dictionaries({"stream_descriptor": JSON, "stream_state": JSON})}
        ),
        max_size=2,
    )
)
def test_any_state_is_read_or_an_error(given_state: Any) -> None:
    """Any JSON is read as a state of each stream, or a StateError says what to do."""
    said, found = "", {}
    try:
        found = parse_states(given_state)
    except StateError as problem:
        said = str(problem)

    assert said == "" or "Reset it to read everything again" in said
    assert all(isinstance(name, str) for name in found)


@FEW
@given(what=some.sampled_from(["config", "catalog", "state"]), content=JSON)
def test_any_file_ends_in_messages(what: str, content: Any, source: Verbs) -> None:
    """From the command line too, any JSON in any file ends in messages and an exit code, never in a traceback."""
    files = {"config": source.config, "catalog": catalog(["teams"], "full_refresh"), "state": []} | {what: content}
    output = source.run("read", *(word for name in files for word in (f"--{name}", source.file(name, files[name]))))

    assert "Traceback" not in output.text
    assert (output.exit_code == 0) == (output.errors() == [])


@FEW
@given(content=some.binary(min_size=1, max_size=400))
def test_a_file_that_is_not_an_archive_is_not_changed(content: bytes, archive: Command) -> None:
    """A file that is not an archive is rejected in one line, and keeps every byte."""
    archive.path.write_bytes(content)
    result = archive("sync", "--to", str(archive.path), "--streams", "teams")

    assert (1, content) == (result.exit_code, archive.path.read_bytes())
    assert str(archive.path) in result.stderr
    assert 1 == len(result.stderr.splitlines())


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE _archive.streams",
        "DROP TABLE teams",
        "ALTER TABLE teams DROP COLUMN name",
        "ALTER TABLE teams ALTER COLUMN name TYPE INTEGER USING 1",
        "UPDATE _archive.streams SET state = '[]'",
        "UPDATE _archive.streams SET state = '7'",
        "UPDATE _archive.streams SET state = NULL",
        "UPDATE _archive.file SET format = NULL",
        "DELETE FROM _archive.file",
        "CREATE TABLE mine AS SELECT 1 AS one",
    ],
)
def test_an_archive_that_was_changed_by_hand(damage: str, archive: Command) -> None:
    """After any manual change the next sync ends complete or says what it cannot use, without a traceback."""
    archive.sync("--streams", "teams")
    with duckdb.connect(str(archive.path)) as database:
        database.execute(damage)
    result = archive("sync", "--to", str(archive.path), "--streams", "teams")

    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in {0, 1}
    assert result.exit_code == 0 or str(archive.path) in result.stderr or "state" in result.stderr


@QUICK
@given(some.text(min_size=1, max_size=20) | some.from_regex(r"(https?://)?[a-z.]+(:\d+)?/?", fullmatch=True))
def test_any_url_in_the_environment(address: str) -> None:
    """An overridden endpoint is an https URL or on this machine, or a ConfigError says what to write."""
    said, url = "", "https:"
    try:
        url = Config.from_mapping(GIVEN, environment={"OPSGENIE_API_URL": address}).base_url
    except ConfigError as problem:
        said = str(problem)

    assert said == "" or "Use api.opsgenie.com or" in said
    assert url.startswith(("https:", "http://localhost", "http://127.0.0.1", "http://[::1]"))
