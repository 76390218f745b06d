"""The words in which a stream is written down: where its rows come from, what names a row, who may read it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import Field, open_object

Record = dict[str, Any]


class Access(Enum):
    """A group of streams that stand or fall together: what a key, or a plan, must have for them.

    See docs/opsgenie-api.md#permissions and docs/opsgenie-api.md#plans.
    """

    ALERTS = ("alerts", "Read", "")
    INCIDENTS = ("incidents", "Read", "Standard or Enterprise")
    SERVICES = ("services", "Read and Configuration Access", "Standard or Enterprise")
    CONFIGURATION = ("configuration", "Read and Configuration Access", "")
    LOGS = ("logs", "Read and Configuration Access", "Enterprise")

    def __init__(self, title: str, rights: str, plans: str) -> None:
        self.title = title
        self.rights = rights
        self.plans = plans

    @property
    def needs(self) -> str:
        """What a key and a plan must have, in words."""
        return f"the right {self.rights}" + (f" and the plan {self.plans}" if self.plans else "")


class Paging(Enum):
    """The ways in which Opsgenie hands out a list (docs/opsgenie-api.md#paging)."""

    WHOLE = "whole"
    OFFSET = "offset"
    CURSOR = "cursor"
    # A key to the next page stands in `data`, beside the rows.
    KEY = "key"
    # An offset counts rows, and nothing tells how many there are.
    POSITION = "position"
    # A moment in the path, of which each page tells the next.
    MARKER = "marker"


class Content(Enum):
    """What an answer holds where its rows should stand."""

    ROWS = "list of rows"
    ONE = "row"
    IDS = "list of ids"
    # Without names too.
    LISTS = "list of rows under a name"
    LINK = "link to a file with a row on each line"


@dataclass(frozen=True, slots=True)
class Parent:
    """The stream whose rows a child is asked for, and how a parent's fields are called in the child.

    *ids* name the parent, and all that it hangs on itself; *brings* are further fields of it.
    *is_optional*: the list of what hangs on no parent is asked for too; its rows have no such ids.
    """

    stream: str
    ids: Mapping[str, str]
    brings: Mapping[str, str] = field(default_factory=dict)
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Another list of the same rows, put together with the stream's own by key; *mark* as in Stream."""

    path: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Bulk:
    """A list that answers for all parents with one request; *parent* leads to the parent's id in its rows.

    Where it is refused, and for a parent that it lacks, the parent's own list is asked for.
    """

    path: str
    parent: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Searchable:
    """A list that can be searched by time.

    *count_path* answers `data.count`; without it the list's own `totalCount` is asked for.
    *tie_breaker* is a field to sort by that no two rows of one moment share.
    *parts* are searches that part a moment with more rows than can be listed.
    *takes_alert_query*: the user's query narrows it. *still_open* finds the rows that people still work on.
    """

    count_path: str | None = None
    tie_breaker: str = ""
    parts: tuple[str, ...] = tuple(f"priority: P{number}" for number in range(1, 6))
    takes_alert_query: bool = False
    still_open: str = ""


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream: where its rows come from, what names a row, and what a row holds.

    *path* and *params* name parents' ids in braces; a parameter whose id a row lacks is left out.
    *rows* leads from the answer's `data` to what *holds* says; *may_lack_rows*: the last step may be missing.
    *limit* is the most that a page holds, *next_key* where in `data` the key to the next one stands.
    *adds* names fields that we add: each is the value at that path of the row.
    *numbered* is a field that we add to rows without an id: a digest of the row that names it among its siblings.
    *also* are further lists of the same rows; *mark* is a flag that is true for the rows that stand in this one.
    *single* is the path of one row, if not the list's own with the key behind it, and *single_domain* the domain of
    that and of counts. *is_completed*: each row is asked for at that path, since the list leaves fields out;
    with *option*, only where the user sets that option.
    *weeks* is the option that says for how many days back each parent is asked, week by week.
    *cursor* is the moment by which a destination may tell newer versions of a row from older ones.
    *sort* is the field by which a list with offsets and without a search holds still.
    *page* is the vendor's page that describes it.
    """

    name: str
    description: str
    path: str
    key: tuple[str, ...]
    domain: Domain
    access: Access
    page: str
    fields: tuple[Field, ...]
    params: Mapping[str, str] = field(default_factory=dict)
    paging: Paging = Paging.WHOLE
    limit: int = 100
    next_key: str = ""
    sort: str = ""
    cursor: str = ""
    search: Searchable | None = None
    parent: Parent | None = None
    rows: tuple[str, ...] = ()
    holds: Content = Content.ROWS
    may_lack_rows: bool = False
    adds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbered: str = ""
    also: tuple[Part, ...] = ()
    mark: str = ""
    at_once: Bulk | None = None
    weeks: str = ""
    single: str = ""
    single_domain: Domain | None = None
    is_completed: bool = False
    option: str = ""

    def schema(self) -> dict[str, Any]:
        """The JSON schema of a row."""
        schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}
        return schema | open_object(self.fields)
