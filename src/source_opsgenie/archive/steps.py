"""What a sync reads after its streams, if it is asked to: the files of attachments, and postmortems."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from source_opsgenie.api.connection import Connection
from source_opsgenie.archive.attachments import download_attachments
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.postmortems import read_postmortems
from source_opsgenie.archive.summary import Summary
from source_opsgenie.errors import ArchiveError, OpsgenieError


@dataclass(frozen=True, slots=True)
class Steps:
    """Whether attachments are downloaded, and the postmortems to read."""

    with_attachments: bool = False
    postmortem_ids: Sequence[str] = ()

    def run(self, summary: Summary, connection: Connection, display: Display) -> Summary:
        """The *summary* of the streams with what these steps could not read; nothing is read if it ended early."""
        missing: list[str] = []
        for step in self._steps(summary, connection, display):
            try:
                missing += step()
            except ArchiveError:
                raise
            except OpsgenieError as error:
                missing.append(str(error))
        for text in missing:
            display.warn(text)
        return replace(summary, missing=tuple(missing))

    def _steps(self, summary: Summary, connection: Connection, display: Display) -> Iterator[Callable[[], list[str]]]:
        if summary.is_ended:
            return
        if self.with_attachments:
            yield partial(download_attachments, connection, summary.path, display)
        if self.postmortem_ids:
            yield partial(read_postmortems, connection, summary.path, display, ids=self.postmortem_ids)


NO_STEPS = Steps()
