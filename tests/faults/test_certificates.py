"""Certificates: which are trusted, where they are searched, and that connections open concurrently."""

import socket
import ssl
import sys
import threading
from contextlib import closing, suppress
from pathlib import Path

import pytest
import trustme
import truststore

from source_opsgenie.api.network import create_ssl_context
from source_opsgenie.api.transport import Bounds, PooledTransport, Request
from source_opsgenie.errors import ConfigError, OpsgenieError

# The name that OpenSSL gives a certificate in a folder.
HASHED_NAME = "0123abcd.0"

ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux",
    reason="macOS and Windows verify certificates themselves, for one connection at a time; Linux has OpenSSL's files",
)


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_an_unreadable_certificate_file(content: str | None, tmp_path: Path) -> None:
    """A certificate file that is missing or holds no certificate is an error, never ignored."""
    path = tmp_path / "authority.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"SSL_CERT_FILE in the environment names .*Name another file, or unset it"):
        create_ssl_context(str(path))


def test_the_systems_own_certificates() -> None:
    """Without that file, the machine's own certificates are trusted, and host names are checked."""
    context = create_ssl_context("")

    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)


@ON_LINUX
@pytest.mark.parametrize(("file_name", "uses_truststore"), [("", True), (HASHED_NAME, False)])
def test_where_certificates_are_searched(file_name: str, uses_truststore: bool, tmp_path: Path) -> None:
    """A folder of certificates suffices; if OpenSSL has neither folder nor file, truststore searches more paths."""
    if file_name:
        (tmp_path / file_name).touch()
    context = create_ssl_context("", verify_paths(folder=str(tmp_path)))

    assert isinstance(context, truststore.SSLContext) == uses_truststore
    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)


@ON_LINUX
def test_certificates_added_to_the_systems_own(tmp_path: Path) -> None:
    """With a certificate file, those of the machine are still trusted."""
    files = [tmp_path / name for name in ("system.pem", "company.pem")]
    for file in files:
        trustme.CA().cert_pem.write_to_path(str(file))
    system, company = map(str, files)

    assert len(create_ssl_context(company, verify_paths(file=system)).get_ca_certs()) == 2


def verify_paths(*, file: str = "/nowhere", folder: str = "") -> ssl.DefaultVerifyPaths:
    """The paths where OpenSSL looks for certificates on another machine."""
    return ssl.get_default_verify_paths()._replace(openssl_cafile=file, capath=folder)


@ON_LINUX
def test_connections_are_opened_concurrently(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No connection waits for the handshake of another one."""
    (tmp_path / HASHED_NAME).touch()
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("no_proxy", "localhost")
    with socket.create_server(("localhost", 0)) as listener:
        listener.settimeout(10.0)
        url = f"https://localhost:{listener.getsockname()[1]}"
        with closing(PooledTransport(url, connections=2, bounds=Bounds(connect=20.0))) as transport:

            def send() -> None:
                with suppress(OpsgenieError):
                    transport(Request("/"))

            threads = [threading.Thread(target=send) for _ in range(2)]
            for thread in threads:
                thread.start()
            opened = [listener.accept()[0] for _ in threads]
            for connection in opened:
                connection.settimeout(10.0)

            assert all(connection.recv(1) for connection in opened)
            for connection in opened:
                connection.close()
            for thread in threads:
                thread.join()
