"""Files behind links: fetched without the key, numbered line by line, and never taken for empty."""

import pytest
from tests.support.fakes import Paths, client_of, said
from tests.support.leaks import KEY

from source_opsgenie import errors
from source_opsgenie.reading.files import read_file
from source_opsgenie.streams import STREAMS

LINES = STREAMS["log_file_lines"]
PATH, LINK = "/v2/logs/download/f", "https://files.example/f?signature=secret"


@pytest.mark.parametrize("link", [LINK.encode(), f'"{LINK}"'.encode(), b'{"url": "%b"}' % LINK.encode()])
def test_a_file_is_fetched_by_its_link_and_without_the_key(link: bytes) -> None:
    """The link is read in every form, the key is not sent to it, and each line is numbered, a truncated one too."""
    paths = Paths({PATH: said(200, link), LINK: said(200, b'{"a": 1}\n\n{"cut": "\\ud83d"}\n')})
    rows = read_file(client_of(paths), LINES, PATH)

    assert rows == [{"a": 1, "line_number": 1}, {"cut": "\ufffd", "line_number": 3}]
    assert [bool(request.headers) for request in paths.requests] == [True, False]
    assert KEY not in str(paths.requests[-1])


def test_an_expired_link_is_requested_again() -> None:
    """A link expires within minutes: another one is requested, a few times, and no message has its signature."""
    responses = [said(403), said(200, b'{"a": 1}')]
    paths = Paths({PATH: said(200, LINK.encode()), LINK: lambda _: responses.pop(0)})
    expired = Paths({PATH: said(200, LINK.encode()), LINK: said(403)})
    rows = read_file(client_of(paths), LINES, PATH)
    with pytest.raises(errors.Unreachable, match=PATH) as caught:
        read_file(client_of(expired), LINES, PATH)

    assert rows == [{"a": 1, "line_number": 1}]
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("link", "body"),
    [
        (b"<html>", b""),
        (b"http://files.example/f", b""),
        (b"{}", b""),
        (b"3", b""),
        (LINK.encode(), b"no json"),
        (LINK.encode(), b"[1]"),
    ],
)
def test_an_invalid_link_or_file_is_an_error(link: bytes, body: bytes) -> None:
    """An unsafe URL, or one that leads to anything but lines of JSON, is not taken for an empty file."""
    with pytest.raises(errors.MalformedResponse, match=PATH):
        read_file(client_of(Paths({PATH: said(200, link), LINK: said(200, body)})), LINES, PATH)


@pytest.mark.parametrize(("status", "error"), [(404, errors.NotFound), (422, errors.Rejected)])
def test_a_rejected_request_for_a_link_is_an_error(status: int, error: type[Exception]) -> None:
    """The request for a link fails as any other request does."""
    with pytest.raises(error):
        read_file(client_of(Paths({PATH: said(status, {"message": "?"})})), LINES, PATH)
