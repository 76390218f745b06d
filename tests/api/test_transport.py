"""The transport against real sockets on loopback: what comes back, what is never done, what fails and how."""

import gzip
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.support.leaks import KEY
from tests.support.loopback import running

from source_opsgenie.api.network import proxy_to
from source_opsgenie.api.transport import PooledTransport, RawResponse, Request
from source_opsgenie.clock import Stopped
from source_opsgenie.errors import ConfigError, Unreachable

SECRET = {"Authorization": f"GenieKey {KEY}"}
CONNECTIONS = 2
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Server(ThreadingHTTPServer):
    """A server on loopback that gives one *answer* to everything and records what it was asked."""

    daemon_threads = True

    def __init__(self, answer: RawResponse, asked: "type[Asked]") -> None:
        super().__init__(("127.0.0.1", 0), asked)
        self.answer = answer
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.connections: set[object] = set()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Asked(BaseHTTPRequestHandler):
    """One request to a Server."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Give the server's answer."""
        self.server.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.server.connections.add(self.client_address)
        self.send_response(self.server.answer.status)
        for name, value in self.server.answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.answer.body)))
        self.end_headers()
        self.wfile.write(self.server.answer.body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def serving(answer: RawResponse, asked: type[Asked] = Asked) -> AbstractContextManager[Server]:
    """A server that gives *answer*."""
    return running(Server(answer, asked))


@contextmanager
def asking(url: str) -> Iterator[PooledTransport]:
    """A transport to *url*, closed in the end."""
    with closing(PooledTransport(url, connections=CONNECTIONS)) as transport:
        yield transport


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without proxies."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def test_request_and_response() -> None:
    """Path, params and headers arrive; status, headers by lower-case name and the body come back."""
    with serving(RawResponse(404, {"X-Request-ID": "r-1"}, b"gone")) as server, asking(server.url) as transport:
        response = transport(Request("/v2/alerts", {"query": "(a: b) AND c >= 1"}, SECRET))

    ((path, headers),) = server.asked
    assert (response.status, response.headers["x-request-id"], response.body) == (404, "r-1", b"gone")
    assert path in {
        "/v2/alerts?query=%28a%3A+b%29+AND+c+%3E%3D+1",
        "/v2/alerts?query=%28a%3A%20b%29%20AND%20c%20%3E%3D%201",
    }
    assert headers["authorization"] == f"GenieKey {KEY}"
    assert headers["user-agent"] == "source-opsgenie"


def test_gzip_is_unpacked() -> None:
    """We ask for gzip, and the body comes out unpacked."""
    answer = RawResponse(200, {"Content-Encoding": "gzip"}, gzip.compress(b'{"data": []}'))
    with serving(answer) as server, asking(server.url) as transport:
        response = transport(Request("/"))

    assert response.body == b'{"data": []}'
    assert "gzip" in server.asked[0][1]["accept-encoding"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """The key never follows a redirect: the 3xx itself comes back, and nobody else is asked."""
    with serving(RawResponse(200, {}, b"stolen")) as thief:
        redirect = RawResponse(status, {"Location": f"{thief.url}/v2/alerts"}, b"")
        with serving(redirect) as server, asking(server.url) as transport:
            response = transport(Request("/v2/alerts", headers=SECRET))

    assert response.status == status
    assert thief.asked == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_nothing_is_sent_twice(status: int) -> None:
    """Trying again is the client's: the transport sends once, whatever comes and whatever Retry-After says."""
    with serving(RawResponse(status, {"Retry-After": "0"}, b"")) as server, asking(server.url) as transport:
        transport(Request("/v2/alerts"))

    assert len(server.asked) == 1


def test_connections_are_kept() -> None:
    """Requests one after the other share a connection."""
    with serving(RawResponse(200, {}, b"{}")) as server, asking(server.url) as transport:
        for _ in range(5):
            transport(Request("/"))

    assert len(server.asked) == 5
    assert len(server.connections) == 1


def test_after_the_end_nothing_is_sent() -> None:
    """Who asks a transport that was closed is stopped, and no connection is made."""
    with serving(RawResponse(200, {}, b"{}")) as server:
        with asking(server.url) as transport:
            pass
        with pytest.raises(Stopped):
            transport(Request("/"))

    assert [] == server.asked


def test_refused_connection_is_unreachable() -> None:
    """Nobody listens: the error names the address and what to check, and never the key."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with asking(url) as transport, pytest.raises(Unreachable, match=r"Check the network, the proxy") as caught:
        transport(Request("/v2/alerts", headers=SECRET))

    assert url in str(caught.value)
    assert "/v2/alerts" in str(caught.value)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        RawResponse(200, {"Content-Encoding": "gzip"}, b"no gzip"),
        RawResponse(200, {"Transfer-Encoding": "chunked", "Connection": "close"}, b"no chunk"),
    ],
)
def test_broken_body_is_unreachable(answer: RawResponse) -> None:
    """A body that breaks off or cannot be unpacked is no answer."""
    with serving(answer) as server, asking(server.url) as transport, pytest.raises(Unreachable):
        transport(Request("/"))


@pytest.mark.parametrize("form", ["{0}", "http://{0}"])
def test_proxy_of_the_environment_is_used(environment: pytest.MonkeyPatch, form: str) -> None:
    """Requests go through the proxy that the environment names, with or without a scheme, as for any other tool."""
    with serving(RawResponse(200, {}, b"proxied")) as proxy:
        environment.setenv("http_proxy", form.format(proxy.url.removeprefix("http://")))
        with asking("http://opsgenie.invalid") as transport:
            response = transport(Request("/v2/alerts"))

    assert response.body == b"proxied"
    assert proxy.asked[0][0] == "http://opsgenie.invalid/v2/alerts"


def test_user_of_the_proxy_is_told_to_it(environment: pytest.MonkeyPatch) -> None:
    """A name and a password in the proxy's address are what the proxy asks for."""
    with serving(RawResponse(200, {}, b"proxied")) as proxy:
        environment.setenv("http_proxy", proxy.url.replace("//", "//me:se%63ret@"))
        with asking("http://opsgenie.invalid") as transport:
            transport(Request("/v2/alerts"))

    assert proxy.asked[0][1]["proxy-authorization"] == "Basic bWU6c2VjcmV0"


@pytest.mark.parametrize("address", ["http://[::1]:3128", "https://proxy.example"])
def test_a_proxy_may_have_any_address(address: str, environment: pytest.MonkeyPatch) -> None:
    """A proxy is named by its host, or by an address of IPv6, with a port or without."""
    environment.setenv("https_proxy", address)
    found = proxy_to("https://api.opsgenie.com")

    assert found
    assert (address, {}) == (found.address, found.headers)


def test_no_proxy_is_honoured(environment: pytest.MonkeyPatch) -> None:
    """A host that the environment excepts is asked directly."""
    with serving(RawResponse(200, {}, b"direct")) as server:
        environment.setenv("http_proxy", "http://127.0.0.1:1")
        environment.setenv("no_proxy", "127.0.0.1")
        with asking(server.url) as transport:
            response = transport(Request("/"))

    assert response.body == b"direct"


def test_proxy_that_cannot_be_used_is_told(environment: pytest.MonkeyPatch) -> None:
    """A proxy of a kind that we cannot speak to is an error with a remedy, not a traceback."""
    environment.setenv("https_proxy", "socks5://me:hush@127.0.0.1:1")
    with pytest.raises(ConfigError, match="write it like") as caught:
        proxy_to("https://api.opsgenie.com")

    assert "hush" not in str(caught.value)


def test_a_whole_address_is_asked_for_as_it_is() -> None:
    """A link leads to its own host, and its query goes with it."""
    with serving(RawResponse(200, {}, b"lines")) as server, asking("http://localhost:1") as transport:
        response = transport(Request(f"{server.url}/file?signature=x"))

    assert b"lines" == response.body
    assert ["/file?signature=x"] == [path for path, _ in server.asked]


def test_no_message_tells_a_signature() -> None:
    """Where a link is not answered, the message leaves out its query."""
    with asking("http://localhost:2") as transport, pytest.raises(Unreachable) as caught:
        transport(Request("http://localhost:1/file?signature=secret"))

    assert "GET http://localhost:1/file got no whole answer: " in str(caught.value)
    assert "secret" not in str(caught.value)
