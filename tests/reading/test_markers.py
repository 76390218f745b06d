"""A list that goes on from a moment in its path: read whole once, then from the newest that it had."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.reading.test_levels import over
from tests.support.fakes import DATE, DAY, NOW, last_state, rows_in, said, texts_in

from source_opsgenie.api.connection import Connection
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import format_timestamp, parse_timestamp
from source_opsgenie.errors import MalformedResponse
from source_opsgenie.reading.events import Checkpoint, Event
from source_opsgenie.reading.markers import format_marker
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS

MINUTE = 60_000
LINK = "https://files.example/"


class Files:
    """The log files of an account, one a moment; a page holds *size* of them, from the marker on."""

    def __init__(self, *moments: int, size: int = 1000, inclusive: bool = True, last: str = "same") -> None:
        self.moments = list(moments)
        self.size, self.inclusive, self.last = size, inclusive, last
        self.asked: list[str] = []

    def __call__(self, request: Request) -> RawResponse:
        """List, link, or hand out a file of two lines."""
        self.asked.append(request.path)
        name = request.path.rpartition("/")[2]
        if request.path.startswith("/v2/logs/list/"):
            return said(200, self._page(name), date=DATE)
        if request.path.startswith("/v2/logs/download/"):
            return said(200, f"{LINK}{name}".encode(), date=DATE)
        assert not request.headers
        return said(200, f'{{"file": "{name}"}}\n{{"file": "{name}"}}\n'.encode())

    def _page(self, since: str) -> Any:
        listed = sorted((format_marker(one), one) for one in self.moments)
        found = [one for one in listed if one[0] > since or (self.inclusive and one[0] == since)]
        page = found[: self.size]
        following = page[-1][0] if page else since
        is_last = len(found) <= self.size
        ends: dict[str, Any] = {"same": following, "absent": None, "empty": ""}
        rows = [{"filename": f"{name}.json", "date": one, "size": 7} for name, one in page]
        return {"data": rows, "marker": ends[self.last] if is_last else following}

    def names(self, *moments: int) -> list[str]:
        """The names of the files of *moments*."""
        return [f"{format_marker(one)}.json" for one in moments]


def read(
    files: Files, stream: str = "log_files", state: Mapping[str, Any] | None = None, **options: Any
) -> list[Event]:
    """All that one read over a new connection says."""
    return list(Reader(connection(files, **options)).read(STREAMS[stream], state=state))


def connection(files: Files, **options: Any) -> Connection:
    """A connection that has asked one thing, so that it knows the API's date."""
    opened = over(files, **options)
    opened.client.get("/v2/logs/list/x", domain=STREAMS["log_files"].domain)
    files.asked.clear()
    return opened


def names_in(events: list[Event]) -> list[str]:
    """The names of the files among *events*."""
    return [row["filename"] for row in rows_in(events)]


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("last", ["same", "absent", "empty"])
@pytest.mark.parametrize("size", [3, 4, 7, 1000])
def test_all_files_are_listed_once(inclusive: bool, last: str, size: int) -> None:
    """Whether a page begins with the file of its marker or after it, and however the last one ends: each comes once."""
    moments = [NOW - number * DAY for number in range(10, 0, -1)]
    files = Files(*moments, size=size, inclusive=inclusive, last=last)

    assert names_in(read(files)) == files.names(*moments)


def test_a_later_read_asks_for_what_is_new() -> None:
    """With the state of the read before, files of its last hour and later are asked for, new ones sent."""
    moments = [NOW - number * 5 * MINUTE for number in range(1000, 0, -1)]
    files = Files(*moments, size=100)
    state = last_state(read(files))
    files.moments += [NOW + MINUTE, NOW - 7 * MINUTE]
    again = read(files, state=state)

    assert names_in(again) == files.names(NOW - 7 * MINUTE, NOW + MINUTE)
    assert names_in(read(files, state=last_state(again))) == []
    assert len(files.asked) <= 2


