"""A search: which query it sends, and which responses it rejects."""

from typing import Any

import pytest
from tests.support.fakes import NOW, Script, client_of, said

from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import MalformedResponse
from source_opsgenie.reading.query import created, updated
from source_opsgenie.reading.search import Search, SearchRow
from source_opsgenie.streams import STREAMS

TIME = format_timestamp(NOW)


def search_over(script: Script, query: str = "") -> Search:
    """A search of alerts whose responses are those of *script*."""
    return Search(client_of(script), STREAMS["alerts"], query)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "(priority: P1) AND createdAt >= 5 AND createdAt < 7 AND updatedAt < 9"),
        ("a OR b", "((a OR b) AND (priority: P1)) AND createdAt >= 5 AND createdAt < 7 AND updatedAt < 9"),
    ],
)
def test_narrowed_search_sends_every_condition(query: str, expected: str) -> None:
    """A narrower search keeps the conditions of the one that it was made from."""
    script = Script(said(200, {"data": {"count": 0}}))
    search = search_over(script, query).matching("priority: P1")
    search.narrowed(created(5)).narrowed(created(None, 7)).count(updated(None, 9))

    assert script.requests[0].params == {"query": expected}


@pytest.mark.parametrize("times", [{}, {"updatedAt": None}, {"updatedAt": TIME}])
def test_row_that_was_never_updated(times: dict[str, Any]) -> None:
    """A row without `updatedAt` was last updated when it was created."""
    record = {"id": "a", "createdAt": TIME} | times
    page = search_over(Script(said(200, {"data": [record]}))).page(sort="createdAt", order="asc")

    assert page.rows == [SearchRow("a", NOW, NOW, record)]


@pytest.mark.parametrize("time", ["yesterday", 5])
@pytest.mark.parametrize("name", ["createdAt", "updatedAt"])
def test_invalid_timestamp_is_an_error(name: str, time: object) -> None:
    """If no row of a page is valid, the error names the first one and its timestamps."""
    search = search_over(Script(said(200, {"data": [{"id": "a", "createdAt": TIME, name: time}]})))
    with pytest.raises(MalformedResponse, match=f"returned only invalid rows, the first: .*{name}': {time!r}"):
        search.page(sort="createdAt", order="asc")


@pytest.mark.parametrize(
    ("invalid", "part"),
    [
        ({"id": "b", "createdAt": "yesterday"}, "alerts b"),
        ({"id": "b", "createdAt": TIME, "updatedAt": 5}, "alerts b"),
        ({"createdAt": TIME}, f"alerts created from {TIME} to"),
        ({"id": 7, "createdAt": TIME}, f"alerts created from {TIME} to"),
        ({"message": "?"}, f"alerts created from {TIME} to"),
    ],
)
def test_an_invalid_row_keeps_its_place(invalid: dict[str, Any], part: str) -> None:
    """A row without a valid id or timestamp is set aside beside the valid ones, at the time of its neighbour."""
    records = [{"id": "a", "createdAt": TIME}, invalid, {"id": "c", "createdAt": TIME}]
    first, second, third = search_over(Script(said(200, {"data": records}))).page(sort="createdAt", order="asc").rows

    assert (first.set_aside, third.set_aside) == (None, None)
    assert (second.created, second.updated) == (NOW, NOW)
    assert second.set_aside
    assert second.set_aside.rows == [invalid]
    assert str(second.set_aside.part).startswith(part)


@pytest.mark.parametrize("count", [True, -1, "3", 1.5, None])
def test_invalid_count_is_an_error(count: object) -> None:
    """A count that is not an integer of 0 or more raises an error that shows it."""
    with pytest.raises(MalformedResponse, match=f"returned the count {count!r}"):
        search_over(Script(said(200, {"data": {"count": count}}))).count()
