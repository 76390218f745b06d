"""What a route is, what it is asked, and what it gives."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from opsgenie_simulator.account import Account
from opsgenie_simulator.errors import not_found, outside_team
from opsgenie_simulator.keys import Key
from opsgenie_simulator.limits import Limits
from opsgenie_simulator.lists import Lists
from opsgenie_simulator.permissions import Permission
from opsgenie_simulator.records import Record
from opsgenie_simulator.switches import Switches


@dataclass(frozen=True, slots=True)
class Ask:
    """One authorised question."""

    account: Account
    switches: Switches
    limits: Limits
    lists: Lists
    key: Key
    query: Mapping[str, str]
    names: Mapping[str, str]
    origin: str
    path: str


@dataclass(frozen=True, slots=True)
class Content:
    """The inside of an answer: `data` as bytes if there is any, and the members beside it.

    What is *bare* comes without the usual envelope, as text of that type.
    """

    data: bytes | None
    beside: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    bare: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """A path, the rate-limit domain that it draws on, the right that it needs, and what answers it.

    A route that *writes* changes the account, for all that it is asked with GET.
    """

    path: str
    domain: str
    permission: Permission
    answer: Callable[[Ask], Content]
    feature: str | None = None
    writes: bool = False


def encoded(data: Any, *, expandable: Sequence[str] = ()) -> Content:
    """Content made of values rather than of kept bytes; *expandable* is what more can be asked for."""
    return Content(orjson.dumps(data), {"expandable": expandable} if expandable else {})


def all_of(ask: Ask, kind: str) -> Content:
    """Every record of a kind that the key may see, unpaged."""
    return Content(b"[" + b",".join(record.listed for record in seen(ask, kind)) + b"]")


def seen(ask: Ask, kind: str) -> Iterator[Record]:
    """The records of a kind that are within the reach of the key."""
    return (record for record in ask.account.store.tables[kind] if may_see(ask, record))


def may_see(ask: Ask, record: Record) -> bool:
    """Whether the record is within the reach of the key."""
    return ask.key.team_id is None or ask.key.team_id in record.teams


def visible(ask: Ask, record: Record | None, *, what: str) -> Record:
    """The record, if it is there and the key may see it."""
    if record is None:
        raise not_found(what)
    if not may_see(ask, record):
        raise outside_team("You are not authorized to access this resource")
    return record
