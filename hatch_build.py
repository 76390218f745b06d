"""The README as an index page shows it: a page without our files next to it."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

RELATIVE_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:)([^)#]*)(#[^)]*)?\)")
RELATIVE_IMAGE = re.compile(r"!\[[^\]]*\]\((?!https?:)[^)]*\)\n*")


class IndexReadme(MetadataHookInterface):
    """Makes the relative links of README.md lead to the repository, or mere text if no repository is public."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Set the readme in *metadata*."""
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        repository = metadata.get("urls", {}).get("Repository", "")
        pages = f"{repository}/blob/v{metadata['version']}" if repository else ""
        metadata["readme"] = {"content-type": "text/markdown", "text": with_links(text, pages)}


def with_links(text: str, pages: str) -> str:
    """Return *text* with relative links below the address *pages*, or with their words alone if it is empty.

    Pictures are left out: a page of a repository shows them, but does not lead to their file.
    """

    def replace(link: re.Match[str]) -> str:
        words, path, anchor = link.groups(default="")
        return f"[{words}]({pages}/{path or 'README.md'}{anchor})" if pages else words

    return RELATIVE_LINK.sub(replace, RELATIVE_IMAGE.sub("", text))
