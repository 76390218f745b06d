"""The client: what each answer means, in one message that says what was asked, what came, and what to do."""

import orjson
import pytest
from tests.support.fakes import DATE, NOW, FakeClock, Script, client_of, said
from tests.support.leaks import KEY

from source_opsgenie.api.client import ATTEMPTS
from source_opsgenie.api.pacing import Domain
from source_opsgenie.api.transport import RawResponse
from source_opsgenie.errors import (
    Forbidden,
    MalformedResponse,
    NotFound,
    NotInPlan,
    OpsgenieError,
    Rejected,
    Unauthorized,
    Unreachable,
)

# What came back, what it means, whether it is worth another try, and a word of the remedy.
MEANINGS: list[tuple[RawResponse, type[OpsgenieError], bool, str]] = [
    (said(400, {"message": "Bad syntax"}), Rejected, False, "report it"),
    (said(401, {"message": "Could not authenticate"}), Unauthorized, False, "api.eu.opsgenie.com"),
    (said(402, {"message": "No incidents"}), NotInPlan, False, "Standard or Enterprise"),
    (said(403, {"message": "No right"}), Forbidden, False, "Read and Configuration Access"),
    (said(404, {"message": "No alert"}), NotFound, False, "not any more"),
    (said(405, {"message": "Not supported"}), Rejected, False, "report it"),
    (said(407, b""), Unreachable, True, "whoever runs the proxy"),
    (said(425, b""), Unreachable, True, "run again later"),
    (said(422, {"message": "Bad query"}), Rejected, False, "alert_query"),
    (said(422, {"message": "Key format is not valid!"}), Unauthorized, False, "copy it"),
    (said(422, {"message": "keyword expected"}), Rejected, False, "alert_query"),
    (said(422, b"<html>"), Rejected, False, "alert_query"),
    (said(500, {"message": "Oops"}), Unreachable, True, "run again later"),
    (said(502, b"<html>Bad gateway"), Unreachable, True, "run again later"),
    (said(503), Unreachable, True, "run again later"),
    (said(504), Unreachable, True, "run again later"),
    (said(200, b"<!DOCTYPE html>Please log in"), Unreachable, True, "a network that wants a login"),
    (said(200, b""), Unreachable, True, "run again later"),
    (said(200, b'{"data": [{"id": "a'), Unreachable, True, "run again later"),
    (said(204, b""), Unreachable, True, "api.opsgenie.com"),
    (said(301, b"", location="https://app.opsgenie.com"), Unreachable, True, "api.opsgenie.com"),
    (said(307, b""), Unreachable, True, "api.opsgenie.com"),
    (said(200, [1, 2]), MalformedResponse, False, "report it"),
    (said(200, "text"), MalformedResponse, False, "report it"),
    (said(200, None), MalformedResponse, False, "report it"),
]
IDS = [f"{response.status} {response.body[:20]!r}" for response, *_ in MEANINGS]
ECHOES = [f"Key {KEY} is unknown", f"{'x' * 290}{KEY}", f"{'x' * 270}{KEY}", f"GenieKey {KEY}"]


@pytest.mark.parametrize(("response", "expected", "again", "remedy"), MEANINGS, ids=IDS)
def test_meaning(response: RawResponse, expected: type[OpsgenieError], again: bool, remedy: str) -> None:
    """Each answer means one thing; what may pass is tried again, a bounded number of times."""
    script = Script(said(200, {}), response)
    client = client_of(script)
    client.get("/v2/account", domain=Domain.CONFIGURATION)
    with pytest.raises(OpsgenieError) as caught:
        client.get("/v2/alerts", {"limit": "1"}, domain=Domain.SEARCH)

    assert expected is type(caught.value)
    assert remedy in str(caught.value)
    assert len(script.asked) - 1 == (ATTEMPTS if again else 1)


@pytest.mark.parametrize("response", [said(401, {"message": "m"}), said(500, {"message": "m"}), said(200, b"<html>")])
def test_message_says_what_was_asked_and_what_came(response: RawResponse) -> None:
    """Path, parameters as a person would write them, status and the vendor's request id are in the message."""
    told = RawResponse(response.status, {"x-request-id": "r-17"}, response.body)
    with pytest.raises(OpsgenieError) as caught:
        client_of(Script(told)).get("/v2/alerts", {"query": "createdAt >= 5"}, domain=Domain.SEARCH)

    assert f"GET /v2/alerts?query=createdAt >= 5 was answered {response.status} (" in str(caught.value)
    assert "request r-17" in str(caught.value)


