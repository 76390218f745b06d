"""A route of the API: the request that it gets and the content that it returns."""

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
class RequestContext:
    """An authorized request, with the account that it reads."""

    account: Account
    switches: Switches
    limits: Limits
    lists: Lists
    key: Key
    query: Mapping[str, str]
    path_params: Mapping[str, str]
    origin: str
    path: str


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a response: `data`, if there is any, and the *members* next to it.

    With a *media_type*, the data is sent as that type and without the usual envelope.
    """

    data: bytes | None
    members: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """A path, its rate-limit domain, the permission that it needs, and the function that responds.

    A route that *writes* changes the account, although its method is GET.
    """

    path: str
    domain: str
    permission: Permission
    respond: Callable[[RequestContext], Content]
    feature: str | None = None
    writes: bool = False


def encode(data: Any, *, expandable: Sequence[str] = ()) -> Content:
    """Encode *data* as JSON; *expandable* names what the `expand` parameter can add."""
    return Content(orjson.dumps(data), {"expandable": expandable} if expandable else {})


def list_records(context: RequestContext, kind: str) -> Content:
    """List all records of a kind that the key can see, without paging."""
    return Content(b"[" + b",".join(record.listed for record in visible_records(context, kind)) + b"]")


def visible_records(context: RequestContext, kind: str) -> Iterator[Record]:
    """Yield the records of a kind that the key can see."""
    return (record for record in context.account.store.tables[kind] if can_see(context, record))


def can_see(context: RequestContext, record: Record) -> bool:
    """Whether the key can see *record*: a team's key sees only records of its team."""
    return context.key.team_id is None or context.key.team_id in record.teams


def require_visible(context: RequestContext, record: Record | None, *, noun: str) -> Record:
    """Return *record*, or raise if it does not exist or the key cannot see it."""
    if record is None:
        raise not_found(noun)
    if not can_see(context, record):
        raise outside_team("You are not authorized to access this resource")
    return record
