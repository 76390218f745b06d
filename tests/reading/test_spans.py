"""Rows of a span, read page by page or pages side by side: each exactly once, whatever crowds or is deleted."""

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
from source_opsgenie.reading.spans import read_crowd, read_span
from source_opsgenie.streams import STREAMS

Ties = Literal["kept", "mirrored", "shuffled"]
TIES: list[Ties] = ["kept", "mirrored", "shuffled"]
T = NOW - 30 * DAY
# Rows that crowd: how far behind T, and how many of them in that millisecond.
DISTANCES = some.sampled_from([0, 1, 2, 3, 1000, DAY, 9 * DAY])
CROWDS = some.lists(some.tuples(DISTANCES, some.sampled_from([1, 2, 40, 99, 100, 101, 130])), max_size=5)
EVEN = some.builds(
    lambda size, apart, tied: [(number * apart, tied) for number in range(size)],
    some.integers(90, 250), some.sampled_from([1, 60_000]), some.sampled_from([1, 2]),
)  # fmt: skip
SMALL = some.lists(some.tuples(DISTANCES, some.integers(1, 60)), max_size=6)
WHOLE = (T - 10 * DAY, T + 1)
AT_ONCE = [1, 4]


def account_of(crowds: list[tuple[int, int]]) -> Account:
    """An account in which alerts crowd so."""
    return crowded(*((T - distance, size) for distance, size in crowds))


def even(size: int) -> Account:
    """An account with an alert each minute."""
    return account_of([(60_000 * number, 1) for number in range(size)])


def read(wire: Wire, *, at_once: int, expected: int = 0, order: str = "desc") -> list[SearchRow]:
    """All rows of the span, so many pages at once."""
    listing = replace(search_of(wire), concurrent_pages=at_once)
    return [row for rows in read_span(listing, *WHOLE, expected=expected, order=order) for row in rows]


@settings(max_examples=40, deadline=None)
@given(CROWDS | EVEN, some.sampled_from(TIES), some.sampled_from(AT_ONCE), some.sampled_from([0, 0.5, 1, 2]))
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_every_row_is_read_once(
    order: str, crowds: list[tuple[int, int]], ties: Ties, at_once: int, expected: float
) -> None:
    """However rows crowd, ties are ordered and many are expected: each is read exactly once, and in order."""
    account = account_of(crowds)
    wire = Wire(account, Switches(ties=ties))
    found = read(wire, at_once=at_once, expected=int(len(account.alerts) * expected), order=order)
    times = [row.created for row in found]

    assert sorted(account.alerts) == sorted(row.id for row in found)
    assert times == sorted(times, reverse=order == "desc")


@pytest.mark.parametrize("at_once", AT_ONCE)
@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("size", [99, 100, 101, 250, 650])
def test_crowded_millisecond(size: int, ties: Ties, at_once: int) -> None:
    """A millisecond with more rows than a page, between others, is read whole and only once."""
    account = account_of([(0, 30), (1, size), (2, 30)])
    wire = Wire(account, Switches(ties=ties))
    found = [row.id for row in read(wire, at_once=at_once, expected=size + 60)]

    assert sorted(account.alerts) == sorted(found)


def test_span_is_half_open() -> None:
    """The row at the start is read, the one at the end is not; None is no bound."""
    account = account_of([(0, 1), (1, 1), (2, 1)])
    listing = search_of(Wire(account))
    found = [
        [row.created - T for rows in read_span(listing, *span) for row in rows]
        for span in ((T - 2, T), (T - 1, None), (None, T - 1), (None, None))
    ]

    assert found == [[-1, -2], [0, -1], [-2], [0, -1, -2]]


@settings(max_examples=40, deadline=None)
@given(SMALL | EVEN, some.sampled_from(TIES), some.sampled_from(AT_ONCE), some.integers())
def test_deletions_leave_no_living_row_unread(
    crowds: list[tuple[int, int]], ties: Ties, at_once: int, seed: int
) -> None:
    """Rows that are deleted while others are read shift nothing: whatever lives to the end is read, and once."""
    account, chance = account_of(crowds), Random(seed)

    def delete(_: Request) -> None:
        for alert_id in chance.sample(sorted(account.alerts), k=min(5, len(account.alerts))):
            account.delete_alert(alert_id)

    wire = Wire(account, Switches(ties=ties), before=delete)
    try:
        found = [row.id for row in read(wire, at_once=at_once, expected=len(account.alerts))]
    except Incomplete:
        return

    assert set(account.alerts) <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("ties", TIES)
