"""Read postmortems by their ids, as the API lists none (docs/opsgenie-api.md#postmortems-and-deployments)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from source_opsgenie.api.client import Client
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.outage import raise_if_it_affects_all
from source_opsgenie.api.pacing import Domain
from source_opsgenie.archive.database import open_database
from source_opsgenie.archive.digests import sealed_transaction, table_recorded
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.postmortem_page import to_markdown
from source_opsgenie.archive.records import now
from source_opsgenie.concurrency import ordered_map
from source_opsgenie.errors import ConfigError, OpsgenieError

PATH = "/v2/postmortem/"
FOLDER = NAME = "postmortems"
# An id, alone or at the end of an address of the app.
ID = re.compile(r"[\w-]{8,}")
MAX_WAIT_SECONDS = 300.0
TABLE = """
    CREATE TABLE IF NOT EXISTS postmortems (
        id VARCHAR NOT NULL, title VARCHAR, incident_id VARCHAR, markdown VARCHAR, _json JSON NOT NULL,
        _synced_at TIMESTAMP NOT NULL
    );
    COMMENT ON TABLE postmortems IS 'Postmortems that were read by id, as the API sent them and as Markdown.';
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A postmortem as the API sent it, or the *problem* why it could not be read."""

    postmortem_id: str
    body: dict[str, Any]
    problem: str = ""


def read_ids(path: Path) -> list[str]:
    """The ids in the file at *path*, one on a line; a line may be an address of the app, or a comment after `#`."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"The file of postmortem ids {path} cannot be read as text. Name a file that exists."
        ) from error
    texts = [line.partition("#")[0].strip().rstrip("/").rpartition("/")[2] for line in lines]
    if invalid := [text for text in texts if text and not ID.fullmatch(text)]:
        raise ConfigError(
            f"{path} has a line that is not the id of a postmortem: {invalid[0]!r}. Write one id per line."
        )
    return list(dict.fromkeys(filter(None, texts)))


def read_postmortems(connection: Connection, path: Path, display: Display, *, ids: Sequence[str]) -> list[str]:
    """Store the postmortems with *ids* in the archive at *path*, and a page of each next to it.

    Returns what could not be read, in words.
    """
    fetch = partial(_fetch, connection.client)
    found = list(ordered_map(fetch, ids, max_concurrent=connection.config.max_concurrent_requests))
    stored = [one for one in found if not one.problem]
    _store(path, stored, display)
    folder = path.parent / FOLDER
    for one in stored:
        folder.mkdir(mode=0o700, exist_ok=True)
        (folder / f"{one.postmortem_id}.md").write_text(to_markdown(one.body), encoding="utf-8")
    display.info(f"postmortems: {len(stored):,} of {len(found):,} read")
    return [f"postmortem {one.postmortem_id}: {one.problem}" for one in found if one.problem]


def _fetch(client: Client, postmortem_id: str) -> Found:
    try:
        response = client.get(f"{PATH}{postmortem_id}", domain=Domain.CONFIGURATION)
        if not isinstance(response.data, dict):
            raise response.error(Failure.NO_ROWS, "did not return a postmortem")
    except OpsgenieError as error:
        raise_if_it_affects_all(error, client)
        return Found(postmortem_id, {}, str(error))
    return Found(postmortem_id, response.data)


def _store(path: Path, found: Sequence[Found], display: Display) -> None:
    with open_database(path, "READ_WRITE", notify=display.info, max_wait_seconds=MAX_WAIT_SECONDS) as database:
        database.execute(TABLE)
        with sealed_transaction(database), table_recorded(database, NAME):
            for one in found:
                incident = one.body.get("rootIncident")
                incident_id = incident.get("id") if isinstance(incident, dict) else None
                page, text = to_markdown(one.body), orjson.dumps(one.body).decode()
                database.execute("DELETE FROM postmortems WHERE id = ?", [one.postmortem_id])
                row = [one.postmortem_id, one.body.get("title"), incident_id, page, text, now()]
                database.execute("INSERT INTO postmortems VALUES (?, ?, ?, ?, ?, ?)", row)