@pytest.mark.parametrize("message", ECHOES)
@pytest.mark.parametrize("status", [401, 403, 422, 500])
def test_key_is_in_no_message(status: int, message: str) -> None:
    """An API that echoes the key, wherever in its message, does not carry it into ours, whole or in part."""
    with pytest.raises(OpsgenieError) as caught:
        client_of(Script(said(status, {"message": message}))).get("/v2/alerts", domain=Domain.SEARCH)

    assert KEY[:8] not in str(caught.value)


def test_key_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing that is logged, at debug level either, holds the key."""
    caplog.set_level("DEBUG", logger="source_opsgenie")
    script = Script(said(429), said(500, {"message": KEY}), said(200, {"data": KEY}))
    client_of(script).get("/v2/alerts", {"query": "a: b"}, domain=Domain.SEARCH)

    assert "/v2/alerts" in caplog.text
    assert KEY not in caplog.text


def test_answer() -> None:
    """A good answer is its envelope, asked for with the key in a header and nowhere else."""
    script = Script(said(200, {"data": [{"id": "a"}], "took": 0.1}))
    answer = client_of(script).get("/v2/alerts", {"limit": "1"}, domain=Domain.SEARCH)
    (request,) = script.asked

    assert answer.data == [{"id": "a"}]
    assert answer.asked == "GET /v2/alerts?limit=1"
    assert request.headers == {"Authorization": f"GenieKey {KEY}"}
    assert (request.path, request.params) == ("/v2/alerts", {"limit": "1"})


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (rb"cut off \ud83d", "cut off \ufffd"),
        (rb"\uDE00 first", "\ufffd first"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\ud83d\\ud83d \\\ud83d", "\ufffd\\ud83d \\\ufffd"),
    ],
)
def test_half_a_character_spoils_no_answer(sent: bytes, expected: str, caplog: pytest.LogCaptureFixture) -> None:
    """A text that was cut within an emoji is read; what UTF-8 cannot hold is replaced, and that is told."""
    script = Script(said(200, b'{"data": [{"message": "' + sent + b'", "alias": "\\u00e9 \\ud83d\\ude00"}]}'))
    answer = client_of(script).get("/v2/alerts", domain=Domain.SEARCH)

    assert answer.data == [{"message": expected, "alias": "\u00e9 \U0001f600"}]
    assert "U+FFFD" in caplog.text


def test_answer_without_data() -> None:
    """An envelope without `data` is no empty list, but an error that names the request."""
    answer = client_of(Script(said(200, {"took": 0.1}))).get("/v2/alerts", domain=Domain.SEARCH)
    with pytest.raises(MalformedResponse, match="GET /v2/alerts was answered without `data`"):
        _ = answer.data


def test_date_of_the_last_answer_is_remembered() -> None:
    """The API's own clock is known from its answers, refusals too; an answer without a date changes nothing."""
    later = "Sun, 01 Nov 2026 00:00:01 GMT"
    client = client_of(Script(said(404, date=DATE), said(200, {}, date=later), said(200, {}), said(200, {}, date="?")))
    with pytest.raises(NotFound):
        client.get("/", domain=Domain.SEARCH)
    dates = [client.date_ms]
    for _ in range(3):
        client.get("/", domain=Domain.SEARCH)
        dates.append(client.date_ms)

    assert dates == [NOW, NOW + 1000, NOW + 1000, NOW + 1000]


def test_requests_are_counted() -> None:
    """Every request counts, those that were tried again too."""
    client = client_of(Script(said(500), said(429, x_ratelimit_period_in_sec="1"), said(200, {})))
    client.get("/", domain=Domain.SEARCH)

    assert client.requests == 3


def test_decoding_does_not_depend_on_the_order_of_the_envelope() -> None:
    """Numbers, text beyond ASCII and nesting come out as they were sent."""
    sent = {"took": 1e-9, "data": {"ü": [1, None, {"ð": 2**53}]}, "requestId": "r"}
    clock = FakeClock()
    answer = client_of(Script(said(200, orjson.dumps(sent))), clock).get("/", domain=Domain.SEARCH)

    assert answer.body == sent
    assert clock.slept == []
