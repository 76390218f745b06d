"""Download the files that are attached to alerts, into a folder next to the archive; the archive names each of them."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from source_opsgenie.api.client import Client
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.outage import raise_if_it_affects_all
from source_opsgenie.api.responses import OK, Response
from source_opsgenie.archive.database import open_database
from source_opsgenie.archive.digests import sealed_transaction, table_recorded
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.records import now
from source_opsgenie.concurrency import ordered_map
from source_opsgenie.config import LOOPBACK
from source_opsgenie.errors import NotFound, OpsgenieError, Unreachable
from source_opsgenie.reading.details import row_path
from source_opsgenie.streams import STREAMS

FOLDER = "files"
# Each of them may hold a file of 64 MiB in memory, which is the largest that is downloaded.
MAX_CONCURRENT = 3
# A link expires: then another one is requested.
LINKS = 3
# How many are recorded in one transaction.
BATCH = 50
NAMED = 3
MAX_WAIT_SECONDS = 300.0

NAME = "attachment_files"
TABLE = """
    CREATE TABLE IF NOT EXISTS attachment_files (
        alert_id VARCHAR NOT NULL, id VARCHAR NOT NULL, name VARCHAR, sha256 VARCHAR, bytes BIGINT, path VARCHAR,
        problem VARCHAR, requested_at TIMESTAMP
    );
    COMMENT ON TABLE attachment_files IS 'The downloaded files of alert_attachments; equal files are stored once.';
    COMMENT ON COLUMN attachment_files.path IS 'Path of the file, relative to the folder of the archive.';
    COMMENT ON COLUMN attachment_files.problem IS 'Why the file could not be downloaded; NULL if it was.';
"""
PENDING = """
    SELECT alert_id, id, name FROM alert_attachments
    ANTI JOIN (FROM attachment_files WHERE sha256 IS NOT NULL) AS known USING (alert_id, id)
    WHERE _deleted_at IS NULL ORDER BY alert_id, id
"""


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment of an alert, and once it is downloaded, its content's hash and size; else the *problem*."""

    alert_id: str
    attachment_id: str
    name: str | None
    sha256: str | None = None
    size: int | None = None
    problem: str | None = None
    is_gone: bool = False

    @property
    def path(self) -> str | None:
        """The path of the file, relative to the folder of the archive."""
        return f"{FOLDER}/{self.sha256[:2]}/{self.sha256}" if self.sha256 else None


def download_attachments(connection: Connection, path: Path, display: Display) -> list[str]:
    """Download what is not in the folder next to the archive at *path*; returns what is missing, in words.

    Every file is recorded soon after it was downloaded: after an interruption, the next sync continues.
    """
    with open_database(path, "READ_WRITE", notify=display.info, max_wait_seconds=MAX_WAIT_SECONDS) as database:
        database.execute(TABLE)
        pending = [Attachment(*row) for row in database.execute(PENDING).fetchall()]
    fetch = partial(_download, connection.client, path.parent)
    found = ordered_map(fetch, pending, max_concurrent=min(MAX_CONCURRENT, connection.config.max_concurrent_requests))
    done: list[Attachment] = []
    while batch := list(islice(found, BATCH)):
        _record(path, batch, display)
        done += batch
    return _report(done, display)


def _download(client: Client, folder: Path, wanted: Attachment) -> Attachment:
    """The *wanted* attachment as it was stored in *folder*; raises the error that affects all."""
    try:
        content = _fetch(client, wanted)
    except OpsgenieError as error:
        raise_if_it_affects_all(error, client)
        return replace(wanted, problem=str(error), is_gone=isinstance(error, NotFound))
    digest = hashlib.sha256(content).hexdigest()
    stored = replace(wanted, sha256=digest, size=len(content))
    _write(folder / str(stored.path), content)
    return stored


def _fetch(client: Client, wanted: Attachment) -> bytes:
    """The content of a file, from a link that is requested with the key and followed without it."""
    stream = STREAMS["alert_attachments"]
    path = row_path(stream, {"alert_id": wanted.alert_id, "id": wanted.attachment_id})
    for _ in range(LINKS):
        response = client.download(_link(client.get(path, domain=stream.domain)))
        if response.status == OK:
            return response.body
    raise Unreachable(
        f"GET {path} returned a link to a file, which returned status {response.status}. Run again later."
    )


def _link(response: Response) -> str:
    found = response.data.get("url") if isinstance(response.data, dict) else None
    url = urlsplit(found if isinstance(found, str) else "")
    if url.scheme != "https" and url.hostname not in LOOPBACK:
        raise response.error(Failure.NO_LINK, "returned no https address of a file")
    return url.geturl()


def _write(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, completely or not at all."""
    if path.exists():
        return
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)


def _record(path: Path, batch: Sequence[Attachment], display: Display) -> None:
    rows = [(one.alert_id, one.attachment_id, one.name, one.sha256, one.size, one.path, one.problem) for one in batch]
    with (
        open_database(path, "READ_WRITE", notify=display.info, max_wait_seconds=MAX_WAIT_SECONDS) as database,
        sealed_transaction(database),
        table_recorded(database, NAME),
    ):
        others = "DELETE FROM attachment_files WHERE alert_id = ? AND id = ?"
        database.executemany(others, [row[:2] for row in rows])
        insert = "INSERT INTO attachment_files VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        database.executemany(insert, [(*row, now()) for row in rows])


def _report(done: Sequence[Attachment], display: Display) -> list[str]:
    """Say how many files were downloaded; returns those that can be requested again, and warns of the others."""
    stored = [one for one in done if one.sha256]
    size = sum(one.size or 0 for one in stored)
    if done:
        display.info(f"attachments: {len(stored):,} of {len(done):,} files downloaded, {size / 1_000_000:,.1f} MB")
    if gone := [one for one in done if one.is_gone]:
        display.warn(f"attachments: {len(gone):,} do not exist any more: {', '.join(_names(gone))}")
    missing = [one for one in done if one.problem and not one.is_gone]
    return [f"attachments: {len(missing):,} files are missing. {missing[0].problem}"] if missing else []


def _names(attachments: Sequence[Attachment]) -> Iterator[str]:
    yield from (f"{one.name} of alert {one.alert_id}" for one in attachments[:NAMED])
    if len(attachments) > NAMED:
        yield f"and {len(attachments) - NAMED:,} more"
