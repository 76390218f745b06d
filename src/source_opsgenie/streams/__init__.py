"""The table of all streams, one row each, and what can be derived from it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from source_opsgenie.api.pacing import CANDIDATES, Domain
from source_opsgenie.config import Config
from source_opsgenie.streams.alerts import ALERT_STREAMS
from source_opsgenie.streams.configuration import CONFIGURATION_STREAMS
from source_opsgenie.streams.fields import LACKS_DETAILS, Field, Kind
from source_opsgenie.streams.incidents import INCIDENT_STREAMS
from source_opsgenie.streams.logs import LOG_STREAMS
from source_opsgenie.streams.notifications import NOTIFICATION_STREAMS
from source_opsgenie.streams.policies import POLICY_STREAMS
from source_opsgenie.streams.schedules import SCHEDULE_STREAMS
from source_opsgenie.streams.services import SERVICE_STREAMS
from source_opsgenie.streams.stream import (
    Access,
    Content,
    KeyPaging,
    MarkerPaging,
    OffsetPaging,
    Parent,
    Record,
    SpanPaging,
    Stream,
    Unpaged,
)
from source_opsgenie.streams.teams import TEAM_STREAMS
from source_opsgenie.streams.users import USER_STREAMS

__all__ = [
    "LACKS_DETAILS",
    "STREAMS",
    "Access",
    "Content",
    "Field",
    "KeyPaging",
    "Kind",
    "MarkerPaging",
    "OffsetPaging",
    "Parent",
    "Record",
    "Relation",
    "SpanPaging",
    "Stream",
    "Unpaged",
    "ancestry",
    "cost",
    "is_incremental",
    "lists_everything",
    "reads_details",
    "references",
    "relations",
    "request_domains",
    "requests_per_parent",
]

AREAS: tuple[tuple[Stream, ...], ...] = (
    ALERT_STREAMS,
    INCIDENT_STREAMS,
    USER_STREAMS,
    NOTIFICATION_STREAMS,
    TEAM_STREAMS,
    SERVICE_STREAMS,
    SCHEDULE_STREAMS,
    CONFIGURATION_STREAMS,
    POLICY_STREAMS,
    LOG_STREAMS,
)
STREAMS: dict[str, Stream] = {stream.name: stream for area in AREAS for stream in area}


def ancestry(stream: Stream) -> list[Stream]:
    """The root list of *stream*, the streams between, and *stream* itself."""
    above = ancestry(STREAMS[stream.parent.stream]) if stream.parent else []
    return [*above, stream]


def is_incremental(stream: Stream) -> bool:
    """Whether a later sync of *stream* can read changes only, since its list or its root list can be read by time."""
    root = ancestry(stream)[0]
    is_by_time = isinstance(root.paging, MarkerPaging) or isinstance(stream.paging, SpanPaging)
    return root.search is not None or is_by_time


def lists_everything(stream: Stream) -> bool:
    """Whether every read returns all rows of *stream*, so that a row it lacks was deleted."""
    return not is_incremental(stream)


def reads_details(stream: Stream, config: Config) -> bool:
    """Whether each row of *stream* is fetched individually too, under the options of *config*."""
    option = stream.detail.option
    return stream.detail.completes_rows and (not option or bool(getattr(config, option)))


def request_domains(stream: Stream) -> frozenset[Domain]:
    """Every rate limit domain that may apply to a request for *stream*, including its parents' lists."""
    searches = (each.search.count_domain for each in ancestry(stream) if each.search)
    lists = (domain for each in ancestry(stream) for domain in (each.domain, each.detail.domain))
    own = {domain for domain in (*lists, *searches) if domain}
    return frozenset(own.union(*(CANDIDATES.get(domain, ()) for domain in own)))


def requests_per_parent(stream: Stream) -> int:
    """The least number of requests for the rows of one parent of *stream*."""
    has_bulk = stream.parent is not None and stream.parent.bulk is not None
    return len(stream.rows.merged) + (not has_bulk)


@dataclass(frozen=True, slots=True)
class Relation:
    """A *field* in the rows of *stream* that identifies rows of *other*, as their parents if *is_child*."""

    stream: str
    other: str
    field: str
    is_child: bool = False


def relations() -> list[Relation]:
    """Every relation between two streams: a child to its parent, and a field to the rows it refers to."""
    found = []
    for stream in STREAMS.values():
        parent = stream.parent
        if parent:
            found.append(Relation(stream.name, parent.stream, ", ".join(parent.ids), is_child=True))
        found += [Relation(stream.name, other, path) for path, other in references(stream.fields)]
    return found


def references(fields: Iterable[Field], above: str = "") -> Iterator[tuple[str, str]]:
    """The path of each field that refers to rows of a stream, with that stream; a list's path ends in `[]`."""
    for field in fields:
        path = f"{above}{field.name}"
        if field.refers_to:
            yield path, field.refers_to
        if field.items and field.items.refers_to:
            yield f"{path}[]", field.items.refers_to
        inner = field.items.inner if field.items else field.inner
        yield from references(inner, f"{path}{'[]' if field.items else ''}.")


def cost(stream: Stream) -> str:
    """The requests that a read of *stream* takes, in words: per page, per row of each parent, per row of its own."""
    root, *below = ancestry(stream)
    of_root = "one request" if isinstance(root.paging, Unpaged) else "a request per page"
    costs = [_cost_per_parent(child) for child in below] or [of_root]
    if stream.detail.completes_rows:
        costs.append(f"one per row{f' with {stream.detail.option}' if stream.detail.option else ''}")
    return " and ".join(costs)


def _cost_per_parent(stream: Stream) -> str:
    assert stream.parent
    requests = requests_per_parent(stream)
    parent = stream.parent.stream.removesuffix("s").replace("_", " ")
    of_history = " and year of history" if isinstance(stream.paging, SpanPaging) else ""
    return f"{'a request' if requests == 1 else f'{requests} requests'} per {parent}{of_history}"
