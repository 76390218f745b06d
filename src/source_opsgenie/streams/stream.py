"""What a row of the stream table can say: where its records come from, what a record holds, and who may read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import Field, open_object

Record = dict[str, Any]


class Access(Enum):
    """Streams that need the same permissions of a key and the same plan of the account.

    See docs/opsgenie-api.md#permissions and docs/opsgenie-api.md#plans.
    """

    ALERTS = ("alerts", ("Read",), "")
    INCIDENTS = ("incidents", ("Read",), "Standard or Enterprise")
    SERVICES = ("services", ("Read", "Configuration Access"), "Standard or Enterprise")
    CONFIGURATION = ("configuration", ("Read", "Configuration Access"), "")
    LOGS = ("logs", ("Read", "Configuration Access"), "Enterprise")

    def __init__(self, title: str, permissions: tuple[str, ...], plans: str) -> None:
        self.title = title
        self.permissions = permissions
        self.plans = plans

    @property
    def needs(self) -> str:
        """The permissions and the plan in words, as the object of a sentence."""
        noun = "permission" if len(self.permissions) == 1 else "permissions"
        plan = f" and the {self.plans} plan" if self.plans else ""
        return f"the {' and '.join(self.permissions)} {noun}{plan}"


@dataclass(frozen=True, slots=True)
class Unpaged:
    """One response holds the complete list; a `next` in it is followed (docs/opsgenie-api.md#unpaged-lists)."""


@dataclass(frozen=True, slots=True)
class OffsetPaging:
    """The `offset` counts rows, and the list can be sorted (docs/opsgenie-api.md#the-cap)."""

    # Field to sort by, so that rows keep their places while the list is read.
    sort: str


@dataclass(frozen=True, slots=True)
class LinkPaging:
    """Each response links to the next page in `paging.next` (docs/opsgenie-api.md#log-cursors)."""

    # The most rows that a page can hold.
    limit: int = 100


@dataclass(frozen=True, slots=True)
class KeyPaging:
    """A key beside the rows is sent as the `offset` of the next page (docs/opsgenie-api.md#keyed-lists)."""

    # Field of the response's `data` that holds the key of the next page.
    next_key: str
    # The most rows that a page can hold.
    limit: int = 100


@dataclass(frozen=True, slots=True)
class PositionPaging:
    """The `offset` counts rows, and no response has a total (docs/opsgenie-api.md#alerts-of-an-incident)."""

    # The most rows that a page can hold.
    limit: int = 100


@dataclass(frozen=True, slots=True)
class MarkerPaging:
    """The path holds a timestamp as `{marker}`; each response has the next one (docs/opsgenie-api.md#log-files)."""

    # The most rows that a page can hold.
    limit: int = 100


@dataclass(frozen=True, slots=True)
class SpanPaging:
    """Each response covers a span of time, and has the periods in it (docs/opsgenie-api.md#schedule-timeline)."""


Paging = Unpaged | OffsetPaging | LinkPaging | KeyPaging | PositionPaging | MarkerPaging | SpanPaging


class Content(Enum):
    """The form in which a response holds its rows."""

    ROWS = "list of rows"
    ONE_ROW = "row"
    # Each id becomes a row with the last field of the stream's key.
    IDS = "list of ids"
    # The name of the list does not matter, and a bare list is accepted too.
    NAMED_LIST = "list of rows under a name"
    # The rows are numbered in the added field `line_number`.
    FILE_LINK = "link to a file with a row on each line"


@dataclass(frozen=True, slots=True)
class MergedList:
    """Another list of the same rows, which are merged by key with those of the stream's own list."""

    path: str
    # Flag field that we add: true for the rows of this list.
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """Where a response holds rows, and what is added to them."""

    # Keys that lead from the response's `data` to the rows.
    at: tuple[str, ...] = ()
    # What stands there.
    content: Content = Content.ROWS
    # The last key of *at* may be missing: then the response has no rows.
    may_be_absent: bool = False
    # Fields that we add: the name of each, and the keys that lead from the row to its value.
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    # Field that we add to rows without an id: a digest that identifies the row among its siblings.
    digest_field: str = ""
    # Further lists of the same rows.
    merged: tuple[MergedList, ...] = ()
    # Flag field that we add if lists are merged: true for the rows of the stream's own list.
    flag: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    """The endpoint of a single row."""

    # Path of the row. Empty: the path of the list, and the last field of the key behind it.
    path: str = ""
    # Rate limit domain of that path. None: that of the list.
    domain: Domain | None = None
    # Each row is fetched there too, since the list leaves fields out.
    completes_rows: bool = False
    # The user's option without which rows are not completed.
    option: str = ""


@dataclass(frozen=True, slots=True)
class Bulk:
    """A list with the rows of many parents, which saves a request per parent.

    Where it is rejected, and for a parent that it lacks, the parent's own list is fetched.
    """

    path: str
    # Keys that lead from a row to the id of its parent.
    parent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parent:
    """The stream whose rows this stream is a child of: the list is fetched once per parent."""

    # Name of the parent stream.
    stream: str
    # Ids of the parent and its own parents: the name of each in the child, and in the parent.
    ids: Mapping[str, str]
    # Further fields of the parent that are copied to the child, in the same form.
    brings: Mapping[str, str] = field(default_factory=dict)
    # The list is fetched without a parent too; the ids of those rows are null.
    is_optional: bool = False
    # One list for all parents.
    bulk: Bulk | None = None
    # Field of the parent that is true if it has a list; where it is not, a rejected list is empty.
    lists_only_if: str = ""


@dataclass(frozen=True, slots=True)
class Searchable:
    """How a list can be searched by `createdAt` and `updatedAt` (docs/opsgenie-api.md#searching-and-counting)."""

    # Path that returns `data.count`. None: the `totalCount` of the list is used.
    count_path: str | None = None
    # Rate limit domain of that path. None: that of the list.
    count_domain: Domain | None = None
    # Field to sort by that no two rows of the same millisecond share.
    tie_breaker: str = ""
    # Searches that divide the rows of one millisecond, if these are more than can be listed.
    parts: tuple[str, ...] = tuple(f"priority: P{number}" for number in range(1, 6))
    # The user's query narrows the list.
    takes_alert_query: bool = False
    # Search for the rows that people still work on.
    still_open: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One row of the table. What has a default here is stated only where the stream deviates from it."""

    # Name of the stream and of its table.
    name: str
    # One sentence for the user, who finds it in the catalog, the warehouse and docs/streams.md.
    description: str
    # Path of the list; a child names the ids of its parents in braces.
    path: str
    # Fields that identify a row; they stand first among *fields*, the ids of parents before its own.
    key: tuple[str, ...]
    # The vendor's page about the list.
    docs_url: str
    # What a row holds: what the API sends, and what we add.
    fields: tuple[Field, ...]
    # Rate limit domain of the list.
    domain: Domain = Domain.CONFIGURATION
    # What a key and a plan need for it.
    access: Access = Access.CONFIGURATION
    # Query parameters; one that names an id in braces is left out where that id is null.
    params: Mapping[str, str] = field(default_factory=dict)
    paging: Paging = Unpaged()
    rows: Rows = Rows()
    detail: Detail = Detail()
    parent: Parent | None = None
    # Set for a list that can be read by time, and so incrementally.
    search: Searchable | None = None
    # Timestamp field by which a destination finds the newest version of a row.
    cursor: str = ""

    def schema(self) -> dict[str, Any]:
        """The JSON schema of a row."""
        schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}
        return schema | open_object(self.fields)
