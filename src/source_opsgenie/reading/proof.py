"""The proof of a read: how complete it is, in one line that a person can check."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from source_opsgenie.api.connection import Connection
from source_opsgenie.clock import format_timestamp
from source_opsgenie.reading.counts import Parents, Tally
from source_opsgenie.reading.events import Notice, Proof, SetAside
from source_opsgenie.reading.ledger import describe
from source_opsgenie.reading.parts import Part
from source_opsgenie.reading.query import is_stable, user_query
from source_opsgenie.reading.state import State
from source_opsgenie.streams import STREAMS, Stream, ancestry


@dataclass(frozen=True, slots=True)
class Outcome:
    """A read from the state *start* to the state *end*, and what it *owes*.

    The parents *without* such a list are not owed.
    """

    start: State
    end: State
    owes: tuple[SetAside, ...] = ()
    without: Sequence[Part] = ()


def closing_events(connection: Connection, stream: Stream, outcome: Outcome) -> Iterator[Proof | Notice]:
    """The last events of a read of *stream*."""
    root = ancestry(stream)[0]
    tally = outcome.end.tally
    is_first, unlisted = outcome.start.bookmark is None, tally.unlisted
    text = _result(connection, stream, outcome)
    if unlisted and is_first:
        yield Notice(f"{stream.name}: {unlisted:,} {root.name} are counted but never listed.", is_warning=True)
    if unlisted and (stream.parent or not is_first):
        text += f"; {unlisted:,} {root.name} were counted by the first read and never listed"
    if tally.uncounted and (stream.parent or not is_first):
        text += f"; {tally.uncounted:,} {root.name} of the first read were not compared with a count"
    if outcome.owes:
        text += f"; {len(outcome.owes):,} owed"
    if outcome.without:
        yield Notice(
            f"{stream.name}: the API has none for {len(outcome.without):,}: {describe(outcome.without)}",
            is_warning=True,
        )
    lack = _lack(outcome, tolerated=connection.config.tolerated_failures)
    if outcome.owes and not lack:
        yield Notice(f"{stream.name}: {_describe_owed(outcome)}", is_warning=True)
    as_of = outcome.end.bookmark
    text += f"; {_coverage(connection, root)}" + (f", as of {format_timestamp(as_of)}" if as_of else "")
    yield Proof(text, unlisted, tally.uncounted, outcome.owes, lack, as_of)


def _lack(outcome: Outcome, *, tolerated: int) -> str:
    return _describe_owed(outcome) if len(outcome.owes) > tolerated else ""


def _describe_owed(outcome: Outcome) -> str:
    """What is owed and why, and what becomes of it."""
    parts = "1 part" if len(outcome.owes) == 1 else f"{len(outcome.owes):,} parts"
    return (
        f"{parts} could not be read. {describe(outcome.owes)} Everything else was read. The next sync requests "
        f"{'it' if len(outcome.owes) == 1 else 'them'} again."
    )


def _result(connection: Connection, stream: Stream, outcome: Outcome) -> str:
    start, end = outcome.start, outcome.end
    read = end.rows - start.rows
    if stream.parent:
        failed = Parents(failed=sum(not one.part.is_row for one in outcome.owes))
        return _children(end.parents + failed, STREAMS[stream.parent.stream].name)
    if stream.search is None:
        return f"{read:,} read to the end of the list"
    if start.bookmark is not None:
        return f"{read:,} changed since {format_timestamp(start.bookmark)}"
    if date := connection.config.start_date:
        older = "older ones updated since are read too, but not compared with a count"
        return f"{_counted(end.tally)} of those created since {date}; {older}"
    return _counted(end.tally)


def _children(parents: Parents, name: str) -> str:
    text = f"{parents.requested:,} parents requested, {parents.read:,} read, {parents.deleted:,} deleted"
    without = f"; {parents.without:,} of {parents.requested:,} {name} have none to read" if parents.without else ""
    return text + without


def _counted(tally: Tally) -> str:
    deleted = f", {tally.deleted:,} deleted meanwhile" if tally.deleted else ""
    recent = f", and {tally.recent:,} too new to be compared with a count" if tally.recent else ""
    uncounted = f", and {tally.uncounted:,} not compared with a count, which failed" if tally.uncounted else ""
    unexplained = f"{tally.unlisted:,} unexplained"
    return f"{tally.counted:,} counted, {tally.listed:,} read{deleted}, {unexplained}{recent}{uncounted}"


def _coverage(connection: Connection, root: Stream) -> str:
    """What the proof covers: never more than the key may see, and unproven if rows may stop matching the filters."""
    is_proven = is_stable(user_query(connection.config, root))
    return connection.visibility + ("" if is_proven else ", unproven: the alert filters use fields that change")
