"""The state of a stream: what it remembers until the next sync, and to resume an interrupted one."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from source_opsgenie.clock import DAY_MS
from source_opsgenie.errors import StateError
from source_opsgenie.reading.counts import Parents, Tally
from source_opsgenie.reading.recent import ROWS_REMEMBERED, digest
from source_opsgenie.reading.state_json import Timestamp, from_json, to_json

VERSION = 2
# The state stays below 2 kB for an account of any size.
LONGEST_QUERY_BYTES = 60
# Each owed part takes the room of this many digests of rows in the lookback.
DIGESTS_PER_OWED = 5
# How many other scopes a state remembers.
SCOPES_REMEMBERED = 2
# How long a learned limit is used before it is tested again: creating alerts shares it.
LIMITS_KEPT_MS = 7 * DAY_MS


@dataclass(frozen=True, slots=True)
class Scope:
    """What a read covers; a bookmark is valid only for the same account, query, start date and key of a team.

    *team_key* identifies the key, if it sees only a team's records.
    """

    account: str
    query: str = ""
    start_date: str = ""
    team_key: str | None = None

    @property
    def name(self) -> str:
        """What the scope leaves out of the account, in words; empty if nothing."""
        return name_scope(self.query, self.start_date, self.team_key)

    def differs_in(self, other: "Scope") -> str:
        """The first part that differs from *other*, in words; empty if none does."""
        words = {"account": "account", "query": "alert filters", "start_date": "start_date", "team_key": "key"}
        return next((word for name, word in words.items() if getattr(self, name) != getattr(other, name)), "")


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """The window being read: its end, and how many of its rows have been emitted."""

    end: Timestamp
    listed: int = 0


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk through the history, newest first: rows created at *below* or later are done."""

    below: Timestamp
    window: OpenWindow | None = None


@dataclass(frozen=True, slots=True)
class CurrentRead:
    """The read in progress: when it began, and how far it got."""

    began: Timestamp
    walk: Walk | None = None
    # Changed rows are read oldest first: those updated before this time are done.
    reached: Timestamp | None = None


