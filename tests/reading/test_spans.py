"""Rows of a span, with pages one by one or in parallel: each is read once, whatever is tied or deleted."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from random import Random
from threading import Barrier, Condition
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.support.fakes import DAY, NOW, Script, Wire, client_of, crowded, said, search_of

from opsgenie_simulator import Account, Switches
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import Incomplete, MalformedResponse
from source_opsgenie.reading.paging import CAP
from source_opsgenie.reading.search import Search, SearchRow
from source_opsgenie.reading.spans import Lookahead, read_crowd, read_span
from source_opsgenie.streams import STREAMS

Ties = Literal["kept", "mirrored", "shuffled"]
TIES: list[Ties] = ["kept", "mirrored", "shuffled"]
T = NOW - 30 * DAY
# Crowds: the distance from T, and the number of rows in that millisecond.
DISTANCES = some.sampled_from([0, 1, 2, 3, 1000, DAY, 9 * DAY])
CROWDS = some.lists(some.tuples(DISTANCES, some.sampled_from([1, 2, 40, 99, 100, 101, 130])), max_size=5)
EVEN = some.builds(
    lambda size, distance, tied: [(number * distance, tied) for number in range(size)],
    some.integers(90, 250), some.sampled_from([1, 60_000]), some.sampled_from([1, 2]),
)  # fmt: skip
SMALL = some.lists(some.tuples(DISTANCES, some.integers(1, 60)), max_size=6)
SPAN = (T - 10 * DAY, T + 1)
PARALLEL = [1, 4]


def account_of(crowds: list[tuple[int, int]]) -> Account:
    """An account with these *crowds* of alerts, each in one millisecond."""
    return crowded(*((T - distance, size) for distance, size in crowds))


def even_account(size: int) -> Account:
    """An account with *size* alerts, one per minute."""
    return account_of([(60_000 * number, 1) for number in range(size)])


def read(
    wire: Wire, *, parallel: int, expected: int = 0, order: str = "desc", lookahead: Lookahead | None = None
) -> list[SearchRow]:
    """All rows of the span, read with *parallel* pages at a time."""
    search = replace(search_of(wire), concurrent_pages=parallel)
    pages = read_span(search, *SPAN, expected=expected, order=order, lookahead=lookahead)
    return [row for rows in pages for row in rows]


@settings(max_examples=40, deadline=None)
@given(CROWDS | EVEN, some.sampled_from(TIES), some.sampled_from(PARALLEL), some.sampled_from([0, 0.5, 1, 2]))
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_every_row_is_read_once(
    order: str, crowds: list[tuple[int, int]], ties: Ties, parallel: int, expected: float
) -> None:
    """Each row is read exactly once and in order, for any crowds, order of ties, and number of expected rows."""
    account = account_of(crowds)
    wire = Wire(account, Switches(ties=ties))
    rows = read(wire, parallel=parallel, expected=int(len(account.alerts) * expected), order=order)
    times = [row.created for row in rows]

    assert sorted(account.alerts) == sorted(row.id for row in rows)
    assert times == sorted(times, reverse=order == "desc")


@pytest.mark.parametrize("parallel", PARALLEL)
@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("size", [99, 100, 101, 250, 650])
def test_crowded_millisecond(size: int, ties: Ties, parallel: int) -> None:
    """A millisecond that holds about a page of rows or more, between others, is read completely and only once."""
    account = account_of([(0, 30), (1, size), (2, 30)])
    wire = Wire(account, Switches(ties=ties))
    ids = [row.id for row in read(wire, parallel=parallel, expected=size + 60)]

    assert sorted(account.alerts) == sorted(ids)


def test_span_is_half_open() -> None:
    """A span includes its start and excludes its end; None means unbounded."""
    account = account_of([(0, 1), (1, 1), (2, 1)])
    search = search_of(Wire(account))
    times = [
        [row.created - T for rows in read_span(search, *span) for row in rows]
        for span in ((T - 2, T), (T - 1, None), (None, T - 1), (None, None))
    ]

    assert times == [[-1, -2], [0, -1], [-2], [0, -1, -2]]


@settings(max_examples=40, deadline=None)
@given(SMALL | EVEN, some.sampled_from(TIES), some.sampled_from(PARALLEL), some.integers())
def test_deletions_hide_no_existing_row(crowds: list[tuple[int, int]], ties: Ties, parallel: int, seed: int) -> None:
    """Rows that are deleted during the read shift nothing: every row that still exists at the end is read once."""
    account, random = account_of(crowds), Random(seed)

    def delete(_: Request) -> None:
        for alert_id in random.sample(sorted(account.alerts), k=min(5, len(account.alerts))):
            account.delete_alert(alert_id)

    wire = Wire(account, Switches(ties=ties), before=delete)
    try:
        ids = [row.id for row in read(wire, parallel=parallel, expected=len(account.alerts))]
    except Incomplete:
        return

    assert set(account.alerts) <= set(ids)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("ties", TIES)
def test_crowd_of_incidents_is_read_or_incomplete(ties: Ties) -> None:
    """Incidents cannot be sorted by tinyId (docs/opsgenie-api.md#sorting): a crowd is read completely, or an error."""
    account = Account()
    for _ in range(250):
        account.create_incident(created_at=T)
    search = search_of(Wire(account, Switches(ties=ties)), stream="incidents")
    try:
        ids = [row.id for rows in read_span(search, *SPAN) for row in rows]
    except Incomplete as error:
        ids = [str(error)] if ties != "shuffled" else list(account.incidents)

    assert sorted(account.incidents) == sorted(ids)


@pytest.mark.parametrize("times", [[T + 5], [T - 11 * DAY], [T - 2, T - 1]])
def test_rows_that_were_not_requested(times: list[int]) -> None:
    """Rows outside the span, or in another order, end the read: the API did not do what was requested."""
    rows = [{"id": str(time), "createdAt": format_timestamp(time)} for time in times]
    search = Search(client_of(Script(said(200, {"data": rows}))), STREAMS["alerts"])
    with pytest.raises(MalformedResponse, match="/v2/alerts was requested for rows created in"):
        list(read_span(search, *SPAN))


class BarrierWire(Wire):
    """A wire that responds to a group of requests only once all of them were sent."""

    def hold(self, first: int, last: int) -> "BarrierWire":
        """Hold the requests from number *first* to *last*."""
        self.numbers, self.held = count(1), range(first, last + 1)
        self.barrier = Barrier(len(self.held), timeout=10)
        return self

    def __call__(self, request: Request) -> RawResponse:
        """Respond, once the other requests were sent."""
        if next(self.numbers) in self.held:
            self.barrier.wait()
        return super().__call__(request)


def test_pages_are_requested_in_parallel() -> None:
    """Once pages have joined, the next four are requested at the same time."""
    wire = BarrierWire(even_account(2_000)).hold(4, 7)

    assert sorted(wire.account.alerts) == sorted(row.id for row in read(wire, parallel=4, expected=2_000))


def test_a_later_span_begins_in_parallel() -> None:
    """After a span whose pages joined, the next one that shares its lookahead begins with four pages at a time."""
    lookahead = Lookahead()
    read(Wire(even_account(700)), parallel=4, expected=700, lookahead=lookahead)
    wire = BarrierWire(even_account(700)).hold(1, 4)

    assert 700 == len(read(wire, parallel=4, expected=700, lookahead=lookahead))


class WideRows(Wire):
    """A wire with rows of 20 kB that holds each request for a few milliseconds, to see whether others are sent."""

    most = under_way = 0
    changed = Condition()

    def __call__(self, request: Request) -> RawResponse:
        """Respond, once other requests had the time to be sent."""
        with self.changed:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self.changed.wait_for(lambda: self.most > 1, timeout=0.005)
            self.under_way -= 1
        response = super().__call__(request)
        return replace(response, body=response.body.replace(b'"seen"', b'"wide":"' + b"x" * 20_000 + b'","seen"'))


def test_large_pages_are_not_read_ahead() -> None:
    """Pages of megabytes are requested one at a time, since the bytes read ahead are bounded."""
    wire, lookahead = WideRows(even_account(700)), Lookahead()

    assert len(read(wire, parallel=4, expected=700, lookahead=lookahead)) == 700
    assert len(read(wire, parallel=4, expected=700, lookahead=lookahead)) == 700
    assert wire.most == 1


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1_000])
def test_parallel_pages_share_two_rows(size: int) -> None:
    """With the right number of expected rows, parallel pages cost only the two rows that each shares with the next."""
    wire = Wire(even_account(size))
    read(wire, parallel=4, expected=size)

    assert len(wire.requests) <= 1 + size / 98


