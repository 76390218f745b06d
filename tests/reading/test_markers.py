"""A list with a marker in its path: read in full once, later from its newest row."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.fakes import DATE, DAY, NOW, connection_over, last_state, rows_in, said, texts_in

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
    """The log files of an account, one per time; a page has *size* of them, from the marker on."""

    def __init__(self, *times: int, size: int = 1000, inclusive: bool = True, last: str = "same") -> None:
        self.times = list(times)
        self.size, self.inclusive, self.last = size, inclusive, last
        self.requests: list[str] = []

    def __call__(self, request: Request) -> RawResponse:
        """Return the list, the link to a file, or a file with two lines."""
        self.requests.append(request.path)
        name = request.path.rpartition("/")[2]
        if request.path.startswith("/v2/logs/list/"):
            return said(200, self._page(name), date=DATE)
        if request.path.startswith("/v2/logs/download/"):
            return said(200, f"{LINK}{name}".encode(), date=DATE)
        assert not request.headers
        return said(200, f'{{"file": "{name}"}}\n{{"file": "{name}"}}\n'.encode())

    def _page(self, since: str) -> Any:
        listed = sorted((format_marker(one), one) for one in self.times)
        found = [one for one in listed if one[0] > since or (self.inclusive and one[0] == since)]
        page = found[: self.size]
        following = page[-1][0] if page else since
        is_last = len(found) <= self.size
        ends: dict[str, Any] = {"same": following, "absent": None, "empty": ""}
        rows = [{"filename": f"{name}.json", "date": one, "size": 7} for name, one in page]
        return {"data": rows, "marker": ends[self.last] if is_last else following}

    def names(self, *times: int) -> list[str]:
        """The names of the files with these times."""
        return [f"{format_marker(one)}.json" for one in times]


def read(
    files: Files, stream: str = "log_files", state: Mapping[str, Any] | None = None, **options: Any
) -> list[Event]:
    """All events of one read over a new connection."""
    return list(Reader(connection(files, **options)).read(STREAMS[stream], state=state))


def connection(files: Files, **options: Any) -> Connection:
    """A connection after one request, so that it knows the API's date."""
    opened = connection_over(files, **options)
    opened.client.get("/v2/logs/list/x", domain=STREAMS["log_files"].domain)
    files.requests.clear()
    return opened


def names_in(events: list[Event]) -> list[str]:
    """The names of the files in *events*."""
    return [row["filename"] for row in rows_in(events)]


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("last", ["same", "absent", "empty"])
@pytest.mark.parametrize("size", [3, 4, 7, 1000])
def test_all_files_are_listed_once(inclusive: bool, last: str, size: int) -> None:
    """Each file comes once, whether pages include the file of their marker or not, and however the last one ends."""
    times = [NOW - number * DAY for number in range(10, 0, -1)]
    files = Files(*times, size=size, inclusive=inclusive, last=last)

    assert names_in(read(files)) == files.names(*times)


def test_later_read_emits_only_new_files() -> None:
    """A later read lists files from an hour before its state on, and emits the new ones."""
    times = [NOW - number * 5 * MINUTE for number in range(1000, 0, -1)]
    files = Files(*times, size=100)
    state = last_state(read(files))
    files.times += [NOW + MINUTE, NOW - 7 * MINUTE]
    again = read(files, state=state)

    assert names_in(again) == files.names(NOW - 7 * MINUTE, NOW + MINUTE)
    assert names_in(read(files, state=last_state(again))) == []
    assert len(files.requests) <= 2


@pytest.mark.parametrize("before", [[], [NOW - 3 * DAY]])
def test_file_listed_long_after_its_start_is_read(before: list[int]) -> None:
    """A file that started long before the last read, but was listed only after it, is read."""
    files = Files(*before)
    state = last_state(read(files))
    files.times.append(NOW - DAY)

    assert names_in(read(files, state=state)) == files.names(NOW - DAY)


def test_file_in_the_future_hides_no_others() -> None:
    """A file with a time in the future does not make the next read start after that time."""
    files = Files(NOW + DAY)
    state = last_state(read(files))
    files.times.append(NOW - MINUTE)

    assert names_in(read(files, state=state)) == files.names(NOW - MINUTE)


