"""One sync at a time into a file: a lock beside it, of which the system lets go however the process ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from source_opsgenie.errors import ArchiveError

if sys.platform == "win32":
    import msvcrt

    TAKEN = OSError

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    TAKEN = BlockingIOError

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """For as long as the block lasts, no other sync writes to the file at *path*; raises ArchiveError if one does.

    The file itself is closed between checkpoints, for others to look into, and so cannot be what is locked.
    """
    beside = path.with_name(f"{path.name}.lock")
    try:
        descriptor = _held(beside, path)
    except OSError:
        # Such a folder takes no archive either, and the store says so; or it lies where there are no locks.
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError):
            # Windows removes no file that is open: there it stays, and is in nobody's way.
            beside.unlink()
        os.close(descriptor)


def _held(beside: Path, path: Path) -> int:
    """The file *beside* the archive, locked; one that its holder has just removed locks nothing, and is made anew."""
    while True:
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
        except TAKEN as problem:
            os.close(descriptor)
            raise ArchiveError(
                f"Another sync into {path} is under way: let it end, or stop it with Ctrl-C; then run the same command."
            ) from problem
        with suppress(FileNotFoundError):
            if os.path.samestat(os.stat(beside), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)
