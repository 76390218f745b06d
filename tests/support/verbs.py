"""Airbyte's verbs through the front door, and the order of messages that every read must keep."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from source_opsgenie.airbyte.cli import parse_arguments
from source_opsgenie.airbyte.source import launch
from source_opsgenie.streams import STREAMS
from tests.support.leaks import find_leaks, record_output

Message = dict[str, Any]


@dataclass(frozen=True)
class Output:
    """What one verb printed, and its exit code."""

    text: str
    exit_code: int
    messages: list[Message] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "messages", [json.loads(line) for line in self.text.splitlines()])

    def of_type(self, kind: str) -> list[Message]:
        """The messages of one type."""
        return [message for message in self.messages if message["type"] == kind]

    def records(self, stream: str) -> list[dict[str, Any]]:
        """The rows of one stream, in order."""
        return [
            message["record"]["data"] for message in self.of_type("RECORD") if message["record"]["stream"] == stream
        ]

    def keys(self, stream: str) -> list[tuple[Any, ...]]:
        """The keys of the rows of one stream, in order."""
        return [tuple(row[name] for name in STREAMS[stream].key) for row in self.records(stream)]

    def last_states(self) -> list[Message]:
        """The last state of each stream, as a platform would hand them back."""
        last = {message["state"]["stream"]["stream_descriptor"]["name"]: message for message in self.of_type("STATE")}
        return [message["state"] for message in last.values()]

    def statuses(self) -> dict[str, list[str]]:
        """The statuses of each stream, in order."""
        found: dict[str, list[str]] = defaultdict(list)
        for message in self.of_type("TRACE"):
            if status := message["trace"].get("stream_status"):
                found[status["stream_descriptor"]["name"]].append(status["status"])
        return dict(found)

    def errors(self) -> list[dict[str, Any]]:
        """The errors told, in order."""
        return [message["trace"]["error"] for message in self.of_type("TRACE") if message["trace"]["type"] == "ERROR"]

    def logs(self) -> str:
        """All that was logged, a line each."""
        return "\n".join(message["log"]["message"] for message in self.of_type("LOG"))


@dataclass(frozen=True)
class Verbs:
    """Runs the verbs of `source-opsgenie` in this process, as its console script would."""

    config: Mapping[str, Any]
    folder: Path
    capfd: pytest.CaptureFixture[str]

    def with_config(self, **options: Any) -> "Verbs":
        """The same, with other options."""
        return Verbs({**self.config, **options}, self.folder, self.capfd)

    def run(self, *args: str) -> Output:
        """Run one verb."""
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
        """Run `read` for *streams*, all of the table if none is named, and hold its output to the protocol."""
        names = streams or tuple(STREAMS)
        args = [
            "--config",
            self.file("config", self.config),
            "--catalog",
            self.file("catalog", catalog(names, mode, **configured)),
        ]
        output = self.run("read", *args, *(["--state", self.file("state", state)] if state is not None else []))

        assert broken_rules(output, names) == []
        return output

    def file(self, name: str, content: Any) -> str:
        """Write *content* into a file, and name it."""
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)


def catalog(names: Iterable[str], mode: str, **configured: Any) -> dict[str, Any]:
    """A configured catalog of the streams *names*."""
    stream = {"json_schema": {}, "supported_sync_modes": ["full_refresh", "incremental"]}
    return {
        "streams": [
            {"stream": {"name": name, **stream}, "sync_mode": mode, "destination_sync_mode": "append"} | configured
            for name in names
        ]
    }


def broken_rules(output: Output, names: Iterable[str]) -> list[str]:
    """What the messages of a read do that Airbyte's protocol forbids; nothing if all is well."""
    told = _Told()
    for message in output.messages:
        told.take(message)
    for name in names:
        told.expect(told.status.get(name) in {"COMPLETE", "INCOMPLETE", None}, f"{name} has no terminal status")
    incomplete = [name for name in names if told.status.get(name) != "COMPLETE"]
    told.expect(
        bool(incomplete) == bool(output.exit_code), f"exit code {output.exit_code} with {incomplete} incomplete"
    )
    told.expect(told.status.keys() <= set(names), "a status for a stream that nobody asked for")
    return told.broken


class _Told:
    """Follows the messages of a read, one after the other."""

    def __init__(self) -> None:
        self.broken: list[str] = []
        self.status: dict[str, str] = {}
        self.state: dict[str, Any] = {}
        self.rows_since_state: dict[str, int] = defaultdict(int)

    def expect(self, holds: bool, rule: str) -> None:
        if not holds:
            self.broken.append(rule)

    def take(self, message: Message) -> None:
        if message["type"] == "RECORD":
            self._row(message["record"]["stream"])
        elif message["type"] == "STATE":
            self._state(message["state"])
        elif status := message.get("trace", {}).get("stream_status"):
            self._status(status["stream_descriptor"]["name"], status["status"])

    def _row(self, name: str) -> None:
        self.expect(self.status.get(name) == "RUNNING", f"a row of {name} while it is not RUNNING")
        self.rows_since_state[name] += 1

    def _state(self, state: dict[str, Any]) -> None:
        name, blob = state["stream"]["stream_descriptor"]["name"], state["stream"]["stream_state"]
        self.expect(self.status.get(name) == "RUNNING", f"a state of {name} while it is not RUNNING")
        self.expect(bool(blob), f"an empty state of {name}")
        if self.rows_since_state[name]:
            self.expect(blob != self.state.get(name), f"two equal states of {name} with rows between")
        self.expect(state["sourceStats"]["recordCount"] == self.rows_since_state[name], f"{name} miscounts its rows")
        self.state[name], self.rows_since_state[name] = blob, 0

    def _status(self, name: str, status: str) -> None:
        order = {None: {"STARTED"}, "STARTED": {"RUNNING"}, "RUNNING": {"RUNNING", "COMPLETE", "INCOMPLETE"}}
        self.expect(status in order.get(self.status.get(name), set()), f"{name} goes to {status}")
        if status == "COMPLETE":
            self.expect(name in self.state and not self.rows_since_state[name], f"{name} is COMPLETE before its state")
        self.status[name] = status