@dataclass(frozen=True, slots=True)
class Recheck:
    """The rounds in which open parents are checked again for new child records."""

    # When the read began that finished the last round.
    finished: Timestamp | None = None
    # In an interrupted round, parents created at this time or later are done.
    below: Timestamp | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Rate limits learned from throttled requests: `{"alert/60": 500}` is 500 alert requests per 60 s."""

    requests: Mapping[str, int] = field(hash=False)
    learned: Timestamp | None = None


@dataclass(frozen=True, slots=True)
class State:
    """How far a stream has been read.

    *rows* counts all rows ever emitted, so two states with rows between them always differ.
    *bookmark* is when the last finished read began; *read* is the read in progress, if any.
    *newest* is the timestamp of the newest row ever listed, for marker-paged lists.
    *seen* are digests of rows in the lookback that were already emitted.
    *owed* are the parts of the root list that could not be read: the next read requests them first.
    *generation* is Airbyte's generation id of a full refresh.
    *earlier* are the bookmarks of other scopes that were read before, by the digests of their names.
    *histories* are digests of the parents whose history was read, four characters each.
    """

    scope: Scope
    rows: int = 0
    bookmark: Timestamp | None = None
    read: CurrentRead | None = None
    newest: Timestamp | None = None
    recheck: Recheck = Recheck()
    tally: Tally = Tally()
    parents: Parents = Parents()
    seen: tuple[str, ...] = ()
    owed: tuple[str, ...] = ()
    generation: int | None = None
    limits: Limits | None = None
    earlier: Mapping[str, Timestamp] | None = field(default=None, hash=False)
    histories: str | None = None

    def to_mapping(self) -> dict[str, Any]:
        """The state as a JSON object."""
        return {"version": VERSION, **to_json(self, State)}

    @classmethod
    def from_mapping(cls, given: Mapping[str, Any]) -> "State":
        """Parse what `to_mapping` wrote; raises StateError for anything else."""
        try:
            version = from_json(given.get("version"), int)
            if version == VERSION:
                state: State = from_json({name: one for name, one in given.items() if name != "version"}, cls)
                return state
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise StateError(
                "The state was not written by this source. Reset the stream's state to read everything again."
            ) from error
        raise StateError(
            f"The state has version {version}, and this source writes version {VERSION}. "
            "Upgrade the source, or reset the stream's state to read everything again."
        )

    @property
    def began(self) -> int:
        """When the read in progress began; 0 without one."""
        return self.read.began if self.read else 0

    @property
    def walk(self) -> Walk | None:
        """The position of the walk through the history, if one is in progress."""
        return self.read.walk if self.read else None

    @property
    def reached(self) -> int | None:
        """The time before which changed rows are done, if any are."""
        return self.read.reached if self.read else None

    def begin(self, began: int) -> "State":
        """The same with a read in progress: the interrupted one, or a new one that *began* now."""
        if self.read:
            return self
        # Later reads cannot notice rows that the first read never listed, or did not compare with a count.
        unproven = Tally(unlisted=self.tally.unlisted, uncounted=self.tally.uncounted)
        return replace(self, read=CurrentRead(began), tally=unproven, parents=Parents())

    def begin_again(self, began: int) -> "State":
        """The same with everything read until the read in progress began, and a read of the changes since, from now."""
        return replace(self.finish(), read=CurrentRead(began))

    def finish(self) -> "State":
        """The same with the read finished: the next one reads changes since it began."""
        return replace(self, bookmark=max(self.began, self.bookmark or 0) or None, read=None)

    def with_walk(self, walk: Walk | None) -> "State":
        """The same with the walk through the history at *walk*."""
        return replace(self, read=replace(self._current, walk=walk))

    def with_reached(self, reached: int) -> "State":
        """The same with the changed rows before *reached* done."""
        return replace(self, read=replace(self._current, reached=reached))

    def with_tally(self, more: Tally) -> "State":
        """The same with *more* added to the tally."""
        return replace(self, tally=self.tally + more)

    def with_owed(self, owed: tuple[str, ...]) -> "State":
        """The same with these parts *owed*; fewer rows of the lookback are remembered, so that it stays small."""
        room = max(0, ROWS_REMEMBERED - DIGESTS_PER_OWED * len(owed))
        return replace(self, owed=owed, seen=self.seen[max(0, len(self.seen) - room) :])

    def with_limits(self, requests: Mapping[str, int], *, now: int | None) -> "State":
        """The same with the limits known *now*."""
        known = self.limits.requests if self.limits else {}
        if requests == known and (now is None or self.valid_limits(now)):
            return self
        return replace(self, limits=Limits(requests, now) if requests else None)

    def valid_limits(self, now: int | None) -> Mapping[str, int]:
        """The learned limits that are recent enough to use without a test."""
        if self.limits is None or self.limits.learned is None or now is None:
            return {}
        return self.limits.requests if now - self.limits.learned < LIMITS_KEPT_MS else {}

    def in_scope_of(self, fresh: "State") -> "State":
        """The state *fresh* of another query or start date, with the bookmark that the stream had there before.

        A read that is not finished, or that lacks something, is not remembered.
        """
        known = dict(self.earlier or {})
        if self.bookmark is not None and not (self.read or self.owed or self.tally.unlisted or self.tally.uncounted):
            known[digest(self.scope.name)] = self.bookmark
        bookmark = known.pop(digest(fresh.scope.name), None) if fresh.scope != self.scope else None
        kept = dict(list(known.items())[-SCOPES_REMEMBERED:])
        return replace(fresh, bookmark=bookmark, earlier=kept or None)

    @property
    def _current(self) -> CurrentRead:
        return self.read or CurrentRead(0)


def name_scope(query: str, start_date: str, team_key: str | None) -> str:
    """The scope of a *query*, a *start_date* and a *team_key*, in words; empty if all are."""
    words = {"query": query, "since": start_date, "the team of": team_key}
    parts = (f"{word} {value}" if value else "" for word, value in words.items())
    return ", ".join(filter(None, parts))


def is_ours(given: Mapping[str, Any]) -> bool:
    """Whether *given* claims to be a state of this source, not of the public connector."""
    return "version" in given


def is_outdated(given: Mapping[str, Any]) -> bool:
    """Whether *given* was written by a development version with another format."""
    try:
        version: int = from_json(given.get("version"), int)
    except (TypeError, ValueError):
        return False
    return 0 < version < VERSION


def current_state(given: Mapping[str, Any] | None) -> State | None:
    """The state in *given* if this version can resume from it; raises StateError for a damaged one."""
    return State.from_mapping(given) if given and is_ours(given) and not is_outdated(given) else None


def shorten_query(query: str) -> str:
    """The *query*, or its digest if it is long: the state stays small."""
    return query if len(query.encode()) <= LONGEST_QUERY_BYTES else digest(query)
