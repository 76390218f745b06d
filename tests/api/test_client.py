"""The client: what each response means, in one message: what was requested, what came back, and what to do."""

import orjson
import pytest
from tests.support.fakes import DATE, NOW, FakeClock, Script, client_of, said
from tests.support.leaks import KEY

from source_opsgenie import errors
from source_opsgenie.api.client import ATTEMPTS, THROTTLED_ATTEMPTS
from source_opsgenie.api.pacing import Domain
from source_opsgenie.api.transport import RawResponse

# What came back, what it means, whether it is retried, and a part of the remedy.
MEANINGS: list[tuple[RawResponse, type[errors.OpsgenieError], bool, str]] = [
    (said(400, {"message": "Bad syntax"}), errors.Rejected, False, "report it"),
    (said(401, {"message": "Could not authenticate"}), errors.Unauthorized, False, "api.eu.opsgenie.com"),
    (said(402, {"message": "No incidents"}), errors.NotInPlan, False, "Standard or Enterprise"),
    (said(403, {"message": "No right"}), errors.Forbidden, False, "Read and Configuration Access"),
    (said(403, {"message": "To perform this action, ...", "code": 40301}), errors.Forbidden, False, "API integration"),
    (said(403, {"message": "Not supported", "code": 40302}), errors.Forbidden, False, "Read and Configuration Access"),
    (said(403, b"<html>Blocked"), errors.Unreachable, True, "before Opsgenie"),
    (said(401, b"error code: 1020"), errors.Unreachable, True, "before Opsgenie"),
    (said(403, b"<html>", x_request_id="r"), errors.Forbidden, False, "Read and Configuration Access"),
    (said(403, b""), errors.Forbidden, False, "Read and Configuration Access"),
    (said(404, {"message": "No alert"}), errors.NotFound, False, "was deleted"),
    (said(405, {"message": "Not supported"}), errors.Rejected, False, "report it"),
    (said(407, b""), errors.Unreachable, True, "proxy's administrator"),
    (said(425, b""), errors.Unreachable, True, "Run again later"),
    (said(422, {"message": "Bad query"}), errors.Rejected, False, "alert_query"),
    (said(422, {"message": "Key format is not valid!"}), errors.Rejected, False, "alert_query"),
    (said(422, {"message": "keyword expected"}), errors.Rejected, False, "alert_query"),
    (said(422, b"<html>"), errors.Rejected, False, "alert_query"),
    (said(500, {"message": "Oops"}), errors.Unreachable, True, "Run again later"),
    (said(502, b"<html>Bad gateway"), errors.Unreachable, True, "Run again later"),
    (said(503), errors.Unreachable, True, "Run again later"),
    (said(504), errors.Unreachable, True, "Run again later"),
    (said(200, b"<!DOCTYPE html>Please log in"), errors.Unreachable, True, "login page"),
    (said(200, b""), errors.Unreachable, True, "Run again later"),
    (said(200, b'{"data": [{"id": "a'), errors.Unreachable, True, "Run again later"),
    (said(204, b""), errors.Unreachable, True, "api.opsgenie.com"),
    (said(301, b"", location="https://app.opsgenie.com"), errors.Unreachable, True, "api.opsgenie.com"),
    (said(307, b""), errors.Unreachable, True, "api.opsgenie.com"),
    (said(200, [1, 2]), errors.MalformedResponse, False, "report it"),
    (said(200, "text"), errors.MalformedResponse, False, "report it"),
    (said(200, None), errors.MalformedResponse, False, "report it"),
]
IDS = [f"{response.status} {response.body[:20]!r}" for response, *_ in MEANINGS]
ECHOES = [f"Key {KEY} is unknown", f"{'x' * 290}{KEY}", f"{'x' * 270}{KEY}", f"GenieKey {KEY}"]


