"""What must not get out: the key, whatever the API or an address does with it, and links that open files."""

import logging

import pytest
from tests.support.faulty import Wireless, connection_over
from tests.support.leaks import KEY, leaks

from opsgenie_simulator import Account, Call, Response, Simulator
from opsgenie_simulator.middleware import Respond
from source_opsgenie.api.transport import Request
from source_opsgenie.config import Config
from source_opsgenie.errors import OpsgenieError
from source_opsgenie.reading.lists import read_list
from source_opsgenie.streams import STREAMS


class Echo:
    """Weather in which the API says the key wherever it can: in links, messages and ids of requests."""

    def __call__(self, call: Call, answer: Respond) -> Response:
        """Answer with a link that carries the key, in the old form of the API."""
        response = answer(call)
        key = (call.authorization or "").removeprefix("GenieKey ")
        following = f'"paging":{{"next":"https://localhost/?apiKey={key}&ApiKey={key}&limit=1&n={len(call.query)}"}},'
        body = response.body.replace(b'"took"', f'{following}"took"'.encode(), 1)
        return Response(response.status, body, response.headers, response.route)


def test_a_link_with_the_key_in_it(caplog: pytest.LogCaptureFixture) -> None:
    """A `next` in the old form, with the key as a parameter, is followed without it; no message or log has it."""
    caplog.set_level(logging.DEBUG)
    account = Account.seeded(alerts=3)
    asked: list[Request] = []
    wireless = Wireless(Simulator(account, middleware=(Echo(),)))

    def noting(request: Request) -> object:
        asked.append(request)
        return wireless(request)

    connection = connection_over(noting, account.full_key)  # type: ignore[arg-type]
    with pytest.raises(OpsgenieError) as caught:
        read_list(connection.client, STREAMS["alert_logs"], f"/v2/alerts/{next(iter(account.alerts))}/logs")

    assert leaks(account.full_key, str(caught.value), repr(caught.value), caplog.text) == []
    assert [] == [request.params for request in asked if "apikey" in {name.lower() for name in request.params}]
    assert len(asked) > 2


def test_nothing_that_is_shown_of_a_config_has_the_key() -> None:
    """Neither its text nor that of a request or an address has a key, a header or a signature in it."""
    config = Config.from_mapping({"api_token": KEY}, environment={})
    request = Request("/v2/alerts", {"limit": "1"}, {"Authorization": f"GenieKey {KEY}"})
    link = Request("https://files.example/log.json?signature=hush", {}, {})

    assert leaks(KEY, repr(config), str(config), str(request), repr(request)) == []
    assert str(link) == "GET https://files.example/log.json"
