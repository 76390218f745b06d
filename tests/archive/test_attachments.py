"""The files of attachments: each downloaded once, named by its content, and never with the key."""

import hashlib
from pathlib import Path

import pytest
from tests.support.archive_command import Command
from tests.support.fakes import DATE, Paths, connection_over, said

from opsgenie_simulator import Account
from source_opsgenie.archive.attachments import download_attachments
from source_opsgenie.archive.display import Display
from source_opsgenie.archive.store import Store
from source_opsgenie.streams import STREAMS

FILES = "SELECT alert_id, id, name, sha256, bytes, path FROM attachment_files ORDER BY alert_id, id"
PROBLEMS = "SELECT problem FROM attachment_files WHERE problem IS NOT NULL"
STREAM = "alert_attachments"


def test_files_are_downloaded_once_and_without_the_key(archive: Command, account: Account) -> None:
    """Each file is stored under the hash of its content, for its owner only, and later syncs download only new ones."""
    first = archive.sync("--streams", f"alerts,{STREAM}", "--attachments")
    attachments = [(alert, one) for alert in account.alerts for one in account.store.children(alert).attachments]
    contents = {
        (alert, one["id"]): f"This was attached: {alert}/{one['id']}/{one['name']}\n".encode()
        for alert, one in attachments
    }
    rows = {row[:2]: row[2:] for row in archive.query(FILES)}
    folder = archive.path.parent
    downloads = [request for request in archive.simulator.requests if request.path.startswith("/_files/")]
    archive.simulator.clear_requests()
    archive.sync("--streams", "teams", "--attachments")
    again = [request.path for request in archive.simulator.requests if "attachments" in request.path]

    assert contents.keys() == rows.keys()
    for key, (_, digest, size, path) in rows.items():
        assert contents[key] == (folder / path).read_bytes()
        assert (hashlib.sha256(contents[key]).hexdigest(), len(contents[key])) == (digest, size)
        assert f"files/{digest[:2]}/{digest}" == path
        assert (folder / path).stat().st_mode & 0o077 == 0
    assert len(rows) == len(downloads) > 10
    assert [] == [one.path for one in downloads if one.has_key]
    assert f"attachments: {len(rows)} of {len(rows)} files downloaded" in first.stdout
    assert [] == again


def test_a_deleted_file_is_named(archive: Command, account: Account) -> None:
    """A file that does not exist any more is named, and does not make the sync fail."""
    archive.sync("--streams", f"alerts,{STREAM}")
    ((alert, name),) = archive.query(f"SELECT alert_id, name FROM {STREAM} ORDER BY alert_id DESC, id LIMIT 1")
    account.delete_alert(alert)
    result = archive.sync("--streams", "teams", "--attachments")

    assert f"do not exist any more: {name} of alert {alert}" in result.stdout
    assert {(None,)} != set(archive.query(PROBLEMS))


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        ("http://example.com/a", "returned no https address of a file"),
        ("https://files.example.com/a", "returned a link to a file, which returned status 403"),
    ],
)
def test_what_is_missing_is_named_and_requested_again(tmp_path: Path, link: str, problem: str) -> None:
    """A link that is not https is not followed; one that fails three times is named, and the next sync tries again."""
    store = Store(tmp_path / "acme.duckdb", "acme", print)
    store.prepare()
    store.begin_run([STREAMS[STREAM]])
    store.write(STREAMS[STREAM], ['{"alert_id": "a", "id": "1", "name": "x.log"}'], state={})
    paths = Paths(
        {
            "/v2/alerts/a/attachments/1": said(200, {"data": {"name": "x.log", "url": link}}, date=DATE),
            "https://files.example.com/a": said(403, b"<Error/>"),
        }
    )
    display = Display(is_quiet=True)
    missing = [download_attachments(connection_over(paths), store.path, display) for _ in range(2)]

    assert missing[0] == missing[1]
    assert problem in missing[0][0]
    assert [] == [one.path for one in paths.requests if one.path.startswith("https") and one.headers]
    assert not (tmp_path / "files").exists()
