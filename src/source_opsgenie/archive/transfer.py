"""Transfer one stream into the file: the rows that are read, and the states, proofs and counts that belong to them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from source_opsgenie.api.outage import raise_if_it_affects_all
from source_opsgenie.archive.buffer import Buffer
from source_opsgenie.archive.comparison import Lack, compare, is_narrower
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.progress import Progress
from source_opsgenie.archive.store import Store
from source_opsgenie.archive.writing import Written
from source_opsgenie.errors import ArchiveError, NotInPlan, OpsgenieError
from source_opsgenie.reading.events import Checkpoint, Event, Expected, Notice, Proof, ReadParents, Rows, SetAside
from source_opsgenie.reading.query import user_query
from source_opsgenie.streams import ancestry, lists_everything

# How often a stream may fail in a row without storing a row, while the API is reachable.
MAX_FUTILE_ATTEMPTS = 2


@dataclass(slots=True)
class Transfer:
    """One stream under way to the file: its *progress*, and the rows in *buffer* that are not stored yet.

    Rows wait for a state that covers them, and both are stored together. *parents* are those whose child records the
    file lacked after the first read, each as JSON: the second read is that of their child records.
    """

    progress: Progress
    store: Store
    display: Display
    buffer: Buffer
    parents: Sequence[str] | None = None
    set_aside: list[SetAside] = field(default_factory=list)
    _futile_attempts: int = 0
    _written_before: Written = field(default_factory=Written)

    def process(self, event: Event) -> None:
        """Do what *event* of the read asks for."""
        match event:
            case Rows(records):
                self.buffer.add(records)
                self.progress.rows += len(records)
            case ReadParents(parents):
                self.buffer.add_parents(parents)
            case Checkpoint(state):
                self.buffer.cover(state)
                if self.buffer.is_due:
                    self._store_covered(self.store)
            case SetAside():
                self.set_aside.append(event)
            case Expected():
                self.progress.expect(event)
            case Notice():
                self._show_notice(event)
            case Proof():
                self.progress.proof = event

    def keep_covered(self) -> None:
        """Store what the last state covers after the read ended early, without waiting for a file that is locked."""
        with suppress(ArchiveError):
            self._store_covered(replace(self.store, max_wait_seconds=0.0))

    def begin_again(self, parents: Sequence[str] | None = None) -> None:
        """Forget the rows that are not stored: the next read begins at the last stored state, with these *parents*."""
        self.buffer, self.parents = Buffer(self.buffer.max_bytes), parents
        self.progress.rows = self.progress.written.received

    def is_futile(self) -> bool:
        """Whether no row was stored in the last attempts; to be called after each of them."""
        has_stored = self.progress.written != self._written_before
        self._futile_attempts = 0 if has_stored else self._futile_attempts + 1
        self._written_before = self.progress.written
        return self._futile_attempts >= MAX_FUTILE_ATTEMPTS

    def complete(self) -> None:
        """Store the final state with the rest of the rows and the proof."""
        progress, buffer = self.progress, self.buffer
        with progress.storing():
            progress.written += self.store.write(
                progress.stream,
                buffer.covered_rows,
                state=buffer.state.to_mapping() if buffer.state else {},
                parents=buffer.parents,
                proof=progress.proof.text,
                is_complete=not progress.lack,
                is_all=self._is_everything(),
                owed=progress.proof.owed,
                is_last=True,
            )

    def unread_parents(self) -> Sequence[str]:
        """The parents in the file whose child records it lacks, whatever the reason.

        A key that sees more reads changes only, like any other; rows can be deleted from the file.
        """
        stream, config = self.progress.stream, self.progress.connection.config
        if self.parents is not None or self._holds_more():
            return []
        owed = {row_id for one in self.progress.proof.owed for row_id in one.part.ids}
        return self.store.unread_parents(stream, since=config.start_ms, without=owed)

    def _holds_more(self) -> bool:
        """Whether the file holds rows that this sync did not ask for: those of other queries, or of other keys."""
        query = user_query(self.progress.connection.config, ancestry(self.progress.stream)[0])
        has_others = bool(query) and bool(self.store.other_scopes(self.progress.stream))
        return has_others or is_narrower(self.progress.connection)

    def _is_everything(self) -> bool:
        """Whether a row that was not read was deleted: not one that could not be read, or that the key cannot see."""
        progress = self.progress
        is_listed = lists_everything(progress.stream) and not progress.proof.owed
        return is_listed and not is_narrower(progress.connection)

    def compare(self, *, requests: int) -> None:
        """Compare a searchable stream with the count; deleted rows of other lists are marked when these are stored."""
        progress, connection = self.progress, self.progress.connection
        try:
            for found in compare(connection, self.store, progress.stream, requests=requests):
                match found:
                    case Notice():
                        self._show_notice(found)
                    case Lack(text):
                        # What is owed is not held either, and was named before.
                        progress.not_held = "" if progress.proof.owed else text
                    case Written():
                        progress.written += found
        except ArchiveError:
            raise
        except NotInPlan:
            # The read has said so: the stream is empty, and there is nothing to compare.
            return
        except OpsgenieError as error:
            raise_if_it_affects_all(error, connection.client)
            self.display.warn(f"{progress.stream.name}: the comparison with Opsgenie's count ended early: {error}")

    def _store_covered(self, store: Store) -> None:
        """Store the rows that the last state covers; the final state waits for the proof.

        A list without a search has only the final state, so it stays in memory until its end.
        """
        buffer, progress = self.buffer, self.progress
        if buffer.state and buffer.state.read:
            owed = [one for one in self.set_aside if one.part.text in buffer.state.owed]
            self.set_aside = [one for one in self.set_aside if one not in owed]
            with progress.storing():
                progress.written += store.write(
                    progress.stream,
                    buffer.covered_rows,
                    state=buffer.state.to_mapping(),
                    parents=buffer.parents[: buffer.covered_parents],
                    owed=owed,
                )
            buffer.drop_stored()

    def _show_notice(self, notice: Notice) -> None:
        show = self.display.warn if notice.is_warning else self.display.info
        show(notice.text)
