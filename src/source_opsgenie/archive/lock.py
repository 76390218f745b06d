"""A lock next to the archive: one sync at a time, released by the system however the process ends."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from source_opsgenie.archive.database import remove_leftovers
from source_opsgenie.errors import ArchiveError, ArchiveLocked

if sys.platform == "win32":
    import msvcrt

    LOCK_HELD = OSError

    def _lock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    LOCK_HELD = (BlockingIOError, PermissionError)

    def _lock(descriptor: int) -> None:
        # DuckDB uses locks of this other kind, which the file system may not support either. Over NFS both kinds
        # conflict with each other, so this one is only tried.
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.lockf(descriptor, fcntl.LOCK_UN)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def exclusive_lock(path: Path) -> Iterator[None]:
    """Keep other syncs from writing to the file at *path*; raises ArchiveError if one does, or if locks fail.

    The lock is a file of its own, because the archive is closed between checkpoints for other programs to read.
    What a killed sync left next to the archive is removed.
    """
    lock_path = path.with_name(f"{path.name}.lock")
    try:
        descriptor = _open_locked(lock_path, path)
    except OSError:
        # The folder is not writable, and the store reports that.
        yield
        return
    try:
        remove_leftovers(path)
        yield
    finally:
        with suppress(OSError):
            # Windows cannot remove an open file: there it stays, and does no harm.
            lock_path.unlink()
        os.close(descriptor)


def _open_locked(lock_path: Path, path: Path) -> int:
    """Open and lock the file at *lock_path*; try again if its last holder has just removed it."""
    while True:
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor)
        except LOCK_HELD as error:
            os.close(descriptor)
            raise ArchiveLocked(
                f"Another sync is writing to {path}. Wait for it or stop it with Ctrl-C, then run the same command."
            ) from error
        except OSError as error:
            os.close(descriptor)
            lock_path.unlink(missing_ok=True)
            raise ArchiveError(
                f"The folder of {path} does not support locks ({error.strerror}), as it may be on a network share. "
                "Use a file on a local disk."
            ) from error
        with suppress(FileNotFoundError):
            if os.path.samestat(os.stat(lock_path), os.fstat(descriptor)):
                return descriptor
        os.close(descriptor)
