"""One object that can never be read costs itself only: made from the table, for each part and each response."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pytest
from tests.support.every_stream import account_of
from tests.support.fakes import DATE, Wire, connection_of, connection_over, last_state, rows_in, said

from opsgenie_simulator import Account
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.reading.events import Event, Proof
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS, Content, Record, SpanPaging, Stream, is_incremental

HTML = RawResponse(403, {"content-type": "text/html"}, b"<html><body>Forbidden</body></html>")
RESPONSES: dict[str, RawResponse] = {
    **{str(status): said(status, {"message": "no", "requestId": "r"}) for status in (400, 403, 404, 405, 422, 500)},
    "HTML": HTML,
    "invalid JSON": RawResponse(200, {}, b'{"data": ['),
}
# What the API is known to reject for a parent without such a list.
KNOWN = {"400", "404", "405", "422"}
PAGING = {"limit", "offset", "sort", "order", "query"}
OPTIONS: dict[str, Any] = {"integration_settings": True}
Rows = dict[tuple[Any, ...], Record]
# What may lead to the part that is requested first: its parent, a count, the list of a millisecond.
LEADING = 3
IsBroken = Callable[[Request, RawResponse], bool]


def nothing(request: Request, good: RawResponse) -> bool:
    """Nothing is broken."""
    del request, good
    return False


@dataclass
class Read:
    """The events of one read: its rows by key, its proof, and the requests that it sent."""

    events: list[Event]
    requests: list[Request]
    stream: Stream
    # The places of the broken responses among all.
    broken: list[int] = field(default_factory=list)
    rows: list[Record] = field(init=False)
    proof: Proof = field(init=False)

    def __post_init__(self) -> None:
        self.rows = rows_in(self.events)
        assert isinstance(self.events[-1], Proof)
        self.proof = self.events[-1]

    @property
    def by_key(self) -> Rows:
        """The rows by their keys."""
        return {tuple(row[name] for name in self.stream.key): row for row in self.rows}


class OneBroken(Wire):
    """A wire that returns *broken* wherever *is_broken* is true."""

    is_broken: IsBroken = staticmethod(nothing)
    broken: RawResponse = HTML

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.places: list[int] = []

    def __call__(self, request: Request) -> RawResponse:
        """Respond as the simulator does, or not."""
        good = super().__call__(request)
        if request.path == "/v2/schedules/on-calls":
            # With the bulk endpoint, there is no request per parent.
            return said(404, {"message": "not supported"})
        if not self.is_broken(request, good):
            return good
        self.places.append(len(self.requests) - 1)
        return self.broken


class Case:
    """One stream of a small account, in which one part can be broken."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self.account = stream, account_of()
        self.complete = self.read(nothing, HTML)

    def read(self, is_broken: IsBroken, broken: RawResponse, state: Mapping[str, Any] | None = None) -> Read:
        """One read, from *state*."""
        wire = OneBroken(self.account)
        connection = connection_of(wire, **OPTIONS)
        wire.requests.clear()
        wire.is_broken, wire.broken = is_broken, broken
        events = list(Reader(connection).read(self.stream, state=state))
        return Read(events, wire.requests, self.stream, wire.places)

    def broken_rules(self, is_broken: IsBroken, name: str, *, lost: set[tuple[Any, ...]]) -> list[str]:
        """The rules that break if this part has the response *name* in two syncs, and is good in the third."""
        first = self.read(is_broken, RESPONSES[name])
        again = self.read(is_broken, RESPONSES[name], last_state(first.events))
        after = self.read(nothing, HTML, last_state(again.events))
        complete = self.complete.by_key
        marked = {key for key, row in first.by_key.items() if row.get("lacks_details")}
        kept = {key: row for key, row in complete.items() if key not in lost}
        is_known = bool(self.stream.parent and self.stream.parent.lists_only_if) and name in KNOWN
        # Who is on call in this month and the next is read by each sync.
        incremental = is_incremental(self.stream) and not isinstance(self.stream.paging, SpanPaging)
        rules = {
            "all else is read": {key: row for key, row in first.by_key.items() if key not in marked} == kept,
            "no row comes twice": len(first.rows) == len(first.by_key),
            "it is named": is_known or (len(first.proof.owed) == 1 and bool(first.proof.lack)),
            "a refusal that is known is counted": not is_known or "have none to read" in first.proof.text,
            "it is still named": is_known or len(again.proof.owed) == 1,
            "nothing is read twice": not incremental or again.rows == [],
            "it is requested first": is_known or not incremental or again.broken[0] <= LEADING,
            "then it is read": after.proof.lack == "" and first.by_key | after.by_key == complete,
            "and nothing else": not incremental or after.by_key.keys() <= lost,
        }
        return [f"{name}: {rule}; {first.proof}" for rule, holds in rules.items() if not holds]


