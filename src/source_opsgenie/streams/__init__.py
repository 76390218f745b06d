"""The table of streams: a row for each, by area; everything else is made from it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from source_opsgenie.config import Config
from source_opsgenie.streams.alerts import ALERT_STREAMS
from source_opsgenie.streams.configuration import CONFIGURATION_STREAMS
from source_opsgenie.streams.fields import Field, Kind
from source_opsgenie.streams.incidents import INCIDENT_STREAMS
from source_opsgenie.streams.logs import LOG_STREAMS
from source_opsgenie.streams.notifications import NOTIFICATION_STREAMS
from source_opsgenie.streams.policies import POLICY_STREAMS
from source_opsgenie.streams.schedules import SCHEDULE_STREAMS
from source_opsgenie.streams.services import SERVICE_STREAMS
from source_opsgenie.streams.stream import Access, Content, Paging, Parent, Record, Searchable, Stream
from source_opsgenie.streams.teams import TEAM_STREAMS
from source_opsgenie.streams.users import USER_STREAMS

__all__ = [
    "STREAMS",
    "Access",
    "Content",
    "Field",
    "Kind",
    "Paging",
    "Parent",
    "Record",
    "Relation",
    "Searchable",
    "Stream",
    "ancestry",
    "cost",
    "is_incremental",
    "lists_everything",
    "reads_details",
    "references",
    "relations",
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
    """The streams that *stream* hangs on, from the one that is listed by itself down to *stream*."""
    above = ancestry(STREAMS[stream.parent.stream]) if stream.parent else []
    return [*above, stream]


def is_incremental(stream: Stream) -> bool:
    """Whether a later read of *stream* can ask for what is new: it, or what it hangs on, is listed by time."""
    root = ancestry(stream)[0]
    return root.search is not None or root.paging is Paging.MARKER


def lists_everything(stream: Stream) -> bool:
    """Whether a read brings every row that there is, so that a row which it lacks is gone."""
    return not is_incremental(stream) and not stream.weeks


def reads_details(stream: Stream, config: Config) -> bool:
    """Whether each row of *stream* is asked for by itself, under the options of *config*."""
    return stream.is_completed and (not stream.option or bool(getattr(config, stream.option)))


def requests_per_parent(stream: Stream) -> int:
    """How many requests it takes at least to ask one parent for its rows of *stream*, in each week."""
    return len(stream.also) + (stream.at_once is None)


@dataclass(frozen=True, slots=True)
class Relation:
    """Rows of *stream* name rows of *other*: by their *field*, and as *is_child* because they hang on them."""

    stream: str
    other: str
    field: str
    is_child: bool = False


def relations() -> list[Relation]:
    """What names what: children their parents, and fields the rows that they refer to."""
    found = []
    for stream in STREAMS.values():
        parent = stream.parent
        if parent:
            found.append(Relation(stream.name, parent.stream, ", ".join(parent.ids), is_child=True))
        found += [Relation(stream.name, other, path) for path, other in references(stream.fields)]
    return found


def references(fields: Iterable[Field], above: str = "") -> Iterator[tuple[str, str]]:
    """The path of each field that refers to a stream's rows, and that stream; a list's path ends in `[]`."""
    for one in fields:
        path = f"{above}{one.name}"
        if one.refers_to:
            yield path, one.refers_to
        if one.items and one.items.refers_to:
            yield f"{path}[]", one.items.refers_to
        inner = one.items.inner if one.items else one.inner
        yield from references(inner, f"{path}{'[]' if one.items else ''}.")


def cost(stream: Stream) -> str:
    """What a read of *stream* costs: requests per page, or per row of each parent above it; and per row of its own."""
    root, *below = ancestry(stream)
    costs = [_cost_below(one) for one in below] or [
        "one request" if root.paging is Paging.WHOLE else "a request per page"
    ]
    if stream.is_completed:
        costs.append(f"one per row{f' with {stream.option}' if stream.option else ''}")
    return " and ".join(costs)


def _cost_below(stream: Stream) -> str:
    asks = requests_per_parent(stream)
    requests = "a request" if asks == 1 else f"{asks} requests"
    parent = stream.parent.stream.removesuffix("s").replace("_", " ") if stream.parent else ""
    return f"{requests} per {parent}{' and week' if stream.weeks else ''}"
