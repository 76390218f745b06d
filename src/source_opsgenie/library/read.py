"""Read streams of an account in a script, a notebook or a pipeline."""

import logging
import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from source_opsgenie.api import connection as api
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.outage import is_fatal
from source_opsgenie.config import Config, nearest
from source_opsgenie.errors import ConfigError, Incomplete, OpsgenieError
from source_opsgenie.library.events import Checkpoint, Event, Proof, Row, StreamInfo
from source_opsgenie.parallel import in_parallel
from source_opsgenie.reading import events
from source_opsgenie.reading.lanes import Lanes
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS, Stream, is_incremental

LOGGER = logging.getLogger("source_opsgenie")
States = Mapping[str, Mapping[str, Any] | None]


def list_streams() -> list[StreamInfo]:
    """All streams, in the order of docs/streams.md."""
    return [
        StreamInfo(
            name=one.name,
            description=one.description,
            key=one.key,
            cursor=one.cursor,
            is_incremental=is_incremental(one),
            schema=one.schema(),
        )
        for one in STREAMS.values()
    ]


def connect(config: Mapping[str, Any]) -> AbstractContextManager[Connection]:
    """Open a connection that several reads share, and with it the pace at which requests are sent.

    *config* has the options of docs/configuration.md. Raises ConfigError if one of them is invalid.
    """
    return api.connect(Config.from_mapping(config, environment=os.environ))


def read(
    account: Mapping[str, Any] | Connection,
    *names: str,
    state: States | None = None,
    full_refresh: bool = False,
    allow_incomplete: bool = False,
) -> Iterator[Event]:
    """Read the streams *names*, or all: rows, checkpoints, and a proof at the end of each stream.

    *account* is a config or an open connection; *state* has the last checkpoint's state of each stream. Events of
    different streams may alternate. A stream that fails does not stop the others. Raises at the end if a proof has a
    problem, unless *allow_incomplete*: the stream's own error, or Incomplete for several. Raises ConfigError before
    anything is read for an invalid config or an unknown stream.
    """
    selected = [_find_stream(name) for name in names or STREAMS]
    opened = nullcontext(account) if isinstance(account, Connection) else connect(account)
    return _read(opened, selected, state or {}, incremental=not full_refresh, allow_incomplete=allow_incomplete)


def _find_stream(name: str) -> Stream:
    if name not in STREAMS:
        raise ConfigError(f"There is no stream {name!r}. {nearest(name, STREAMS) or 'docs/streams.md lists them.'}")
    return STREAMS[name]


def _read(
    opened: AbstractContextManager[Connection],
    selected: list[Stream],
    state: States,
    *,
    incremental: bool,
    allow_incomplete: bool,
) -> Iterator[Event]:
    """Read streams of different domains side by side, as their limits differ."""
    lanes, problems = Lanes(stream.name for stream in selected), dict[str, Proof]()
    with opened as connection:

        def begin() -> list[Generator[list[Event], None, Proof]]:
            return [_read_stream(connection, name, state.get(name), incremental=incremental) for name in lanes.begin()]

        def end(proof: Proof) -> list[Generator[list[Event], None, Proof]]:
            lanes.finish(proof.stream)
            if proof.problem:
                problems[proof.stream] = proof
            return begin()

        with closing(in_parallel(begin(), then=end, max_threads=lanes.number, size=len)) as found:
            yield from chain.from_iterable(found)
    if problems and not allow_incomplete:
        raise _summarize([problems[stream.name] for stream in selected if stream.name in problems])


def _read_stream(
    connection: Connection, name: str, state: Mapping[str, Any] | None, *, incremental: bool
) -> Generator[list[Event], None, Proof]:
    """Yield the events of one stream as they come, and return its proof. Raises an error that affects every stream."""
    proof = Proof(name, "")
    try:
        for event in Reader(connection).read(STREAMS[name], state=state, incremental=incremental):
            match event:
                case events.Rows(records):
                    yield [Row(name, record) for record in records]
                case events.Checkpoint(reached):
                    yield [Checkpoint(name, reached.to_mapping())]
                case events.Proof():
                    proof = _to_proof(name, event)
                case _:
                    _log(name, event)
    except OpsgenieError as error:
        if is_fatal(error, connection.client):
            raise
        proof = Proof(name, f"INCOMPLETE: {error}", str(error), error)
    yield [proof]
    return proof


def _log(name: str, event: events.Event) -> None:
    """Log what a person should know."""
    match event:
        case events.Notice(text, is_warning):
            LOGGER.log(logging.WARNING if is_warning else logging.INFO, text)
        case events.SetAside():
            LOGGER.warning("%s: set aside, and requested again later: %s", name, event)
        case events.Waiting(domain, seconds):
            LOGGER.info("%s: the limit of %s is reached; waiting %.0f s", name, domain, seconds)


def _to_proof(name: str, proof: events.Proof) -> Proof:
    unproven = (
        f"{proof.unlisted:,} rows are counted but were never listed" if proof.unlisted else "",
        f"{proof.uncounted:,} rows were not compared with a count" if proof.uncounted else "",
    )
    as_of = None if proof.as_of is None else datetime.fromtimestamp(proof.as_of / 1000, UTC)
    problem = "; ".join(filter(None, (proof.lack, *unproven)))
    return Proof(name, proof.text, problem, as_of=as_of)


def _summarize(problems: list[Proof]) -> OpsgenieError:
    """The error of the only stream that has one, or one that names each stream and its problem."""
    if len(problems) == 1 and problems[0].error:
        return problems[0].error
    reasons = " ".join(f"{proof.stream}: {proof.problem}" for proof in problems)
    return Incomplete(
        f"Not complete: {', '.join(proof.stream for proof in problems)}. {reasons} "
        "Read again from the last states, or pass allow_incomplete=True to accept it."
    )