@pytest.mark.parametrize("before", [[], [NOW - 3 * DAY]])
def test_a_file_may_be_listed_long_after_it_was_begun(before: list[int]) -> None:
    """A file that was begun long before the last read and is listed since then comes, whatever was listed before it."""
    files = Files(*before)
    state = last_state(read(files))
    files.moments.append(NOW - DAY)

    assert names_in(read(files, state=state)) == files.names(NOW - DAY)


def test_a_file_of_tomorrow_hides_none() -> None:
    """A file that names a moment yet to come does not make the next read begin after it."""
    files = Files(NOW + DAY)
    state = last_state(read(files))
    files.moments.append(NOW - MINUTE)

    assert names_in(read(files, state=state)) == files.names(NOW - MINUTE)


def test_a_read_that_was_cut_off_goes_on() -> None:
    """Cut off at any checkpoint and taken up again, no file is missing and none comes twice."""
    moments = [NOW - number * DAY for number in range(40, 0, -1)]
    files = Files(*moments, size=7)
    opened = connection(files)
    whole: list[Event] = []
    for event in Reader(opened).read(STREAMS["log_files"]):
        opened.clock.sleep(31.0)
        whole.append(event)
    cuts = [number for number, event in enumerate(whole) if isinstance(event, Checkpoint)]
    for cut in cuts[:-1]:
        state = last_state(whole[: cut + 1])
        rest = read(files, state=state)

        assert files.asked[0] == f"/v2/logs/list/{format_marker(parse_timestamp(state['newest']) - 70 * MINUTE)}"
        assert sorted(names_in([*whole[: cut + 1], *rest])) == files.names(*moments)
    assert len(cuts) > 3


def test_a_start_date_leaves_older_files_out() -> None:
    """With a start date, the list is asked for from then on, an hour of lateness allowed for."""
    files = Files(NOW - 9 * DAY, NOW - DAY)

    assert names_in(read(files, start_date=format_timestamp(NOW - 2 * DAY))) == files.names(NOW - DAY)
    assert files.asked[0] == f"/v2/logs/list/{format_marker(NOW - 2 * DAY - 60 * MINUTE)}"


def test_lines_are_read_of_new_files_only() -> None:
    """The lines of each file come with its name, and later only those of files that are new."""
    files = Files(NOW - DAY, NOW - MINUTE)
    first = read(files, "log_file_lines")
    files.moments.append(NOW + MINUTE)
    second = read(files, "log_file_lines", last_state(first))
    keys = [(row["filename"], row["line_number"]) for row in rows_in(first)]

    assert keys == [(name, number) for name in files.names(NOW - DAY, NOW - MINUTE) for number in (1, 2)]
    assert {row["filename"] for row in rows_in(second)} == set(files.names(NOW + MINUTE))
    assert "2 parents requested, 2 read, 0 deleted" in texts_in(first)


def test_a_file_that_vanished_is_gone() -> None:
    """A file that is listed and answered with 404 is counted as gone: that path is its own."""
    files = Files(NOW - DAY)

    class Vanished(Files):
        def __call__(self, request: Request) -> RawResponse:
            return said(404, {"message": "?"}) if "download" in request.path else super().__call__(request)

    assert "1 parents requested, 0 read, 1 deleted" in texts_in(read(Vanished(*files.moments), "log_file_lines"))


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"filename": "f", "date": 1}], "marker": 17},
        {"data": [{"filename": "f", "date": "yesterday"}], "marker": "m"},
        {"data": [{"filename": "f"}], "marker": "m"},
        {"data": [{"date": 1}], "marker": "m"},
        {"data": [{"filename": str(one), "date": 1} for one in range(1000)], "marker": format_marker(NOW)},
        {"data": None},
    ],
)
def test_a_page_that_makes_no_sense_is_an_error(body: dict[str, Any]) -> None:
    """A marker, a moment or a name that is none, or a full page that leads to itself, does not pass for the end."""
    reader = Reader(over(lambda _: said(200, body, date=DATE)))
    with pytest.raises(MalformedResponse):
        list(reader.read(STREAMS["log_files"]))