def test_interrupted_read_resumes() -> None:
    """A read interrupted at any checkpoint resumes without missing or repeated files."""
    times = [NOW - number * DAY for number in range(40, 0, -1)]
    files = Files(*times, size=7)
    opened = connection(files)
    events: list[Event] = []
    for event in Reader(opened).read(STREAMS["log_files"]):
        opened.clock.sleep(31.0)
        events.append(event)
    cuts = [number for number, event in enumerate(events) if isinstance(event, Checkpoint)]
    for cut in cuts[:-1]:
        state = last_state(events[: cut + 1])
        rest = read(files, state=state)

        assert files.requests[0] == f"/v2/logs/list/{format_marker(parse_timestamp(state['newest']) - 70 * MINUTE)}"
        assert sorted(names_in([*events[: cut + 1], *rest])) == files.names(*times)
    assert len(cuts) > 3


def test_start_date_excludes_older_files() -> None:
    """With a start date, files are listed from an hour before it, as files can be late."""
    files = Files(NOW - 9 * DAY, NOW - DAY)

    assert names_in(read(files, start_date=format_timestamp(NOW - 2 * DAY))) == files.names(NOW - DAY)
    assert files.requests[0] == f"/v2/logs/list/{format_marker(NOW - 2 * DAY - 60 * MINUTE)}"


def test_later_read_emits_only_lines_of_new_files() -> None:
    """The lines of each file have its name; a later read emits only those of new files."""
    files = Files(NOW - DAY, NOW - MINUTE)
    first = read(files, "log_file_lines")
    files.times.append(NOW + MINUTE)
    second = read(files, "log_file_lines", last_state(first))
    keys = [(row["filename"], row["line_number"]) for row in rows_in(first)]

    assert keys == [(name, number) for name in files.names(NOW - DAY, NOW - MINUTE) for number in (1, 2)]
    assert {row["filename"] for row in rows_in(second)} == set(files.names(NOW + MINUTE))
    assert "2 parents requested, 2 read, 0 deleted" in texts_in(first)


@pytest.mark.parametrize(
    ("is_listed", "expected"), [(True, "1 owed"), (False, "2 parents requested, 1 read, 1 deleted")]
)
def test_file_that_is_not_found(is_listed: bool, expected: str) -> None:
    """A file whose link is a 404 was deleted, unless the list still has it."""
    first, second = NOW - 2 * DAY, NOW - DAY

    class Vanished(Files):
        def __call__(self, request: Request) -> RawResponse:
            if request.path.startswith("/v2/logs/download/") and format_marker(first) in request.path:
                self.times = [first, second] if is_listed else [second]
                return said(404, {"message": "?"}, date=DATE)
            return super().__call__(request)

    assert expected in texts_in(read(Vanished(first, second), "log_file_lines"))


@pytest.mark.parametrize(
    "body",
    [
        {"data": [{"filename": "f", "date": 1}], "marker": 17},
        {"data": [{"filename": str(one), "date": 1} for one in range(1000)], "marker": format_marker(NOW)},
        {"data": None},
    ],
)
def test_malformed_page_is_an_error(body: dict[str, Any]) -> None:
    """An invalid marker, or a full page with its own marker, is an error, not the end."""
    reader = Reader(connection_over(lambda _: said(200, body, date=DATE)))
    with pytest.raises(MalformedResponse):
        list(reader.read(STREAMS["log_files"]))


@pytest.mark.parametrize("invalid", [{"filename": "f", "date": "yesterday"}, {"filename": "f"}, {"date": 1}])
def test_an_invalid_file_is_set_aside_until_it_is_valid(invalid: dict[str, Any]) -> None:
    """A file without a name or a time is owed; all others are read, once, and it is read when it is valid."""
    files = Files(NOW - 2 * DAY, NOW - DAY)
    valid = {"filename": f"{format_marker(NOW - DAY)}.json", "date": NOW - DAY, "size": 7}

    def listed(second: dict[str, Any]) -> Any:
        return lambda _: said(200, {"data": [files._page("")["data"][0], second]}, date=DATE)

    first = list(Reader(connection_over(listed(invalid))).read(STREAMS["log_files"]))
    second = list(Reader(connection_over(listed(invalid))).read(STREAMS["log_files"], state=last_state(first)))
    third = list(Reader(connection_over(listed(valid))).read(STREAMS["log_files"], state=last_state(second)))

    assert (1, 0, 1) == (len(rows_in(first)), len(rows_in(second)), len(rows_in(third)))
    assert "1 owed" in texts_in(first)
    assert "1 owed" in texts_in(second)
    assert "owed" not in texts_in(third)
