"""What the end of a read says of its completeness, in one line that a person can check."""

from collections.abc import Iterator

from source_opsgenie.api.connection import Connection
from source_opsgenie.clock import format_timestamp
from source_opsgenie.reading.events import Notice, Parents, Proof
from source_opsgenie.reading.query import is_stable
from source_opsgenie.reading.state import State
from source_opsgenie.streams import Stream, ancestry


def closing_events(
    connection: Connection, stream: Stream, *, start: State, end: State, parents: Parents
) -> Iterator[Proof | Notice]:
    """The closing lines of a read of *stream* from *start* to *end*, in which *parents* were asked."""
    read, root = end.rows - start.rows, ancestry(stream)[0]
    is_first, unlisted = start.bookmark is None, end.tally.unlisted
    if stream.parent:
        answered = parents.asked - parents.gone
        told = f"{parents.asked:,} parents asked, {answered:,} answered, {parents.gone:,} gone"
    elif stream.search is None:
        told = f"{read:,} read to the end of the list"
    else:
        told = _counted(end) if is_first else f"{read:,} changed since {format_timestamp(start.bookmark or 0)}"
        if is_first and (date := connection.config.start_date):
            told += f" of those created since {date}; older ones updated since are read too, and held to no count"
    if unlisted and is_first:
        yield Notice(f"{stream.name}: {unlisted:,} {root.name} are counted but never listed.", is_warning=True)
    if unlisted and (stream.parent or not is_first):
        told += f"; {unlisted:,} {root.name} were counted at the first read and never listed"
    yield Proof(f"{told}; {_reach(connection, root)}", unlisted)


def _counted(end: State) -> str:
    tally = end.tally
    gone = f", {tally.gone:,} deleted meanwhile" if tally.gone else ""
    recent = f", and {tally.recent:,} too new to be held to a count" if tally.recent else ""
    return f"{tally.counted:,} counted, {tally.listed:,} read{gone}, {tally.unlisted:,} unexplained{recent}"


def _reach(connection: Connection, root: Stream) -> str:
    """What the line is about: never more than the key may see, and nothing proven on shifting ground."""
    query = connection.config.alert_query if root.search and root.search.takes_alert_query else ""
    shifting = "" if is_stable(query) else ", unproven: alert_query asks for what changes"
    return connection.visibility + shifting
