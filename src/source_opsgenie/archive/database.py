"""The archive's file, opened: for its owner only, waited for, and each error with what to do about it."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from source_opsgenie.errors import ArchiveError
from source_opsgenie.signals import SIGNALS_DEFERRED

# What DuckDB 1.4 opens, which is PyAirbyte's.
STORAGE_VERSION = "v1.0.0"
SECONDS_BETWEEN_TRIES = 0.2
# Everything that is needed is built in: DuckDB shall not look for more of itself on the network.
SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
LOCKED = "could not set lock"
FULL = "the disk is full, or a file may not be so large: make room, then run the same command again."
# What DuckDB says, and what to do about it; the first that fits.
REMEDIES = (
    (LOCKED, "another program has it open: close it there, then run the same command again."),
    ("not a valid", "it is not a DuckDB file: name another one, or move it away."),
    ("newer version", "a newer DuckDB wrote it: pip install --upgrade duckdb."),
    ("permission denied", "its permissions forbid it: name a file in a folder of yours."),
    ("no space", FULL),
    ("file too large", FULL),
    ("checkpoint during detach failed", FULL),
    ("", "what was stored before stands: mend that, then run the same command again."),
)


@contextmanager
def open_database(
    path: Path, mode: str, *, say: Callable[[str], None], patience: float
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The file at *path*, attached; an error of DuckDB's becomes an ArchiveError that says what to do.

    If another program has it open, `say` is told, and the file waited for, for *patience* seconds at most.
    """
    try:
        with _for_its_owner_only(), duckdb.connect(config=SETTINGS) as database:
            _attach(database, path, mode, say=say, patience=patience)
            # DuckDB would take a Ctrl-C for a failed query.
            with SIGNALS_DEFERRED:
                database.execute("USE archive")
                yield database
                database.execute("USE memory; DETACH archive")
    except duckdb.Error as problem:
        raise _explained(path, problem) from problem


def _attach(
    database: duckdb.DuckDBPyConnection, path: Path, mode: str, *, say: Callable[[str], None], patience: float
) -> None:
    quoted = str(path).replace("'", "''")
    options = mode if mode == "READ_ONLY" else f"STORAGE_VERSION '{STORAGE_VERSION}'"
    until = time.monotonic() + patience
    is_said = False
    while True:
        try:
            with SIGNALS_DEFERRED:
                database.execute(f"ATTACH '{quoted}' AS archive ({options})")
        except duckdb.IOException as problem:
            if LOCKED not in str(problem).lower() or time.monotonic() >= until:
                raise
            if not is_said:
                say(f"Another program has {path} open: waiting for it, {patience:.0f} s at most.")
            is_said = True
            time.sleep(SECONDS_BETWEEN_TRIES)
        else:
            return


@contextmanager
def _for_its_owner_only() -> Iterator[None]:
    """Whatever is made here, the file or what DuckDB keeps beside it, is readable by its owner only."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def _explained(path: Path, problem: duckdb.Error) -> ArchiveError:
    said = str(problem).splitlines()[0]
    remedy = next(remedy for sign, remedy in REMEDIES if sign in str(problem).lower())
    return ArchiveError(f"{path} cannot be used: {remedy} (DuckDB: {said})")
