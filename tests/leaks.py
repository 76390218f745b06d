"""Looks at every byte that a run printed or wrote, for what nobody may read there."""

from collections.abc import Iterable
from pathlib import Path


def leaks(secret: str, *printed: str, files: Iterable[Path] = ()) -> list[str]:
    """Where *secret* stands: in what was *printed*, or in one of *files*; nothing if all is well."""
    # What is no key may be an ordinary word.
    if len(secret) < len("a-short-key"):
        return []
    where = ["what was printed" for text in printed if secret in text]
    return where + [str(path) for path in files if path.is_file() and secret.encode() in path.read_bytes()]
