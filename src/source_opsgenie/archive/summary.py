"""How a sync ended: a few lines for a person, and JSON for machines."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from source_opsgenie.archive.causes import describe_causes
from source_opsgenie.archive.outcome import Outcome
from source_opsgenie.archive.progress import format_duration
from source_opsgenie.archive.reporting import ExitCode, exit_code_of
from source_opsgenie.archive.writing import Written

MEGABYTE = 1_000_000
OF_A_TEAM = "This is the key of a team: complete means everything that this team may see."


@dataclass(frozen=True, slots=True)
class Summary:
    """What a sync into the file at *path* did, and how many rows each table holds after it.

    A team's key reads its team only, without an error from Opsgenie: complete means no more than that.
    """

    path: Path
    account: str
    outcomes: Sequence[Outcome]
    held: Mapping[str, int]
    requests: int
    seconds: float
    is_team_key: bool = False
    # Files and postmortems that could not be read, in words.
    missing: Sequence[str] = ()
    # An estimate of how much smaller a compaction makes the file; 0 if that is not worth it.
    unused_bytes: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether every stream that was asked for is complete."""
        return all(outcome.is_complete for outcome in self.outcomes) and not self.missing

    @property
    def is_ended(self) -> bool:
        """Whether nothing more can be read: a signal or an error that affects everything ended the sync."""
        return any(outcome.ends_sync for outcome in self.outcomes)

    @property
    def is_stopped(self) -> bool:
        """Whether a signal such as Ctrl-C ended the sync."""
        return any(outcome.is_interrupted for outcome in self.outcomes)

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of a sync that no signal ended."""
        if self.is_complete:
            return ExitCode.COMPLETE
        endings = (outcome.failure for outcome in self.outcomes if outcome.ends_sync and outcome.failure)
        return next(map(exit_code_of, endings), ExitCode.INCOMPLETE)

    @property
    def written(self) -> Written:
        """The rows of all streams together."""
        return sum((outcome.written for outcome in self.outcomes), Written())

    @property
    def as_of(self) -> str:
        """The time as of which all complete streams are complete: the earliest of theirs; empty if it is unknown."""
        times = [outcome.as_of for outcome in self.outcomes if outcome.is_complete]
        return min(times, default="") if all(times) else ""

    @property
    def size_bytes(self) -> int:
        """The size of the file."""
        return self.path.stat().st_size

    def headline(self) -> str:
        """How many streams are complete."""
        complete = f"{sum(outcome.is_complete for outcome in self.outcomes):,} of {len(self.outcomes):,}"
        streams = f"{complete} {'stream' if len(self.outcomes) == 1 else 'streams'} complete"
        if self.is_stopped:
            return f"Stopped: {streams}. Everything stored so far is kept; run the same command to resume."
        failed = sum(not outcome.is_complete for outcome in self.outcomes)
        return f"{streams}, {failed:,} not:" if failed else streams

    def failures(self) -> Iterator[str]:
        """A line for each cause of an incomplete stream, with its remedy; what was merely stopped has none."""
        return describe_causes(
            (outcome.stream.name, outcome.error)
            for outcome in self.outcomes
            if not outcome.is_complete and not outcome.is_interrupted and (outcome.is_begun or not self.is_stopped)
        )

    def closing_lines(self) -> Iterator[str]:
        """What was written, at what cost, as of when, and what comes next."""
        written, held = self.written, sum(self.held.values())
        yield (
            f"Rows: {written.new:,} new, {written.changed:,} changed, {written.deleted:,} deleted; "
            f"{held:,} in the file ({self.size_bytes / MEGABYTE:,.1f} MB)"
        )
        yield f"Cost: {self.requests:,} requests, {format_duration(self.seconds)}"
        if self.unused_bytes:
            command = f"opsgenie-archive compact {shlex.quote(str(self.path))}"
            yield f"The file could be an estimated {self.unused_bytes / MEGABYTE:,.0f} MB smaller: {command}"
        if self.is_team_key:
            yield OF_A_TEAM
        if self.as_of:
            yield f"As of {self.as_of[:10]} {self.as_of[11:19]} UTC; the same command reads what changes later."

    def to_mapping(self, reword: Callable[[str], str]) -> dict[str, Any]:
        """The summary as a JSON object; `reword` puts messages into the words of the command line."""
        reasons = [self.headline(), *self.failures(), *self.missing]
        status = "complete" if self.is_complete else "stopped" if self.is_stopped else "incomplete"
        return {
            "status": status,
            "reason": None if self.is_complete else reword(" ".join(reasons)),
            # A signal ends the process itself.
            "exit_code": None if self.is_stopped else int(self.exit_code),
            "file": str(self.path),
            "file_bytes": self.size_bytes,
            "unused_bytes": self.unused_bytes,
            "account": self.account,
            "is_team_key": self.is_team_key,
            "as_of": self.as_of or None,
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            "rows": asdict(self.written) | {"held": sum(self.held.values())},
            "streams": [self._stream(outcome, reword) for outcome in self.outcomes],
        }

    def _stream(self, outcome: Outcome, reword: Callable[[str], str]) -> dict[str, Any]:
        return {
            "stream": outcome.stream.name,
            "status": outcome.status.lower(),
            "reason": reword(outcome.error) or None,
            "rows": asdict(outcome.written) | {"held": self.held[outcome.stream.name]},
            "owed": outcome.owed,
            "as_of": outcome.as_of or None,
            "proof": reword(outcome.proof) or None,
            "requests": outcome.requests,
            "seconds": round(outcome.seconds, 3),
        }
