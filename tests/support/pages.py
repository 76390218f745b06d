"""The page of an archive, as a test reads it: its data, its texts, and what it refers to."""

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

Row = dict[str, Any]
# Texts that would run or break something in a page that did not escape them.
HOSTILE = (
    "</script><script>attacked = true</script>",
    "<!-- <script> ]]> -->",
    "<img src=x onerror='attacked = true'>",
    "\u2028 \u2029 \" ' & &lt; \\ ${attacked} {{ 7 * 7 }}",
)


@dataclass
class Page(HTMLParser):
    """A page, parsed as a browser parses it."""

    path: Path
    scripts: dict[str, str] = field(default_factory=dict)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._script = ""
        self.html = self.path.read_text(encoding="utf-8")
        self.feed(self.html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._script = f"{dict(attrs).get('id', len(self.scripts))}" if tag == "script" else ""

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 -- the name that the parser uses
        self._script = ""

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts[self._script] = self.scripts.get(self._script, "") + data
        else:
            self.texts.append(data)

    def rows(self, section: str) -> list[Row]:
        """The rows of a section of the embedded data."""
        found = json.loads(self.scripts["data"])[section]
        return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]

    @property
    def text(self) -> str:
        """All texts outside of scripts, with single spaces."""
        return " ".join(" ".join(self.texts).split())