def test_crowd_of_incidents_is_read_or_incomplete(ties: Ties) -> None:
    """Incidents cannot be sorted by tinyId (docs/opsgenie-api.md): a crowd of them is read whole, or told as one."""
    account = Account()
    for _ in range(250):
        account.create_incident(created_at=T)
    listing = search_of(Wire(account, Switches(ties=ties)), stream="incidents")
    try:
        found = [row.id for rows in read_span(listing, *WHOLE) for row in rows]
    except Incomplete as problem:
        found = [str(problem)] if ties != "shuffled" else list(account.incidents)

    assert sorted(account.incidents) == sorted(found)


@pytest.mark.parametrize("moments", [[T + 5], [T - 11 * DAY], [T - 2, T - 1]])
def test_rows_that_were_not_asked_for(moments: list[int]) -> None:
    """Rows outside the span, or in another order, mean that the API did not do as asked: never read on."""
    rows = [{"id": str(moment), "createdAt": format_timestamp(moment)} for moment in moments]
    listing = Search(client_of(Script(said(200, {"data": rows}))), STREAMS["alerts"])
    with pytest.raises(MalformedResponse, match="/v2/alerts was requested for rows created in"):
        list(read_span(listing, *WHOLE))


class Meeting(Wire):
    """A wire on which the requests number *first* to *last* are answered only when all of them are under way."""

    def meet(self, first: int, last: int) -> "Meeting":
        """Hold these requests back from now on."""
        self.numbers, self.held = count(1), range(first, last + 1)
        self.barrier = Barrier(len(self.held), timeout=10)
        return self

    def __call__(self, request: Request) -> RawResponse:
        """Answer, once the others are there."""
        if next(self.numbers) in self.held:
            self.barrier.wait()
        return super().__call__(request)


def test_pages_are_under_way_at_the_same_time() -> None:
    """Once pages have joined, the next four are asked for side by side: none waits for the one before it."""
    wire = Meeting(even(2_000)).meet(4, 7)

    assert sorted(wire.account.alerts) == sorted(row.id for row in read(wire, at_once=4, expected=2_000))


class Wide(Wire):
    """A wire with rows of 20 kB, that holds each request for a moment, so that others may come."""

    most = under_way = 0
    changed = Condition()

    def __call__(self, request: Request) -> RawResponse:
        """Answer, once others had the time to come."""
        with self.changed:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            self.changed.wait_for(lambda: self.most > 1, timeout=0.005)
            self.under_way -= 1
        response = super().__call__(request)
        return replace(response, body=response.body.replace(b'"seen"', b'"wide":"' + b"x" * 20_000 + b'","seen"'))


def test_long_rows_are_not_held_ahead() -> None:
    """Where a page takes megabytes, one is asked for at a time: what is held is bounded in bytes."""
    wire = Wide(even(700))

    assert len(read(wire, at_once=4, expected=700)) == 700
    assert wire.most == 1


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 1_000])
def test_side_by_side_costs_two_rows_a_page(size: int) -> None:
    """What is expected rightly is asked for with no page too many: two rows of each stand on the next as well."""
    wire = Wire(even(size))
    read(wire, at_once=4, expected=size)

    assert len(wire.asked) <= 1 + size / 98


def test_a_storm_wastes_few_pages() -> None:
    """Thirty alerts in each of sixty milliseconds break every join: few pages are asked for in vain."""
    account = account_of([(number, 30) for number in range(60)])
    one, four = Wire(account), Wire(account)
    read(one, at_once=1, expected=1_800)
    read(four, at_once=4, expected=1_800)

    assert len(four.asked) <= len(one.asked) * 1.6


def full_of(size: int) -> Callable[[Request], RawResponse]:
    """An API that counts *size* rows in one millisecond, and lists one for each priority that is asked for."""

    def transport(request: Request) -> RawResponse:
        if request.path.endswith("/count"):
            return said(200, {"data": {"count": size}})
        priority = request.params["query"][1:].removeprefix("priority: ")[:2]
        return said(200, {"data": [{"id": priority, "createdAt": format_timestamp(T)}]})

    return transport


@pytest.mark.parametrize(("size", "expected"), [(2 * CAP - 1, ["re"]), (2 * CAP, ["P1", "P2", "P3", "P4", "P5"])])
def test_what_exceeds_both_ends_is_read_by_priority(size: int, expected: list[str]) -> None:
    """A millisecond with more rows than the cap shows from both ends is listed a priority at a time."""
    listing = Search(client_of(full_of(size)), STREAMS["alerts"])

    assert expected == [row.id for row in read_crowd(listing, T)]