def test_alert_storm_wastes_few_requests() -> None:
    """Thirty alerts in each of sixty milliseconds keep parallel pages from joining, and few pages are wasted."""
    account = account_of([(number, 30) for number in range(60)])
    one, four = Wire(account), Wire(account)
    read(one, parallel=1, expected=1_800)
    read(four, parallel=4, expected=1_800)

    assert len(four.requests) <= len(one.requests) * 1.6


def crowded_api(size: int) -> Callable[[Request], RawResponse]:
    """An API that counts *size* rows in one millisecond, and lists one row for each requested priority."""

    def transport(request: Request) -> RawResponse:
        if request.path.endswith("/count"):
            return said(200, {"data": {"count": size}})
        priority = request.params["query"][1:].removeprefix("priority: ")[:2]
        return said(200, {"data": [{"id": priority, "createdAt": format_timestamp(T)}]})

    return transport


@pytest.mark.parametrize(("size", "expected"), [(2 * CAP - 1, ["re"]), (2 * CAP, ["P1", "P2", "P3", "P4", "P5"])])
def test_crowd_beyond_the_cap_is_read_by_priority(size: int, expected: list[str]) -> None:
    """A millisecond with more rows than both ends of a list can show is listed once per priority."""
    search = Search(client_of(crowded_api(size)), STREAMS["alerts"])

    assert expected == [row.id for row in read_crowd(search, T)]
