"""Secrets that must not leak: the key, even if the API echoes it, and signed URLs."""

import logging

import pytest
from tests.support.faulty import DirectTransport, connection_over
from tests.support.leaks import KEY, find_leaks

from opsgenie_simulator import Account, Call, Response, Simulator
from opsgenie_simulator.middleware import Respond
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.config import Config
from source_opsgenie.errors import OpsgenieError
from source_opsgenie.reading.paging import read_list
from source_opsgenie.streams import STREAMS


class Echo:
    """Middleware in which the API puts the key into its links."""

    def __call__(self, call: Call, respond: Respond) -> Response:
        """Respond with a link that holds the key, as in the old form of the API."""
        response = respond(call)
        key = (call.authorization or "").removeprefix("GenieKey ")
        following = f'"paging":{{"next":"https://localhost/?apiKey={key}&ApiKey={key}&limit=1&n={len(call.query)}"}},'
        body = response.body.replace(b'"took"', f'{following}"took"'.encode(), 1)
        return Response(response.status, body, response.headers, response.route)


def test_a_link_that_holds_the_key(caplog: pytest.LogCaptureFixture) -> None:
    """A `next` with the key as a parameter is followed without it, and no message or log holds the key."""
    caplog.set_level(logging.DEBUG)
    account = Account.seeded(alerts=3)
    requests: list[Request] = []
    transport = DirectTransport(Simulator(account, middleware=(Echo(),)))

    def recording(request: Request) -> RawResponse:
        requests.append(request)
        return transport(request)

    connection = connection_over(recording, account.full_key)
    with pytest.raises(OpsgenieError) as caught:
        read_list(connection.client, STREAMS["alert_logs"], f"/v2/alerts/{next(iter(account.alerts))}/logs")

    assert find_leaks(account.full_key, str(caught.value), repr(caught.value), caplog.text) == []
    assert [] == [request.params for request in requests if "apikey" in {name.lower() for name in request.params}]
    assert len(requests) > 2


def test_no_text_of_a_config_or_request_holds_a_secret() -> None:
    """The text of a config or a request holds no key and no header, that of a URL no signature."""
    config = Config.from_mapping({"api_token": KEY}, environment={})
    request = Request("/v2/alerts", {"limit": "1"}, {"Authorization": f"GenieKey {KEY}"})
    link = Request("https://files.example/log.json?signature=hush", {}, {})

    assert find_leaks(KEY, repr(config), str(config), str(request), repr(request)) == []
    assert str(link) == "GET https://files.example/log.json"