@pytest.mark.parametrize(("response", "expected", "is_retried", "remedy"), MEANINGS, ids=IDS)
def test_each_response_means_one_thing(
    response: RawResponse, expected: type[errors.OpsgenieError], is_retried: bool, remedy: str
) -> None:
    """Each response becomes one error with a remedy; one that may pass is retried a bounded number of times."""
    script = Script(said(200, {}), response)
    client = client_of(script)
    client.get("/v2/account", domain=Domain.CONFIGURATION)
    with pytest.raises(errors.OpsgenieError) as caught:
        client.get("/v2/alerts", {"limit": "1"}, domain=Domain.SEARCH)

    assert expected is type(caught.value)
    assert remedy in str(caught.value)
    assert len(script.requests) - 1 == (ATTEMPTS if is_retried else 1)


def test_a_malformed_key_is_named_before_any_request_has_worked() -> None:
    """The same 422 is about the key as the first response, and about its own request once the key was accepted."""
    script = Script(said(422, {"message": "Key format is not valid!"}))
    with pytest.raises(errors.Unauthorized, match="Copy it"):
        client_of(script).get("/v2/alerts", domain=Domain.SEARCH)

    assert 1 == len(script.requests)


@pytest.mark.parametrize("response", [said(401, {"message": "m"}), said(500, {"message": "m"}), said(200, b"<html>")])
def test_an_error_names_the_request_and_the_response(response: RawResponse) -> None:
    """Path, readable parameters, status and Opsgenie's request id are in the message, and beside it as values."""
    with_id = RawResponse(response.status, {"x-request-id": "r-17"}, response.body)
    with pytest.raises(errors.OpsgenieError) as caught:
        client_of(Script(with_id)).get("/v2/alerts", {"query": "createdAt >= 5"}, domain=Domain.SEARCH)
    error = caught.value

    assert f"GET /v2/alerts?query=createdAt >= 5 returned {response.status} (" in str(error)
    assert "; request r-17)" in str(error)
    assert ("/v2/alerts", response.status, "r-17") == (error.path, error.status, error.request_id)


def test_an_error_keeps_its_values_whatever_it_becomes() -> None:
    """A throttled request, another host's response and an envelope without `data` carry path, status and id too."""
    page = RawResponse(200, {"x-request-id": "r-18"}, b"<html>")
    empty = RawResponse(200, {"x-request-id": "r-19"}, b"{}")
    client = client_of(Script(empty, *[said(429)] * THROTTLED_ATTEMPTS, page))
    response = client.get("/v2/account", domain=Domain.CONFIGURATION)
    values = []
    for request in (lambda: client.get("/v2/x", domain=Domain.ALERT),) * 2 + (lambda: response.data,):
        with pytest.raises((errors.Unreachable, errors.MalformedResponse)) as caught:
            request()
        values.append((caught.value.path, caught.value.status, caught.value.request_id))

    assert [("/v2/x", 429, ""), ("/v2/x", 200, "r-18"), ("/v2/account", 200, "r-19")] == values


@pytest.mark.parametrize("message", ECHOES)
@pytest.mark.parametrize("status", [401, 403, 422, 500])
def test_no_message_holds_the_key(status: int, message: str) -> None:
    """An API that echoes the key, anywhere in its message, does not carry any part of it into ours."""
    with pytest.raises(errors.OpsgenieError) as caught:
        client_of(Script(said(status, {"message": message}))).get("/v2/alerts", domain=Domain.SEARCH)

    assert KEY[:8] not in str(caught.value)


def test_no_value_of_an_error_holds_the_key() -> None:
    """An API that echoes the key as the id of the request does not carry it into the values beside the message."""
    echo = RawResponse(404, {"x-request-id": f"r-{KEY}"}, b"{}")
    with pytest.raises(errors.NotFound) as caught:
        client_of(Script(echo)).get("/v2/alerts/x", domain=Domain.ALERT)

    assert KEY[:8] not in repr((str(caught.value), vars(caught.value)))


