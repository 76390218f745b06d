"""Postmortems by id: the row as the API sent it, and a page that people can read."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.support.archive_command import Command

from opsgenie_simulator import Account
from opsgenie_simulator.settings.postmortems import postmortem_id
from source_opsgenie.archive.postmortem_page import to_markdown
from source_opsgenie.archive.postmortems import read_ids
from source_opsgenie.errors import ConfigError


def text(words: str, *marks: dict[str, Any]) -> dict[str, Any]:
    """A text with marks."""
    return {"type": "text", "text": words, "marks": list(marks)}


def node(kind: str, *content: dict[str, Any], **attributes: Any) -> dict[str, Any]:
    """A node of Atlassian's document format."""
    return {"type": kind, "content": list(content), "attrs": attributes}


def paragraph(words: str, *more: dict[str, Any]) -> dict[str, Any]:
    """A paragraph."""
    return node("paragraph", text(words), *more)


def test_postmortems_are_read_by_id(archive: Command, account: Account) -> None:
    """Ids and addresses of the app are read once each; an unknown one is named and makes the sync incomplete."""
    known = [one for one, incident in account.incidents.items() if incident["status"] != "open"][:2]
    ids = archive.path.parent / "ids.txt"
    lines = [
        postmortem_id(known[0]),
        "",
        "# of the outage in May",
        f"https://acme.app.opsgenie.com/postmortem/{postmortem_id(known[1])}/ # second",
        postmortem_id(known[0]),
    ]
    ids.write_text("\n".join(lines), encoding="utf-8")
    complete = archive.sync("--streams", "teams", "--postmortem-ids", str(ids))
    ids.write_text("unknown-0000", encoding="utf-8")
    incomplete = archive("sync", "--to", str(archive.path), "--streams", "teams", "--postmortem-ids", str(ids))
    rows = archive.query("SELECT id, title, incident_id, markdown, _json FROM postmortems")
    page = (archive.path.parent / "postmortems" / f"{postmortem_id(known[0])}.md").read_text(encoding="utf-8")

    assert "postmortems: 2 of 2 read" in complete.stdout
    assert {postmortem_id(one) for one in known} == {row[0] for row in rows}
    assert set(known) == {row[2] for row in rows}
    assert page in {row[3] for row in rows}
    assert all(orjson.loads(row[4])["title"] == row[1] and row[3].startswith(f"# {row[1]}\n") for row in rows)
    assert "**resolved**" in page
    assert "[the runbook](https://example.com/42)" in page
    assert incomplete.exit_code == 1
    assert "postmortem unknown-0000: " in incomplete.output + incomplete.stderr


def test_a_page_keeps_everything_that_a_postmortem_says() -> None:
    """Facts are lines, documents are parts, and nodes of unknown types keep their texts."""
    cell = node("tableCell", paragraph("Cause"))
    body = {
        "title": "Disk full",
        "owner": {"id": "1", "name": "Jane Roe"},
        "responders": [{"name": "Ada"}, {"name": "Ben"}],
        "jiraIssues": [],
        "endTime": None,
        "rootCause": node(
            "doc",
            node("heading", text("What happened"), level=2),
            node("orderedList", node("listItem", paragraph("First")), node("listItem", paragraph("Second"))),
            node("panel", paragraph("Mind the ", text("disk", {"type": "em"}))),
            node("codeBlock", text("df -h"), language="sh"),
            node("table", node("tableRow", cell, node("tableCell", paragraph("Effect"))), node("tableRow", cell)),
            node("rule"),
            node("paragraph", node("mention", text="@Ada"), {"type": "hardBreak"}, text("x", {"type": "strike"})),
            node("expand", paragraph("Hidden")),
            node("mediaSingle", node("media", url="https://example.com/1.png")),
        ),
    }
    expected = """# Disk full

- Owner: Jane Roe
- Responders: Ada, Ben

## Root cause

#### What happened

1. First
1. Second

> Mind the *disk*

```sh
df -h
```

| Cause | Effect |
|---|---|
| Cause |

---

@Ada
~~x~~

Hidden

https://example.com/1.png
"""

    assert expected == to_markdown(body)


def test_invalid_files_of_ids_are_rejected(tmp_path: Path) -> None:
    """A file that does not exist, and a line that is not an id, end the command before anything is read."""
    path = tmp_path / "ids.txt"
    with pytest.raises(ConfigError, match="cannot be read as text"):
        read_ids(path)
    path.write_text("two words\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="is not the id of a postmortem: 'two words'"):
        read_ids(path)
