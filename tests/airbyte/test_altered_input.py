"""Files that other programs have altered on the way: what still has one meaning is accepted."""

import codecs
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.verbs import Verbs, catalog

Change = Callable[[Any], Any]


def with_numbers(change: Change, value: Any) -> Any:
    """A copy of the JSON *value* with each of its integers changed."""
    if isinstance(value, dict):
        return {name: with_numbers(change, one) for name, one in value.items()}
    if isinstance(value, list):
        return [with_numbers(change, one) for one in value]
    return change(value) if type(value) is int else value


@pytest.mark.parametrize("change", [float, str, "{:.1f}".format, "{:E}".format])
def test_numbers_of_a_state_may_change_their_form(change: Change, source: Verbs) -> None:
    """A state whose integers became 60.0, "60" or 6E+1 resumes the read."""
    (message,) = source.read("alerts").last_states()
    altered = with_numbers(change, message["stream"])
    second = source.read("alerts", state=[{"type": "STREAM", "stream": altered}])

    assert json.dumps(message["stream"]) != json.dumps(altered)
    assert (0, []) == (second.exit_code, second.records("alerts"))


def test_a_state_may_be_lines_of_the_output(source: Verbs) -> None:
    """All STATE lines of a read, in one file, are the state of each of its streams."""
    printed = source.read("alerts", "incidents").text.splitlines()
    path = Path(source.file("state", {}))
    path.write_text("\n".join(line for line in printed if line.startswith('{"type":"STATE"')))
    files = {"config": source.config, "catalog": catalog(["alerts", "incidents"], "incremental")}
    args = [part for name, content in files.items() for part in (f"--{name}", source.file(name, content))]
    second = source.run("read", *args, "--state", str(path))

    assert (0, []) == (second.exit_code, second.of_type("RECORD"))


@pytest.mark.parametrize("form", ["line", "message", "unwrapped", "list of unwrapped", "list of lines"])
def test_a_state_may_be_complete_or_unwrapped(form: str, source: Verbs) -> None:
    """The STATE line as it was printed, its message, and the stream in it are the same state."""
    (message,) = source.read("alerts").last_states()
    line = {"type": "STATE", "state": message}
    forms = {
        "line": line,
        "message": message,
        "unwrapped": message["stream"],
        "list of unwrapped": [message["stream"]],
        "list of lines": [line],
    }

    second = source.read("alerts", state=forms[form])

    assert (0, []) == (second.exit_code, second.records("alerts"))


MARKS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


@pytest.mark.parametrize("encoding", MARKS)
def test_a_config_may_be_written_by_powershell(encoding: str, source: Verbs) -> None:
    """UTF-8 with a byte order mark and UTF-16 are read like UTF-8."""
    path = Path(source.file("config", {}))
    path.write_bytes(MARKS[encoding] + json.dumps(source.config).encode(encoding))
    output = source.run("check", "--config", str(path))

    assert "SUCCEEDED" == output.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"]


def test_whole_numbers_of_a_config_may_be_floats(source: Verbs) -> None:
    """A platform that stores numbers as floats passes on 10.0 for 10."""
    output = source.with_config(lookback_minutes=10.0, max_concurrent_requests=4.0).check()

    assert "SUCCEEDED" == output.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"]
