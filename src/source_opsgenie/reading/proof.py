"""The proof of a read: how complete it is, in one line that a person can check."""

from collections.abc import Iterator

from source_opsgenie.api.connection import Connection
from source_opsgenie.clock import format_timestamp
from source_opsgenie.reading.events import Notice, Parents, Proof
from source_opsgenie.reading.query import is_stable, user_query
from source_opsgenie.reading.state import State, Tally
from source_opsgenie.streams import Stream, ancestry


def closing_events(
    connection: Connection, stream: Stream, *, start: State, end: State, parents: Parents
) -> Iterator[Proof | Notice]:
    """The last events of a read of *stream* from *start* to *end*, which read the children of *parents*."""
    root = ancestry(stream)[0]
    is_first, unlisted = start.bookmark is None, end.tally.unlisted
    text = _result(connection, stream, start=start, end=end, parents=parents)
    if unlisted and is_first:
        yield Notice(f"{stream.name}: {unlisted:,} {root.name} are counted but never listed.", is_warning=True)
    if unlisted and (stream.parent or not is_first):
        text += f"; {unlisted:,} {root.name} were counted by the first read and never listed"
    yield Proof(f"{text}; {_coverage(connection, root)}", unlisted)


def _result(connection: Connection, stream: Stream, *, start: State, end: State, parents: Parents) -> str:
    read = end.rows - start.rows
    if stream.parent:
        requested, deleted = parents.requested, parents.deleted
        return f"{requested:,} parents requested, {requested - deleted:,} read, {deleted:,} deleted"
    if stream.search is None:
        return f"{read:,} read to the end of the list"
    if start.bookmark is not None:
        return f"{read:,} changed since {format_timestamp(start.bookmark)}"
    if date := connection.config.start_date:
        older = "older ones updated since are read too, but not compared with a count"
        return f"{_counted(end.tally)} of those created since {date}; {older}"
    return _counted(end.tally)


def _counted(tally: Tally) -> str:
    deleted = f", {tally.deleted:,} deleted meanwhile" if tally.deleted else ""
    recent = f", and {tally.recent:,} too new to be compared with a count" if tally.recent else ""
    return f"{tally.counted:,} counted, {tally.listed:,} read{deleted}, {tally.unlisted:,} unexplained{recent}"


def _coverage(connection: Connection, root: Stream) -> str:
    """What the proof covers: never more than the key may see, and unproven if rows may leave the query."""
    is_proven = is_stable(user_query(connection.config, root))
    return connection.visibility + ("" if is_proven else ", unproven: alert_query uses fields that change")