def test_no_log_holds_the_key(caplog: pytest.LogCaptureFixture) -> None:
    """No log line holds the key, at debug level either."""
    caplog.set_level("DEBUG", logger="source_opsgenie")
    script = Script(said(429), said(500, {"message": KEY}), said(200, {"data": KEY}))
    client_of(script).get("/v2/alerts", {"query": "a: b"}, domain=Domain.SEARCH)

    assert "/v2/alerts" in caplog.text
    assert KEY not in caplog.text


def test_a_good_response() -> None:
    """A good response is its envelope, requested with the key in a header and nowhere else."""
    script = Script(said(200, {"data": [{"id": "a"}], "took": 0.1}))
    response = client_of(script).get("/v2/alerts", {"limit": "1"}, domain=Domain.SEARCH)
    (request,) = script.requests

    assert response.data == [{"id": "a"}]
    assert response.label == "GET /v2/alerts?limit=1"
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
def test_a_lone_surrogate_is_replaced(sent: bytes, expected: str, caplog: pytest.LogCaptureFixture) -> None:
    """Text that was truncated inside an emoji is read; the lone surrogate is replaced, with a warning."""
    script = Script(said(200, b'{"data": [{"message": "' + sent + b'", "alias": "\\u00e9 \\ud83d\\ude00"}]}'))
    response = client_of(script).get("/v2/alerts", domain=Domain.SEARCH)

    assert response.data == [{"message": expected, "alias": "\u00e9 \U0001f600"}]
    assert "U+FFFD" in caplog.text


def test_an_envelope_without_data() -> None:
    """An envelope without `data` is not an empty list, but an error that names the request."""
    response = client_of(Script(said(200, {"took": 0.1}))).get("/v2/alerts", domain=Domain.SEARCH)
    with pytest.raises(errors.MalformedResponse, match="GET /v2/alerts returned no `data`"):
        _ = response.data


def test_the_date_of_the_last_response_is_kept() -> None:
    """The API's own clock is known from its responses, errors too; one without a date changes nothing."""
    later = "Sun, 01 Nov 2026 00:00:01 GMT"
    client = client_of(Script(said(404, date=DATE), said(200, {}, date=later), said(200, {}), said(200, {}, date="?")))
    with pytest.raises(errors.NotFound):
        client.get("/", domain=Domain.SEARCH)
    dates = [client.date_ms]
    for _ in range(3):
        client.get("/", domain=Domain.SEARCH)
        dates.append(client.date_ms)

    assert dates == [NOW, NOW + 1000, NOW + 1000, NOW + 1000]


def test_requests_are_counted() -> None:
    """Every request counts, retries too."""
    client = client_of(Script(said(500), said(429, x_ratelimit_period_in_sec="1"), said(200, {})))
    client.get("/", domain=Domain.SEARCH)

    assert client.requests == 3


def test_decoding_does_not_depend_on_the_order_of_the_envelope() -> None:
    """Numbers, text beyond ASCII and nesting come out as they were sent."""
    sent = {"took": 1e-9, "data": {"ü": [1, None, {"ð": 2**53}]}, "requestId": "r"}
    clock = FakeClock()
    response = client_of(Script(said(200, orjson.dumps(sent))), clock).get("/", domain=Domain.SEARCH)

    assert response.body == sent
    assert clock.slept == []


def test_a_copy_counts_its_own_requests() -> None:
    """A copy of a client counts its requests, which the original counts too, and both know the latest date."""
    client = client_of(Script(said(200, {"data": []}, date=DATE)))
    copy = client.copy()
    copy.get("/v2/teams", domain=Domain.CONFIGURATION)
    other = client.copy()
    other.get("/v2/teams", domain=Domain.CONFIGURATION)

    assert (1, 1, 2) == (copy.requests, other.requests, client.requests)
    assert NOW == copy.date_ms == client.date_ms
