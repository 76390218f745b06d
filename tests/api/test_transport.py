"""The transport over real sockets on loopback: what comes back, what never happens, what fails and how."""

import gzip
import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.support.leaks import KEY
from tests.support.loopback import serving

from source_opsgenie.api.network import find_proxy
from source_opsgenie.api.transport import PooledTransport, RawResponse, Request
from source_opsgenie.clock import Stopped
from source_opsgenie.errors import ConfigError, Unreachable

SECRET = {"Authorization": f"GenieKey {KEY}"}
CONNECTIONS = 2
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


class Server(ThreadingHTTPServer):
    """A server on loopback that gives one *response* to everything and records the requests."""

    daemon_threads = True

    def __init__(self, response: RawResponse) -> None:
        super().__init__(("127.0.0.1", 0), Received)
        self.response = response
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.connections: set[object] = set()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Received(BaseHTTPRequestHandler):
    """One request to a Server."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Give the server's response."""
        self.server.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        self.server.connections.add(self.client_address)
        self.send_response(self.server.response.status)
        for name, value in self.server.response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(self.server.response.body)))
        self.end_headers()
        self.wfile.write(self.server.response.body)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def responding(response: RawResponse) -> AbstractContextManager[Server]:
    """A server that gives *response*."""
    return serving(Server(response))


@contextmanager
def transport_to(url: str) -> Iterator[PooledTransport]:
    """A transport to *url*, closed afterwards."""
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
    with (
        responding(RawResponse(404, {"X-Request-ID": "r-1"}, b"gone")) as server,
        transport_to(server.url) as transport,
    ):
        response = transport(Request("/v2/alerts", {"query": "(a: b) AND c >= 1"}, SECRET))

    ((path, headers),) = server.requests
    assert (response.status, response.headers["x-request-id"], response.body) == (404, "r-1", b"gone")
    assert path in {
        "/v2/alerts?query=%28a%3A+b%29+AND+c+%3E%3D+1",
        "/v2/alerts?query=%28a%3A%20b%29%20AND%20c%20%3E%3D%201",
    }
    assert headers["authorization"] == f"GenieKey {KEY}"
    assert headers["user-agent"] == "source-opsgenie"


