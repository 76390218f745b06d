"""What a stream remembers between two syncs, and between the two halves of one that was cut off."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from hashlib import blake2b
from typing import Any, TypeVar

import orjson

from source_opsgenie.clock import DAY_MS, format_timestamp, parse_timestamp
from source_opsgenie.errors import StateError
from source_opsgenie.streams.stream import Record

T = TypeVar("T")
VERSION = 1
# How many rows of the lookback are remembered: the state stays below 2 kB whatever the account's size.
REMEMBERED = 48
# In bytes; a longer one is remembered as a digest.
LONGEST_QUERY = 200
MOMENTS = ("bookmark", "begun", "below", "top", "reached", "newest", "looked", "look_below", "limits_at")
# How long a learned limit is kept to before it is tried anew: creating alerts draws on it too.
LIMITS_HOLD_MS = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class Tally:
    """What a proof adds up.

    Rows counted, rows listed, rows explained as deleted, rows counted but never listed; and *recent* rows,
    which were listed and not held to a count.
    """

    counted: int = 0
    listed: int = 0
    gone: int = 0
    unlisted: int = 0
    recent: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            self.counted + other.counted,
            self.listed + other.listed,
            self.gone + other.gone,
            self.unlisted + other.unlisted,
            self.recent + other.recent,
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """What was read: a bookmark is worth nothing for another account, query or start date."""

    account: str
    query: str = ""
    start_date: str = ""

    def differs_in(self, other: "Scope") -> str:
        """The first thing, in the user's words, in which *other* is not the same; empty if it is."""
        words = {"account": "account", "query": "alert_query", "start_date": "start_date"}
        return next((word for name, word in words.items() if getattr(self, name) != getattr(other, name)), "")


@dataclass(frozen=True, slots=True)
class State:
    """Where a stream stands. All moments are milliseconds on the API's clock.

    *rows* counts what was ever sent, so that no two states are equal when rows lie between.
    *bookmark* is the beginning of the last read that was finished, *begun* of the one under way.

    A read of the history goes from new to old: rows created at *below* or later have been sent. The window under way
    ends at *top*, and *listed* of its rows have been sent. A read of changes goes from old to new: rows updated
    before *reached* have been sent. *newest*: of a list that goes on from a moment, that of the last row it ever had.

    Open parents are asked for their children again in rounds: *looked* is when the read began that finished the
    last round. In a round that was cut off, those created at *look_below* or later have been asked.

    *seen* names rows in the lookback that were sent already. *generation* is Airbyte's, for a full refresh.
    *limits* were learned from refusals, and last changed at *limits_at*: `{"alert/60": 500}` means 500 requests of the
    domain alert in any 60 seconds.
    """

    scope: Scope
    rows: int = 0
    bookmark: int | None = None
    begun: int | None = None
    below: int | None = None
    top: int | None = None
    listed: int = 0
    reached: int | None = None
    newest: int | None = None
    looked: int | None = None
    look_below: int | None = None
    tally: Tally = Tally()
    seen: tuple[str, ...] = ()
    finished: bool = False
    generation: int | None = None
    limits: Mapping[str, int] = field(default_factory=dict, hash=False)
    limits_at: int | None = None

    def to_mapping(self) -> dict[str, Any]:
        """The state as JSON: moments as text, and nothing that says nothing."""
        said = {name: value for name, value in asdict(self).items() if value is not None and value is not False}
        if not self.limits:
            del said["limits"]
        moments = {name: format_timestamp(said[name]) for name in MOMENTS if name in said}
        return {"version": VERSION} | said | moments | {"seen": list(self.seen)}

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> "State":
        """Read what `to_mapping` wrote; raises StateError for anything else."""
        if given.get("version") != VERSION:
            raise StateError(
                f"The state has the version {given.get('version')!r}, and this source writes {VERSION}: "
                "upgrade the source, or reset the stream's state, and it is read whole."
            )
        try:
            said = {one.name: given[one.name] for one in fields(cls) if one.name in given}
            said |= {name: parse_timestamp(said[name]) for name in MOMENTS if name in said}
            said |= {
                "scope": Scope(**said["scope"]),
                "tally": Tally(**said["tally"]),
                "seen": tuple(_that_is(list, said["seen"])),
                "limits": _that_is(dict, said.get("limits", {})),
            }
            return _checked(cls(**said))
        except (KeyError, TypeError, ValueError) as problem:
            raise StateError(
                "The state is not one that this source wrote: reset the stream's state, and it is read whole."
            ) from problem

    def limited(self, limits: Mapping[str, int], *, now: int | None) -> "State":
        """The same, with the *limits* that are known *now*."""
        return self if limits == self.limits else replace(self, limits=limits, limits_at=now)

    def limits_that_hold(self, now: int | None) -> Mapping[str, int]:
        """The limits that may be kept to without trying them anew."""
        is_recent = None not in (now, self.limits_at) and (now or 0) - (self.limits_at or 0) < LIMITS_HOLD_MS
        return self.limits if is_recent else {}

    def begin(self, begun: int) -> "State":
        """The same, with a read under way that began at *begun*, or goes on from where it was cut off."""
        if self.begun is not None and not self.finished:
            return self
        # What changes says nothing of rows that the first read knew of and never saw.
        tally = Tally(unlisted=self.tally.unlisted)
        return replace(self, begun=begun, finished=False, below=None, top=None, listed=0, reached=None, tally=tally)

    def finish(self) -> "State":
        """The same, with the read under way finished: the next one looks for changes since its beginning."""
        bookmark = max(self.begun or 0, self.bookmark or 0) or None
        ended = replace(self, bookmark=bookmark, begun=None, finished=True)
        return replace(ended, below=None, top=None, listed=0, reached=None)


def shorten_query(query: str) -> str:
    """The *query*, or its digest if it is long: the state stays small."""
    return query if len(query.encode()) <= LONGEST_QUERY else digest(query)


def _that_is(kind: type[T], given: object) -> T:
    if isinstance(given, kind):
        return given
    raise TypeError(f"no {kind.__name__}")


def _checked(state: State) -> State:
    texts = (*asdict(state.scope).values(), *state.seen)
    numbers = (state.rows, state.listed, state.generation or 0, *asdict(state.tally).values(), *state.limits.values())
    are_right = (
        all(isinstance(one, str) for one in texts),
        all(type(one) is int and one >= 0 for one in numbers),
        isinstance(state.finished, bool),
    )
    if not all(are_right):
        raise ValueError("a value of another type")
    return state


def is_ours(given: Mapping[str, Any]) -> bool:
    """Whether *given* claims to be a state of this source, and not of the public connector."""
    return "version" in given


@dataclass(slots=True)
class Recent:
    """The rows near the end of a read, by a digest of id and version: what the next lookback meets again."""

    since: int
    digests: dict[str, None]

    def add(self, row: Record, *, updated: int) -> None:
        """Remember *row* if the next lookback will meet it; of too many, the first are forgotten."""
        if updated >= self.since:
            name = version_of(row)
            self.digests.pop(name, None)
            self.digests[name] = None
            if len(self.digests) > REMEMBERED:
                del self.digests[next(iter(self.digests))]


def version_of(row: Record) -> str:
    """A short name for this version of *row*: two changes may come in one millisecond of `updatedAt`."""
    return digest(orjson.dumps(row, option=orjson.OPT_SORT_KEYS).decode())


def digest(text: str) -> str:
    """A short name for *text*."""
    return blake2b(text.encode(), digest_size=8).hexdigest()