def label(request: Request) -> tuple[str, str]:
    """What a request is about: its path, and the parameters that select rows."""
    return request.path, str({name: value for name, value in request.params.items() if name not in PAGING})


def requests_for(case: Case, template: str) -> list[tuple[str, str]]:
    """The requests of a complete read whose path fits *template*."""
    pattern = re.sub(r"\{\w+\}", "[^/]+", template)
    return sorted({label(one) for one in case.complete.requests if re.fullmatch(pattern, one.path)})


def rows_of_request(case: Case, wanted: tuple[str, str]) -> set[tuple[Any, ...]]:
    """The keys of the rows that are missing if this request returns nothing."""
    assert case.stream.parent
    ids = [name for name in case.stream.parent.ids if name in case.stream.key]
    places = [case.stream.key.index(name) for name in ids] or [0]
    found = set()
    for key, row in case.complete.by_key.items():
        values = [str(row.get(name)) for name in case.stream.parent.ids] if not ids else [str(key[n]) for n in places]
        if all(value in "".join(wanted) for value in values):
            found.add(key)
    return found


CHILDREN = [stream for stream in STREAMS.values() if stream.parent]
DETAILED = [stream for stream in STREAMS.values() if stream.detail.completes_rows]


def named(stream: Stream) -> str:
    """The name of a stream as that of a test."""
    return stream.name


