"""The simulator over HTTPS, for clients that require it."""

import gc
import json
import socket
import ssl
import subprocess
import sys
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import click
import pytest
import trustme
from click.testing import CliRunner

from opsgenie_simulator import Account, Simulator
from opsgenie_simulator.cli import main

KEY = Account.seeded(alerts=0).full_key


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for loopback with its private key, and a context that trusts it."""
    authority, path, trusting = trustme.CA(), tmp_path / "certificate.pem", ssl.create_default_context()
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(path)
    authority.configure_trust(trusting)
    return path, trusting


def test_serves_https_with_a_certificate(certificate: tuple[Path, ssl.SSLContext]) -> None:
    """With a certificate, the command serves HTTPS, and its links use HTTPS too."""
    path, trusting = certificate
    command = [sys.executable, "-m", "opsgenie_simulator", "--port", "0", "--alerts", "3", "--certificate", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = [process.stdout.readline() for _ in range(2)][1].split()[-1]
        request = Request(f"{url}/v2/alerts?limit=2", headers={"Authorization": f"GenieKey {KEY}"})
        with urlopen(request, timeout=10, context=trusting) as response:
            page = json.loads(response.read())
        process.terminate()
        process.stdout.read()

    assert url.startswith("https://localhost:")
    assert page["paging"]["next"].startswith(f"{url}/v2/alerts")


def test_file_without_a_certificate_is_reported(tmp_path: Path) -> None:
    """A file without a certificate and its key ends the command with a message that names the option."""
    path = tmp_path / "empty.pem"
    path.touch()
    outcome = CliRunner().invoke(main, ["--port", "0", "--certificate", str(path)])

    assert click.UsageError.exit_code == outcome.exit_code
    assert "Invalid value for --certificate" in outcome.output


def test_client_that_never_starts_tls_leaks_nothing(
    certificate: tuple[Path, ssl.SSLContext], recwarn: pytest.WarningsRecorder
) -> None:
    """At shutdown, a connection that never started its handshake is closed with the others."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[0])
    simulator = Simulator(Account.seeded(alerts=0), tls=context).start()
    with socket.create_connection(("localhost", urlsplit(simulator.url).port), timeout=10) as silent:
        # Once this later connection is served, the silent one has been accepted.
        with pytest.raises(URLError, match="CERTIFICATE_VERIFY_FAILED"):
            urlopen(simulator.url, timeout=10, context=ssl.create_default_context())
        simulator.stop()
        assert silent.recv(1) == b""
    gc.collect()

    assert [] == recwarn.list
