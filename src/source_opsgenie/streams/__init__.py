"""The table of streams: a row for each, by area; everything else is made from it."""

from source_opsgenie.streams.alerts import ALERT_STREAMS
from source_opsgenie.streams.configuration import CONFIGURATION_STREAMS
from source_opsgenie.streams.incidents import INCIDENT_STREAMS
from source_opsgenie.streams.stream import Access, Domain, Field, Kind, Paging, Parent, Record, Search, Stream
from source_opsgenie.streams.teams import TEAM_STREAMS
from source_opsgenie.streams.users import USER_STREAMS

__all__ = [
    "STREAMS",
    "Access",
    "Domain",
    "Field",
    "Kind",
    "Paging",
    "Parent",
    "Record",
    "Search",
    "Stream",
    "ancestry",
    "cost",
    "is_incremental",
]

STREAMS: dict[str, Stream] = {
    stream.name: stream
    for area in (ALERT_STREAMS, INCIDENT_STREAMS, USER_STREAMS, TEAM_STREAMS, CONFIGURATION_STREAMS)
    for stream in area
}


def ancestry(stream: Stream) -> list[Stream]:
    """The streams that *stream* hangs on, from the one that is listed by itself down to *stream*."""
    above = ancestry(STREAMS[stream.parent.stream]) if stream.parent else []
    return [*above, stream]


def is_incremental(stream: Stream) -> bool:
    """Whether a later read of *stream* can ask for what changed: it, or what it hangs on, can be searched."""
    return ancestry(stream)[0].search is not None


def cost(stream: Stream) -> str:
    """What a read of *stream* costs: requests per page, or per row of its parent."""
    return f"a request per {stream.parent.stream.removesuffix('s')}" if stream.parent else "a request per page"
