"""The network: proxies and certificates of the environment are used, or they are an error."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.support.faulty import SHORT_BOUNDS
from tests.support.tunnel import server_context, tls_simulator, tunnel

from opsgenie_simulator import Account
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.transport import Bounds, PooledTransport, Request
from source_opsgenie.errors import ConfigError

HOST = "api.opsgenie.com"
NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
TEXTS = some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without proxies and certificates."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, str]:
    """An authority of our own, and the file with its certificate."""
    issuer = trustme.CA()
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    issuer.cert_pem.write_to_path(path)
    return issuer, str(path)


@contextmanager
def responding(response: bytes) -> Iterator[int]:
    """A port that sends *response* to the first bytes that it receives, and closes."""

    def serve() -> None:
        with listener.accept()[0] as connection:
            connection.recv(4096)
            connection.sendall(response)

    with socket.create_server(("localhost", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def status_of(url: str, account: Account | None = None) -> int:
    """The status that *url* returns."""
    key = account.full_key if account else "none"
    with closing(PooledTransport(url, connections=1, bounds=Bounds(connect=2.0, silence=2.0))) as transport:
        return transport(Request("/v2/account", headers={"Authorization": f"GenieKey {key}"})).status


def test_an_authority_of_our_own(
    authority: tuple[trustme.CA, str], environment: pytest.MonkeyPatch, account: Account
) -> None:
    """Through a proxy, a host is trusted if the authority in SSL_CERT_FILE issued its certificate."""
    with tls_simulator(account, authority[0], host=HOST) as simulator, tunnel(simulator) as proxy:
        environment.setenv("HTTPS_PROXY", proxy.url)
        environment.setenv("SSL_CERT_FILE", authority[1])

        assert 200 == status_of(f"https://{HOST}", account)
        assert [f"{HOST}:443"] == proxy.hosts


def test_a_proxy_over_tls(authority: tuple[trustme.CA, str], environment: pytest.MonkeyPatch, account: Account) -> None:
    """Over two layers of TLS, responses arrive, and one that takes too long is broken off."""
    request = Request("/v2/account", headers={"Authorization": f"GenieKey {account.full_key}"})
    with (
        tls_simulator(account, authority[0], host=HOST) as simulator,
        tunnel(simulator, secure=server_context(authority[0], host="localhost")) as proxy,
    ):
        environment.setenv("HTTPS_PROXY", proxy.url)
        environment.setenv("SSL_CERT_FILE", authority[1])
        with closing(PooledTransport(f"https://{HOST}", connections=1, bounds=SHORT_BOUNDS)) as transport:
            statuses = [transport(request).status]
            for _ in range(2):
                simulator.faults.script("endless body", route="/v2/account")
                with pytest.raises(Failure.TOO_SLOW.kind, match=Failure.TOO_SLOW.description):
                    transport(request)
            statuses.append(transport(request).status)

    assert [200, 200] == statuses
    assert {f"{HOST}:443"} == set(proxy.hosts)


def test_an_untrusted_host(
    authority: tuple[trustme.CA, str], environment: pytest.MonkeyPatch, account: Account
) -> None:
    """Without SSL_CERT_FILE, the key is not sent, and the message says what a company's proxy needs."""
    with tls_simulator(account, authority[0], host=HOST) as simulator, tunnel(simulator) as proxy:
        environment.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(Failure.UNTRUSTED.kind, match="set SSL_CERT_FILE to the file of its CA certificate"):
            status_of(f"https://{HOST}", account)

    assert [] == simulator.requests


def test_a_certificate_for_another_host(
    authority: tuple[trustme.CA, str], environment: pytest.MonkeyPatch, account: Account
) -> None:
    """A trusted authority's certificate is accepted only for the names in it."""
    with tls_simulator(account, authority[0], host="api.eu.opsgenie.com") as simulator, tunnel(simulator) as proxy:
        environment.setenv("HTTPS_PROXY", proxy.url)
        environment.setenv("SSL_CERT_FILE", authority[1])
        with pytest.raises(Failure.UNTRUSTED.kind):
            status_of(f"https://{HOST}", account)

    assert [] == simulator.requests


def test_a_host_in_no_proxy(
    authority: tuple[trustme.CA, str], environment: pytest.MonkeyPatch, account: Account
) -> None:
    """A host in NO_PROXY is requested directly, over TLS too."""
    with tls_simulator(account, authority[0], host="localhost") as simulator:
        environment.setenv("HTTPS_PROXY", "http://localhost:1")
        environment.setenv("NO_PROXY", "example.com, localhost")
        environment.setenv("SSL_CERT_FILE", authority[1])

        assert 200 == status_of(simulator.url, account)


@pytest.mark.parametrize(
    ("response", "failure"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", Failure.PROXY),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", Failure.PROXY),
        (b"HTTP/1.1 200 OK\r\n\r\nThis is not TLS.", Failure.TLS),
    ],
)
def test_a_proxy_that_rejects_the_connection(
    response: bytes, failure: Failure, environment: pytest.MonkeyPatch
) -> None:
    """A proxy that rejects the connection, or connects to something without TLS, is reported as that."""
    with responding(response) as port:
        environment.setenv("HTTPS_PROXY", f"http://me:hush@localhost:{port}")
        with pytest.raises(failure.kind) as caught:
            status_of(f"https://{HOST}")

    assert f": {failure.description} (" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_an_unknown_host_name() -> None:
    """A host name that cannot be resolved is reported as that; no resolver knows one under .invalid (RFC 6761)."""
    with pytest.raises(Failure.NO_NAME.kind, match=rf"api\.opsgenie\.invalid: {Failure.NO_NAME.description} .*Check"):
        status_of("https://api.opsgenie.invalid")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    proxy=TEXTS | some.from_regex(r"(https?|socks5)?(://)?([a-z:]*@)?[a-z\[\]:.]+:\d*", fullmatch=True), no_proxy=TEXTS
)
def test_any_proxy_is_used_or_an_error(proxy: str, no_proxy: str, environment: pytest.MonkeyPatch) -> None:
    """Any text in HTTPS_PROXY and NO_PROXY makes a transport, or a ConfigError that says what to write."""
    environment.setenv("HTTPS_PROXY", proxy)
    environment.setenv("NO_PROXY", no_proxy)
    message = ""
    try:
        PooledTransport(f"https://{HOST}", connections=1).close()
    except ConfigError as problem:
        message = str(problem)

    assert message == "" or "Write it like http://proxy.example:3128" in message
