"""A folder that appears complete or not at all, with checksums that `sha256sum -c` verifies."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from source_opsgenie.errors import ConfigError

CHECKSUMS = "SHA256SUMS"


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes *target* at the end, with checksums; it is removed after an error."""
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise ConfigError(f"{target} exists already. Use a new or an empty folder.")
    if not target.absolute().parent.is_dir():
        raise ConfigError(f"The folder {target.absolute().parent} does not exist. Create it, or use another one.")
    staging = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.absolute().parent))
    try:
        yield staging
        _write_checksums(staging)
        if target.is_dir():
            target.rmdir()
        staging.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write_checksums(folder: Path) -> None:
    """Write one line for each file, in the form of `sha256sum`."""
    lines = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(folder).as_posix()}\n")
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")