@pytest.mark.parametrize("stream", CHILDREN, ids=named)
def test_one_parent_without_its_children(stream: Stream) -> None:
    """A parent whose children cannot be listed is owed; the children of all others are read."""
    case = Case(stream)
    requests = requests_for(case, stream.path)
    with_rows = [one for one in requests if rows_of_request(case, one)]
    victim = (with_rows or requests)[len(with_rows or requests) // 2]
    # A span that is rejected is requested as narrower ones.
    is_span = isinstance(stream.paging, SpanPaging)
    broken = [
        rule
        for name in RESPONSES
        for rule in case.broken_rules(
            lambda request, _: request.path == victim[0] if is_span else label(request) == victim,
            name,
            lost=rows_of_request(case, victim),
        )
    ]

    assert len(requests) > 1
    assert broken == []


@pytest.mark.parametrize("stream", DETAILED, ids=named)
def test_one_row_without_its_details(stream: Stream) -> None:
    """A row whose details cannot be read keeps what the list returns, marked; its details are owed."""
    case = Case(stream)
    template = stream.detail.path or f"{stream.path}/{{{stream.key[-1]}}}"
    ids = {str(key[-1]) for key in case.complete.by_key}
    requests = [one for one in requests_for(case, template) if one[0].rpartition("/")[2] in ids]
    victim = requests[len(requests) // 2]
    row_id = victim[0].rpartition("/")[2]
    lost = {key for key in case.complete.by_key if str(key[-1]) == row_id}
    broken = [
        rule
        for name in RESPONSES
        for rule in case.broken_rules(lambda request, _: label(request) == victim, name, lost=lost)
    ]

    assert len(lost) == 1
    assert broken == []


SEARCHED = [stream for stream in STREAMS.values() if stream.search]
LISTED = [stream for stream in STREAMS.values() if not is_incremental(stream) and stream.rows.content is Content.ROWS]


@pytest.mark.parametrize("stream", SEARCHED, ids=named)
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_one_row_that_no_page_can_hold(stream: Stream, place: float) -> None:
    """A row whose page always fails is found by halving, and owed with its time; all others are read."""
    case = Case(stream)
    rows = sorted(case.complete.rows, key=lambda row: str(row["createdAt"]))
    victim = rows[int(place * (len(rows) - 1))]
    row_id = victim["id"].encode()

    def holds_it(request: Request, good: RawResponse) -> bool:
        return request.path == stream.path and row_id in good.body

    broken = [rule for name in RESPONSES for rule in case.broken_rules(holds_it, name, lost={(victim["id"],)})]
    proof = case.read(holds_it, RESPONSES["500"]).proof

    assert broken == []
    assert f"{stream.name} created from {victim['createdAt'][:19]}" in proof.lack


def without(*names: str) -> Callable[[Record], Record]:
    """A row without these fields."""
    return lambda row: {name: value for name, value in row.items() if name not in names}


DAMAGES: dict[str, Callable[[Record], Record]] = {
    "no id": without("id"),
    "empty id": lambda row: {**row, "id": ""},
    "no createdAt": without("createdAt"),
    "invalid createdAt": lambda row: {**row, "createdAt": "yesterday"},
    "invalid updatedAt": lambda row: {**row, "updatedAt": 5},
}


def altered(good: RawResponse, row_id: str, change: Callable[[Any], Any]) -> RawResponse:
    """The response *good* with a change of the row with *row_id*, wherever it stands."""

    def walk(value: Any) -> Any:
        if isinstance(value, list):
            return [walk(one) for one in value]
        if isinstance(value, dict):
            inner = {name: walk(one) for name, one in value.items()}
            return change(inner) if value.get("id") == row_id else inner
        return value

    return RawResponse(good.status, good.headers, orjson.dumps(walk(orjson.loads(good.body))))


class Damaged(OneBroken):
    """A wire on which one row is damaged in each response to *path*."""

    row_id, path = "", ""
    damage: Callable[[Any], Any] = staticmethod(lambda row: row)

    def __call__(self, request: Request) -> RawResponse:
        """Respond with the damaged row."""
        good = super().__call__(request)
        is_list = request.path in {self.path, f"{self.path}/{self.row_id}"} and good.status == 200
        return altered(good, self.row_id, self.damage) if is_list else good


def read_damaged(stream: Stream, row_id: str, damage: Callable[[Any], Any], state: Any = None) -> Read:
    """One read of *stream* in which the row with *row_id* is damaged."""
    wire = Damaged(account_of())
    connection = connection_of(wire)
    wire.row_id, wire.path, wire.damage = row_id, stream.path, damage
    return Read(list(Reader(connection).read(stream, state=state)), wire.requests, stream)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("stream", SEARCHED, ids=named)
def test_one_invalid_row_of_a_searchable_list(stream: Stream, damage: Callable[[Record], Record]) -> None:
    """A row without an id or a valid timestamp is owed, with its JSON; it is read once it is valid."""
    complete = Case(stream).complete
    victim = complete.rows[len(complete.rows) // 2]["id"]
    first = read_damaged(stream, victim, damage)
    again = read_damaged(stream, victim, damage, last_state(first.events))
    after = read_damaged(stream, victim, lambda row: row, last_state(again.events))

    assert first.by_key.keys() == complete.by_key.keys() - {(victim,)}
    assert [damage(complete.by_key[(victim,)])] == [row for one in first.proof.owed for row in one.rows]
    assert (len(again.proof.owed), again.rows) == (1, [])
    assert (after.proof.lack, after.by_key) == ("", {(victim,): complete.by_key[(victim,)]})


@pytest.mark.parametrize("stream", [one for one in LISTED if not one.parent and one.key == ("id",)], ids=named)
def test_one_invalid_row_of_a_list(stream: Stream) -> None:
    """A row without an id is owed, with its JSON; all others are read."""
    complete = Case(stream).complete
    victim = complete.rows[len(complete.rows) // 2]["id"]
    read = read_damaged(stream, victim, without("id"))

    assert read.by_key.keys() == complete.by_key.keys() - {(victim,)}
    assert len([row for one in read.proof.owed for row in one.rows]) == 1
    assert "1 part could not be read" in read.proof.lack


def test_the_same_id_twice() -> None:
    """A repetition is left out; another row with the same id is owed, as its values would be lost."""
    rows = [{"id": "a", "name": "x"}, {"id": "a", "name": "x"}, {"id": "a", "name": "y"}, {"id": "b"}]
    connection = connection_over(lambda _: said(200, {"data": rows}, date=DATE))
    *events, proof = Reader(connection).read(STREAMS["teams"])

    assert rows_in(events) == [{"id": "a", "name": "x"}, {"id": "b"}]
    assert isinstance(proof, Proof)
    assert [list(one.rows) for one in proof.owed] == [[{"id": "a", "name": "y"}]]


@pytest.mark.parametrize("broken", [said(404, {}), said(500, {}), RawResponse(200, {}, b'{"a": 1}\nnot JSON\n')])
def test_one_log_file_that_cannot_be_read(broken: RawResponse) -> None:
    """A file whose content fails, or has a line that is not JSON, is owed; the lines of all others are read."""
    case = Case(STREAMS["log_file_lines"])
    names = sorted({row["filename"] for row in case.complete.rows})
    lost = {key for key in case.complete.by_key if key[0] == names[1]}

    def is_its_content(request: Request, good: RawResponse) -> bool:
        return not request.headers and names[1] in request.path and good.status == 200

    first = case.read(is_its_content, broken)
    after = case.read(nothing, HTML, last_state(first.events))

    assert first.by_key.keys() == case.complete.by_key.keys() - lost
    assert names[1] in first.proof.lack
    assert (after.proof.lack, set(after.by_key)) == ("", lost)