def test_gzip_is_decompressed() -> None:
    """The request accepts gzip, and the body is returned decompressed."""
    compressed = RawResponse(200, {"Content-Encoding": "gzip"}, gzip.compress(b'{"data": []}'))
    with responding(compressed) as server, transport_to(server.url) as transport:
        response = transport(Request("/"))

    assert response.body == b'{"data": []}'
    assert "gzip" in server.requests[0][1]["accept-encoding"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """The key never follows a redirect: the 3xx itself is returned, and the other host gets no request."""
    with responding(RawResponse(200, {}, b"stolen")) as thief:
        redirect = RawResponse(status, {"Location": f"{thief.url}/v2/alerts"}, b"")
        with responding(redirect) as server, transport_to(server.url) as transport:
            response = transport(Request("/v2/alerts", headers=SECRET))

    assert response.status == status
    assert thief.requests == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_the_transport_never_retries(status: int) -> None:
    """Retries belong to the client: the transport sends once, whatever the status and Retry-After say."""
    with responding(RawResponse(status, {"Retry-After": "0"}, b"")) as server, transport_to(server.url) as transport:
        transport(Request("/v2/alerts"))

    assert len(server.requests) == 1


def test_connections_are_kept() -> None:
    """Consecutive requests share a connection."""
    with responding(RawResponse(200, {}, b"{}")) as server, transport_to(server.url) as transport:
        for _ in range(5):
            transport(Request("/"))

    assert len(server.requests) == 5
    assert len(server.connections) == 1


def test_a_closed_transport_sends_nothing() -> None:
    """A request to a closed transport raises Stopped, and opens no connection."""
    with responding(RawResponse(200, {}, b"{}")) as server:
        with transport_to(server.url) as transport:
            pass
        with pytest.raises(Stopped):
            transport(Request("/"))

    assert [] == server.requests


def test_a_refused_connection_is_unreachable() -> None:
    """If no server listens, the error names the address and what to check, and never the key."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with transport_to(url) as transport, pytest.raises(Unreachable, match=r"Check the network, the proxy") as caught:
        transport(Request("/v2/alerts", headers=SECRET))

    assert url in str(caught.value)
    assert ("/v2/alerts", None, "") == (caught.value.path, caught.value.status, caught.value.request_id)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    "response",
    [
        RawResponse(200, {"X-Request-ID": "r-1", "Content-Encoding": "gzip"}, b"no gzip"),
        RawResponse(200, {"X-Request-ID": "r-1", "Transfer-Encoding": "chunked", "Connection": "close"}, b"no chunk"),
    ],
)
def test_a_broken_body_is_unreachable(response: RawResponse) -> None:
    """A body that is truncated or cannot be decompressed is not a response."""
    with responding(response) as server, transport_to(server.url) as transport, pytest.raises(Unreachable) as caught:
        transport(Request("/v2/alerts"))

    assert ("/v2/alerts", 200, "r-1") == (caught.value.path, caught.value.status, caught.value.request_id)


@pytest.mark.parametrize("form", ["{0}", "http://{0}"])
def test_the_proxy_of_the_environment_is_used(environment: pytest.MonkeyPatch, form: str) -> None:
    """Requests go through the proxy that the environment names, with or without a scheme, as for any other tool."""
    with responding(RawResponse(200, {}, b"proxied")) as proxy:
        environment.setenv("http_proxy", form.format(proxy.url.removeprefix("http://")))
        with transport_to("http://opsgenie.invalid") as transport:
            response = transport(Request("/v2/alerts"))

    assert response.body == b"proxied"
    assert proxy.requests[0][0] == "http://opsgenie.invalid/v2/alerts"


def test_the_proxy_gets_its_credentials(environment: pytest.MonkeyPatch) -> None:
    """A name and a password in the proxy's address are sent to the proxy."""
    with responding(RawResponse(200, {}, b"proxied")) as proxy:
        environment.setenv("http_proxy", proxy.url.replace("//", "//me:se%63ret@"))
        with transport_to("http://opsgenie.invalid") as transport:
            transport(Request("/v2/alerts"))

    assert proxy.requests[0][1]["proxy-authorization"] == "Basic bWU6c2VjcmV0"


@pytest.mark.parametrize("address", ["http://[::1]:3128", "https://proxy.example"])
def test_a_proxy_may_have_any_address(address: str, environment: pytest.MonkeyPatch) -> None:
    """A proxy has a host name or an IPv6 address, with or without a port."""
    environment.setenv("https_proxy", address)
    found = find_proxy("https://api.opsgenie.com")

    assert found
    assert (address, {}) == (found.address, found.headers)


def test_no_proxy_is_honoured(environment: pytest.MonkeyPatch) -> None:
    """A host in no_proxy is requested directly."""
    with responding(RawResponse(200, {}, b"direct")) as server:
        environment.setenv("http_proxy", "http://127.0.0.1:1")
        environment.setenv("no_proxy", "127.0.0.1")
        with transport_to(server.url) as transport:
            response = transport(Request("/"))

    assert response.body == b"direct"


def test_an_unusable_proxy_is_an_error(environment: pytest.MonkeyPatch) -> None:
    """An unsupported kind of proxy is an error with a remedy, and without its password."""
    environment.setenv("https_proxy", "socks5://me:hush@127.0.0.1:1")
    with pytest.raises(ConfigError, match="Write it like") as caught:
        find_proxy("https://api.opsgenie.com")

    assert "hush" not in str(caught.value)


def test_a_complete_url_is_requested_unchanged() -> None:
    """A URL is requested from its own host, with its query."""
    with responding(RawResponse(200, {}, b"lines")) as server, transport_to("http://localhost:1") as transport:
        response = transport(Request(f"{server.url}/file?signature=x"))

    assert b"lines" == response.body
    assert ["/file?signature=x"] == [path for path, _ in server.requests]


def test_no_error_holds_a_signature() -> None:
    """The error for a URL omits its query, in the message and in the path."""
    with transport_to("http://localhost:2") as transport, pytest.raises(Unreachable) as caught:
        transport(Request("http://localhost:1/file?signature=secret"))

    assert "GET http://localhost:1/file got no complete response: " in str(caught.value)
    assert "http://localhost:1/file" == caught.value.path
    assert "secret" not in str(caught.value)
