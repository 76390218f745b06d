"""The way to the API: proxies, certificates, naps; each word of the environment followed, or an error."""

import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import trustme
import truststore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from tests.support.faulty import HASTY
from tests.support.tunnel import certificate, certified, tunnel

from opsgenie_simulator import Account, Simulator
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.network import trust
from source_opsgenie.api.transport import Bounds, PooledTransport, Request
from source_opsgenie.clock import NAP_SECONDS, SuspendDetector
from source_opsgenie.errors import ConfigError, OpsgenieError, Unreachable

HOST = "api.opsgenie.com"
# As OpenSSL calls a certificate in a folder.
HASHED = "0123abcd.0"
NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")
WORDS = some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)

ON_LINUX = pytest.mark.skipif(
    sys.platform != "linux",
    reason="macOS and Windows are asked whom they trust, for one connection at a time; on Linux, OpenSSL's files tell",
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that says nothing of the way."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, str]:
    """An authority of our own, and the file with its certificate."""
    made = trustme.CA()
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    made.cert_pem.write_to_path(path)
    return made, str(path)


@contextmanager
def answering(said: bytes) -> Iterator[int]:
    """A port on which *said* is answered to whatever comes first; then it is closed."""

    def serve() -> None:
        with listener.accept()[0] as connection:
            connection.recv(4096)
            connection.sendall(said)

    with socket.create_server(("localhost", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)


def asked(url: str, account: Account | None = None) -> int:
    """The status that *url* answers."""
    key = account.full_key if account else "none"
    with closing(PooledTransport(url, connections=1, bounds=Bounds(connect=2.0, silence=2.0))) as transport:
        return transport(Request("/v2/account", headers={"Authorization": f"GenieKey {key}"})).status


def test_an_authority_of_our_own(
    authority: tuple[trustme.CA, str], environment: pytest.MonkeyPatch, account: Account
) -> None:
    """Through a proxy, a host is trusted whose certificate the authority in SSL_CERT_FILE signed."""
    with certified(account, authority[0], host=HOST) as simulator, tunnel(simulator) as proxy:
        environment.setenv("HTTPS_PROXY", proxy.url)
        environment.setenv("SSL_CERT_FILE", authority[1])

        assert 200 == asked(f"https://{HOST}", account)
        assert [f"{HOST}:443"] == proxy.hosts


def test_a_proxy_that_speaks_tls(
    authority: tuple[trustme.CA, str], environment: pytest.MonkeyPatch, account: Account
) -> None:
    """Over two layers of TLS, answers come, and one that takes too long is broken off as anywhere else."""
    request = Request("/v2/account", headers={"Authorization": f"GenieKey {account.full_key}"})
    with (
        certified(account, authority[0], host=HOST) as simulator,
        tunnel(simulator, secure=certificate(authority[0], host="localhost")) as proxy,
    ):
        environment.setenv("HTTPS_PROXY", proxy.url)
        environment.setenv("SSL_CERT_FILE", authority[1])
        with closing(PooledTransport(f"https://{HOST}", connections=1, bounds=HASTY)) as transport:
            found = [transport(request).status]
            for _ in range(2):
                simulator.faults.script("endless body", route="/v2/account")
                with pytest.raises(Failure.TOO_SLOW.kind, match="takes too long"):
                    transport(request)
            found.append(transport(request).status)

    assert [200, 200] == found
    assert {f"{HOST}:443"} == set(proxy.hosts)


def test_a_host_that_nobody_vouches_for(
    authority: tuple[trustme.CA, str], environment: pytest.MonkeyPatch, account: Account
) -> None:
    """Without that, the key is not sent, and the message says what a company's proxy needs."""
    with certified(account, authority[0], host=HOST) as simulator, tunnel(simulator) as proxy:
        environment.setenv("HTTPS_PROXY", proxy.url)
        with pytest.raises(Failure.UNTRUSTED.kind, match="name the file of its authority in SSL_CERT_FILE"):
            asked(f"https://{HOST}", account)

    assert [] == simulator.requests


def test_a_certificate_for_another_host(
    authority: tuple[trustme.CA, str], environment: pytest.MonkeyPatch, account: Account
) -> None:
    """An authority that is trusted vouches for the names in its certificates only."""
    with certified(account, authority[0], host="api.eu.opsgenie.com") as simulator, tunnel(simulator) as proxy:
        environment.setenv("HTTPS_PROXY", proxy.url)
        environment.setenv("SSL_CERT_FILE", authority[1])
        with pytest.raises(Failure.UNTRUSTED.kind):
            asked(f"https://{HOST}", account)

    assert [] == simulator.requests


def test_hosts_that_no_proxy_is_for(
    authority: tuple[trustme.CA, str], environment: pytest.MonkeyPatch, account: Account
) -> None:
    """NO_PROXY names hosts that are asked directly, over TLS too."""
    with certified(account, authority[0], host="localhost") as simulator:
        environment.setenv("HTTPS_PROXY", "http://localhost:1")
        environment.setenv("NO_PROXY", "example.com, localhost")
        environment.setenv("SSL_CERT_FILE", authority[1])

        assert 200 == asked(simulator.url, account)


@pytest.mark.parametrize(
    ("said", "failure"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", Failure.PROXY),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", Failure.PROXY),
        (b"HTTP/1.1 200 OK\r\n\r\nThis is no TLS.", Failure.TLS),
    ],
)
def test_a_proxy_that_says_no(said: bytes, failure: Failure, environment: pytest.MonkeyPatch) -> None:
    """A proxy that refuses, or opens the way to something that is no TLS, is told as that."""
    with answering(said) as port:
        environment.setenv("HTTPS_PROXY", f"http://me:hush@localhost:{port}")
        with pytest.raises(failure.kind) as caught:
            asked(f"https://{HOST}")

    assert f": {failure.what} (" in str(caught.value)
    assert "hush" not in str(caught.value)


def test_a_name_that_nobody_knows() -> None:
    """A host whose name cannot be resolved is told as that; no resolver knows one under .invalid (RFC 6761)."""
    with pytest.raises(Failure.NO_NAME.kind, match=rf"api\.opsgenie\.invalid: {Failure.NO_NAME.what} .*Check"):
        asked("https://api.opsgenie.invalid")


@pytest.mark.parametrize("content", [None, "", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_authorities_that_cannot_be_read(content: str | None, tmp_path: Path) -> None:
    """A file of authorities that is missing or holds none is an error, never passed over."""
    path = tmp_path / "authority.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigError, match=r"SSL_CERT_FILE in the environment names .*name another file, or unset it"):
        trust(str(path))


def test_the_systems_own_authorities() -> None:
    """Without that file, the machine's own certificates are trusted, and every name is checked."""
    context = trust("")

    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)


@ON_LINUX
@pytest.mark.parametrize(("holds", "asks_truststore"), [("", True), (HASHED, False)])
def test_where_authorities_are_looked_for(holds: str, asks_truststore: bool, tmp_path: Path) -> None:
    """A folder of certificates suffices; where OpenSSL has neither folder nor file, truststore knows more places."""
    if holds:
        (tmp_path / holds).touch()
    context = trust("", places(folder=str(tmp_path)))

    assert isinstance(context, truststore.SSLContext) == asks_truststore
    assert (ssl.CERT_REQUIRED, True) == (context.verify_mode, context.check_hostname)


@ON_LINUX
def test_authorities_beside_the_systems_own(tmp_path: Path) -> None:
    """Who names a file of authorities still trusts those of the machine."""
    files = [tmp_path / name for name in ("system.pem", "company.pem")]
    for file in files:
        trustme.CA().cert_pem.write_to_path(str(file))
    system, company = map(str, files)

    assert len(trust(company, places(file=system)).get_ca_certs()) == 2


def places(*, file: str = "/nowhere", folder: str = "") -> ssl.DefaultVerifyPaths:
    """Where an OpenSSL looks for certificates, on some other machine."""
    return ssl.get_default_verify_paths()._replace(openssl_cafile=file, capath=folder)


@ON_LINUX
def test_connections_are_opened_side_by_side(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No connection waits until the handshake of another one is over."""
    (tmp_path / HASHED).touch()
    environment.setenv("SSL_CERT_DIR", str(tmp_path))
    with socket.create_server(("localhost", 0)) as listener:
        listener.settimeout(10.0)
        url = f"https://localhost:{listener.getsockname()[1]}"
        with closing(PooledTransport(url, connections=2, bounds=Bounds(connect=20.0))) as transport:

            def ask() -> None:
                with suppress(OpsgenieError):
                    transport(Request("/"))

            threads = [threading.Thread(target=ask) for _ in range(2)]
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


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(proxy=WORDS | some.from_regex(r"(https?|socks5)?(://)?([a-z:]*@)?[a-z\[\]:.]+:\d*", fullmatch=True), but=WORDS)
def test_any_word_for_a_proxy(proxy: str, but: str, environment: pytest.MonkeyPatch) -> None:
    """Whatever HTTPS_PROXY and NO_PROXY say, a transport is made of it, or a ConfigError says what to write."""
    environment.setenv("HTTPS_PROXY", proxy)
    environment.setenv("NO_PROXY", but)
    said = ""
    try:
        PooledTransport(f"https://{HOST}", connections=1).close()
    except ConfigError as problem:
        said = str(problem)

    assert said == "" or "write it like http://proxy.example:3128" in said


def test_naps_are_noticed() -> None:
    """A wall clock that went on while the other stood is a nap, and so is a long time between two looks."""
    awake = iter([0.0, 2.0, 4.0, 6.0, 6.0 + 2 * NAP_SECONDS])
    wall = iter([0.0, 2.0, 3600.0, 3602.0, 3602.0 + 2 * NAP_SECONDS])
    naps = SuspendDetector(awake.__next__, wall.__next__)
    found = [naps.noticed() for _ in range(4)]

    assert [False, True, False, True] == found


class Napping(SuspendDetector):
    """A machine that has just slept, whenever it is asked."""

    def noticed(self) -> bool:
        return True


def test_after_a_nap_connections_are_new(simulator: Simulator, account: Account) -> None:
    """What was asked over a connection from before the nap is broken off, and the next request makes a new one."""
    request = Request("/v2/account", headers={"Authorization": f"GenieKey {account.full_key}"})
    simulator.faults.script("late response", route="/v2/account")
    failed: list[OpsgenieError] = []
    with closing(PooledTransport(simulator.url, connections=2, bounds=Bounds(tick=60.0), naps=Napping())) as transport:

        def ask() -> None:
            try:
                transport(request)
            except OpsgenieError as problem:
                failed.append(problem)

        asking = threading.Thread(target=ask)
        asking.start()
        while not simulator.requests:
            asking.join(0.01)
        transport.look()
        asking.join(10)

        assert [Unreachable] == [type(problem) for problem in failed]
        assert 200 == transport(request).status


def test_after_a_nap_no_old_connection_is_used() -> None:
    """A connection that was kept is not asked again: nobody is at the other end, and nobody would say so."""
    accepted: list[socket.socket] = []

    def serve() -> None:
        for _ in range(2):
            accepted.append(listener.accept()[0])
            accepted[-1].recv(4096)
            accepted[-1].sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    with socket.create_server(("localhost", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url, bounds = f"http://localhost:{listener.getsockname()[1]}", Bounds(silence=2.0, tick=60.0)
        with closing(PooledTransport(url, connections=1, bounds=bounds, naps=Napping())) as transport:
            transport(Request("/"))
            transport.look()
            transport(Request("/"))
        thread.join(10)
        for connection in accepted:
            connection.close()

    assert len(accepted) == 2


def test_the_end_closes_what_is_kept() -> None:
    """At the end no connection stays open, though somebody may still hold the transport."""
    with socket.create_server(("localhost", 0)) as listener:
        transport = PooledTransport(f"http://localhost:{listener.getsockname()[1]}", connections=1)
        asking = threading.Thread(target=transport, args=(Request("/"),))
        asking.start()
        with listener.accept()[0] as connection:
            connection.settimeout(10.0)
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            asking.join()
            transport.close()

            assert connection.recv(1) == b""


def test_a_connection_that_comes_too_late_is_broken_off(
    authority: tuple[trustme.CA, str], environment: pytest.MonkeyPatch
) -> None:
    """Who is still opening a connection when everything ends does not wait for its answer afterwards."""
    environment.setenv("SSL_CERT_FILE", authority[1])
    failed: list[str] = []
    with socket.create_server(("localhost", 0)) as listener:
        transport = PooledTransport(f"https://localhost:{listener.getsockname()[1]}", connections=1)

        def ask() -> None:
            try:
                transport(Request("/"))
            except OpsgenieError as problem:
                failed.append(str(problem))

        asking = threading.Thread(target=ask)
        asking.start()
        opened = listener.accept()[0]
        transport.close()
        secure = certificate(authority[0], host="localhost")
        with secure.wrap_socket(opened, server_side=True) as connection:
            asking.join(10.0)

            assert connection.recv(4096).startswith(b"GET /")
            assert len(failed) == 1


def test_an_answer_that_takes_too_long_is_broken_off(simulator: Simulator, account: Account) -> None:
    """Headers and body may trickle: it ends all the same."""
    simulator.faults.script("endless body", route="/v2/account")
    with (
        closing(PooledTransport(simulator.url, connections=1, bounds=HASTY)) as transport,
        pytest.raises(Failure.TOO_SLOW.kind, match="takes too long"),
    ):
        transport(Request("/v2/account", headers={"Authorization": f"GenieKey {account.full_key}"}))
