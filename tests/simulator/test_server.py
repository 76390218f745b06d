"""The HTTP server, and the command that starts it."""

import contextlib
import gc
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import click
import pytest
from click.testing import CliRunner
from tests.support.api_client import ApiClient

import opsgenie_simulator
from opsgenie_simulator import Account, Simulator, Switches
from opsgenie_simulator.cli import main

ACCOUNT = Account.seeded()


def get(url: str, *, key: str = ACCOUNT.full_key, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
    """Send a GET request over the socket."""
    request = Request(url, headers={"Authorization": f"GenieKey {key}", **headers})
    try:
        with urlopen(request, timeout=10) as response:
            return response.status, dict(response.headers), response.read()
    except HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def test_serves_http_and_logs_requests() -> None:
    """Requests are served on loopback and logged in order, with their domains; the log can be cleared."""
    with Simulator(ACCOUNT) as simulator:
        get(f"{simulator.url}/v2/alerts?limit=3&query=status%3Aopen")
        get(f"{simulator.url}/v1/services/", key="nonsense")
        first, second = simulator.requests
        counts = json.loads(get(f"{simulator.url}/_simulator/requests")[2])["data"]
        simulator.clear_requests()

        assert [] == simulator.requests
    assert simulator.url.startswith("http://localhost:")
    assert ("GET", "/v2/alerts", {"limit": "3", "query": "status:open"}) == (first.method, first.path, first.query)
    assert (200, "search", True, "/v2/alerts") == (first.status, first.domain, first.token_ok, first.route)
    assert simulator.url == f"http://{first.host}"
    assert (422, "", False) == (second.status, second.domain, second.token_ok)
    assert [("/v1/services", 422, 1), ("/v2/alerts", 200, 1)] == [
        (count["path"], count["status"], count["requests"]) for count in counts
    ]


def test_links_point_to_the_simulator() -> None:
    """`next` can be requested unchanged."""
    with Simulator(ACCOUNT) as simulator:
        _, headers, body = get(f"{simulator.url}/v2/alerts?limit=3")
        link = json.loads(body)["paging"]["next"]

        assert link == headers["X-Paging-Next"]
        assert 3 == len(json.loads(get(link)[2])["data"])


def test_large_responses_are_compressed_if_accepted() -> None:
    """A page of alerts is compressed if the client accepts gzip; a short response never is."""
    with Simulator(ACCOUNT) as simulator:
        url = f"{simulator.url}/v2/alerts?limit=100"
        _, headers, compressed = get(url, **{"Accept-Encoding": "gzip"})
        _, small, _ = get(f"{simulator.url}/v2/alerts/count", **{"Accept-Encoding": "gzip"})
        _, plain, body = get(url)

    assert "gzip" == headers["Content-Encoding"]
    assert "Content-Encoding" not in small
    assert "Content-Encoding" not in plain
    assert json.loads(body)["data"] == json.loads(gzip.decompress(compressed))["data"]


def test_date_header_follows_the_accounts_clock() -> None:
    """The API's clock can be set to any time."""
    account = Account.seeded(alerts=1)
    account.clock = lambda: 1_500_000_000_000
    with Simulator(account) as simulator:
        _, headers, _ = get(f"{simulator.url}/v2/alerts", key=account.full_key)

    assert "Fri, 14 Jul 2017 02:40:00 GMT" == headers["Date"]


def test_address_can_be_the_web_application() -> None:
    """With the switch, every path returns 200 with HTML; switches can be set while the simulator runs."""
    with Simulator(ACCOUNT, switches=Switches(host="web")) as simulator:
        status, headers, body = get(f"{simulator.url}/v2/alerts")
        simulator.switches = Switches()

        assert 200 == get(f"{simulator.url}/v2/alerts/count")[0]
    assert (200, "text/html; charset=utf-8") == (status, headers["Content-Type"])
    assert body.startswith(b"<!DOCTYPE html>")


def test_latency_delays_each_response() -> None:
    """With a latency, each response is delayed by it, and responses do not wait for each other."""
    with Simulator(ACCOUNT, latency_ms=300) as simulator:
        threads = [threading.Thread(target=get, args=(f"{simulator.url}/v2/teams",)) for _ in range(30)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - began

    assert 0.3 <= took < 30 * 0.3 / 2


def test_connections_during_shutdown_are_closed(recwarn: pytest.WarningsRecorder) -> None:
    """Clients that connect during shutdown are disconnected, and no resource leaks."""
    simulator = Simulator(ACCOUNT).start()
    address = "localhost", urlsplit(simulator.url).port
    connected = threading.Semaphore(0)

    def connect() -> None:
        with contextlib.suppress(OSError):
            while True:
                with socket.create_connection(address, timeout=10):
                    connected.release()

    threads = [threading.Thread(target=connect) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert all(connected.acquire(timeout=10) for _ in range(20))
    simulator.stop()
    for thread in threads:
        thread.join()
    gc.collect()

    assert [] == [str(warning.message) for warning in recwarn.list]


def test_response_waits_for_a_change_to_complete() -> None:
    """While the account is being changed, a response waits."""
    account = Account.seeded(alerts=10)
    client, responded = ApiClient(account), threading.Event()

    def request() -> None:
        client.get("/v2/alerts")
        responded.set()

    thread = threading.Thread(target=request)
    with account.store.lock:
        thread.start()

        assert not responded.wait(0.2)
    thread.join()

    assert responded.is_set()


def start_command(*options: str) -> "subprocess.Popen[str]":
    """Start the command in a separate process."""
    command = [sys.executable, "-m", "opsgenie_simulator", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_command_prints_its_address_and_stops_cleanly(number: signal.Signals) -> None:
    """The command prints sizes, address, keys and an example, serves requests, and exits with 0 on a signal."""
    with start_command("--port", "0", "--alerts", "1234", "--cap", "ends", "--no-cap-inclusive") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(14)]
        url = lines[1].split()[-1]
        status, _, body = get(f"{url}/v2/alerts/count")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        os.kill(process.pid, number)
        rest = process.stdout.read()

    assert "1,234 alerts" in lines[0]
    assert (200, 1234) == (status, json.loads(body)["data"]["count"])
    assert any(line.strip().startswith("curl -H") and ACCOUNT.full_key in line for line in lines)
    assert f"  export OPSGENIE_API_TOKEN={ACCOUNT.full_key}\n" in lines
    assert rest.endswith("Stopped.\n")
    assert 0 == process.returncode


def test_port_in_use_is_one_clear_message() -> None:
    """A port that is in use ends the command with a message that names it, without a traceback."""
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = CliRunner().invoke(main, ["--port", str(port), "--alerts", "1"])

    assert 1 == outcome.exit_code
    assert f"Error: cannot listen on port {port}" in outcome.output
    assert isinstance(outcome.exception, SystemExit)


OTHER_CLIENT = ["--other-client", "alerts", "1", "0", "1", "0"]


@pytest.mark.parametrize(
    "options", [["--until", "soon"], ["--days", "0"], ["--port", "70000"], ["--cap", "none"], OTHER_CLIENT]
)
def test_invalid_options_are_reported(options: list[str]) -> None:
    """An invalid option ends the command with a message that names it."""
    outcome = CliRunner().invoke(main, options)

    assert outcome.exit_code == click.UsageError.exit_code
    assert f"Invalid value for '{options[0]}'" in outcome.output


def test_every_switch_is_an_option_of_the_command() -> None:
    """The help names every switch and the options for numbers of records and limits."""
    outcome = CliRunner().invoke(main, ["--help"], terminal_width=200)
    switches: list[Any] = [f"--{name.replace('_', '-')}" for name in Switches.__dataclass_fields__]

    assert not [name for name in [*switches, "--alerts", "--per-minute", "--latency-ms"] if name not in outcome.output]


def test_help_starts_with_the_basics() -> None:
    """Numbers of records come first, open questions later under their own heading; no option is listed twice."""
    text = CliRunner().invoke(main, ["--help"], terminal_width=200).output
    headings = [line.rstrip(":") for line in text.splitlines() if line[:1].isalpha() and line.endswith(":")]
    options = [line.split()[0] for line in text.splitlines() if line.startswith("  --")]
    basics, questions = text.index("Basics:"), text.index("Open questions about the real API")

    assert ["Basics", "The account", "Limits, latency, faults and TLS"] == headings[:3]
    assert basics < text.index("--alerts") < questions < text.index("--cap ")
    assert len(main.params) + 1 == len(options) == len(set(options))


def test_exports_exist_and_are_sorted() -> None:
    """All names in `__all__` exist, in alphabetical order."""
    assert sorted(opsgenie_simulator.__all__) == opsgenie_simulator.__all__
    assert all(hasattr(opsgenie_simulator, name) for name in opsgenie_simulator.__all__)
