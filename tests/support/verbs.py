"""Run Airbyte's verbs, and check every read against the rules of Airbyte's protocol."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from source_opsgenie.airbyte.cli import parse_arguments
from source_opsgenie.airbyte.launch import launch
from source_opsgenie.streams import STREAMS
from tests.support.leaks import find_leaks, record_output

Message = dict[str, Any]


@dataclass(frozen=True)
class Output:
    """The messages that a verb printed, and its exit code."""

    text: str
    exit_code: int
    messages: list[Message] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "messages", [json.loads(line) for line in self.text.splitlines()])

    def of_type(self, kind: str) -> list[Message]:
        """The messages of the given type."""
        return [message for message in self.messages if message["type"] == kind]

    def records(self, stream: str) -> list[dict[str, Any]]:
        """The rows of *stream*, in order."""
        return [
            message["record"]["data"] for message in self.of_type("RECORD") if message["record"]["stream"] == stream
        ]

    def keys(self, stream: str) -> list[tuple[Any, ...]]:
        """The primary keys of the rows of *stream*, in order."""
        return [tuple(row[name] for name in STREAMS[stream].key) for row in self.records(stream)]

    def last_states(self) -> list[Message]:
        """The last state of each stream, as a platform would pass them to the next read."""
        last = {message["state"]["stream"]["stream_descriptor"]["name"]: message for message in self.of_type("STATE")}
        return [message["state"] for message in last.values()]

    def statuses(self) -> dict[str, list[str]]:
        """The statuses of each stream, in order."""
        statuses: dict[str, list[str]] = defaultdict(list)
        for message in self.of_type("TRACE"):
            if status := message["trace"].get("stream_status"):
                statuses[status["stream_descriptor"]["name"]].append(status["status"])
        return dict(statuses)

    def errors(self) -> list[dict[str, Any]]:
        """The reported errors, in order."""
        return [message["trace"]["error"] for message in self.of_type("TRACE") if message["trace"]["type"] == "ERROR"]

    def logs(self) -> str:
        """The log messages, one per line."""
        return "\n".join(message["log"]["message"] for message in self.of_type("LOG"))


@dataclass(frozen=True)
class Verbs:
    """Runs the verbs of `source-opsgenie` in this process, as the console script does."""

    config: Mapping[str, Any]
    folder: Path
    capfd: pytest.CaptureFixture[str]

    def with_config(self, **options: Any) -> "Verbs":
        """Return a copy with *options* changed."""
        return Verbs({**self.config, **options}, self.folder, self.capfd)

    def run(self, *args: str) -> Output:
        """Run one verb; fails if the key appears in the output or in a file."""
        self.capfd.readouterr()
        exit_code = launch(parse_arguments(args))
        printed = self.capfd.readouterr()
        written = set(self.folder.rglob("*")) - {self.folder / "config.json"}

        texts = [record_output(text) for text in (printed.out, printed.err)]
        assert [] == find_leaks(str(self.config.get("api_token", "")), *texts, files=written)
        assert printed.err == ""
        return Output(printed.out, exit_code)

    def check(self) -> Output:
        """Run `check`."""
        return self.run("check", "--config", self.file("config", self.config))

    def read(self, *streams: str, state: Any = None, mode: str = "incremental", **configured: Any) -> Output:
        """Run `read` for *streams*, by default all, and check its output against the protocol."""
        names = streams or tuple(STREAMS)
        args = [
            "--config",
            self.file("config", self.config),
            "--catalog",
            self.file("catalog", catalog(names, mode, **configured)),
        ]
        output = self.run("read", *args, *(["--state", self.file("state", state)] if state is not None else []))

        assert find_violations(output, names) == []
        return output

    def file(self, name: str, content: Any) -> str:
        """Write *content* to a JSON file; returns its path."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)


def catalog(names: Iterable[str], mode: str, **configured: Any) -> dict[str, Any]:
    """Build a configured catalog of the streams *names*."""
    stream = {"json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    return {
        "streams": [
            {"stream": {"name": name, **stream}, "sync_mode": mode, "destination_sync_mode": "append"} | configured
            for name in names
        ]
    }


def find_violations(output: Output, names: Iterable[str]) -> list[str]:
    """Return the rules of Airbyte's protocol that the messages of a read violate."""
    check = _ProtocolCheck()
    for message in output.messages:
        check.add(message)
    for name in names:
        check.expect(check.status.get(name) in {"COMPLETE", "INCOMPLETE", None}, f"{name} has no terminal status")
    incomplete = [name for name in names if check.status.get(name) != "COMPLETE"]
    check.expect(
        bool(incomplete) == bool(output.exit_code), f"exit code {output.exit_code} with {incomplete} incomplete"
    )
    check.expect(check.status.keys() <= set(names), "a status of a stream that was not requested")
    return check.violations


class _ProtocolCheck:
    """Follows the messages of a read in order and collects violations."""

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.status: dict[str, str] = {}
        self.state: dict[str, Any] = {}
        self.rows_since_state: dict[str, int] = defaultdict(int)

    def expect(self, holds: bool, violation: str) -> None:
        if not holds:
            self.violations.append(violation)

    def add(self, message: Message) -> None:
        if message["type"] == "RECORD":
            self._add_row(message["record"]["stream"])
        elif message["type"] == "STATE":
            self._add_state(message["state"])
        elif status := message.get("trace", {}).get("stream_status"):
            self._add_status(status["stream_descriptor"]["name"], status["status"])

    def _add_row(self, name: str) -> None:
        self.expect(self.status.get(name) == "RUNNING", f"a row of {name}, which is not RUNNING")
        self.rows_since_state[name] += 1

    def _add_state(self, state: dict[str, Any]) -> None:
        name, blob = state["stream"]["stream_descriptor"]["name"], state["stream"]["stream_state"]
        self.expect(self.status.get(name) == "RUNNING", f"a state of {name}, which is not RUNNING")
        self.expect(bool(blob), f"an empty state of {name}")
        if self.rows_since_state[name]:
            self.expect(blob != self.state.get(name), f"two equal states of {name} with rows between them")
        self.expect(
            state["sourceStats"]["recordCount"] == self.rows_since_state[name], f"a wrong recordCount of {name}"
        )
        self.state[name], self.rows_since_state[name] = blob, 0

    def _add_status(self, name: str, status: str) -> None:
        order = {None: {"STARTED"}, "STARTED": {"RUNNING"}, "RUNNING": {"RUNNING", "COMPLETE", "INCOMPLETE"}}
        previous = self.status.get(name)
        self.expect(status in order.get(previous, set()), f"{name} is {status} after {previous}")
        if status == "COMPLETE":
            has_state = name in self.state and not self.rows_since_state[name]
            self.expect(has_state, f"{name} is COMPLETE before its last state")
        self.status[name] = status
