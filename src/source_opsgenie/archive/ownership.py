"""Whose account an archive belongs to: by name, or by a key that cannot name it."""

import json

import duckdb

from source_opsgenie.api.connection import is_identified_by_key

OTHERWISE = "use another file, or pass --same-account if you know that it is the same account"
UNNAMED = "a key that cannot name its account"


def choose_name(recorded: str, account: str) -> str:
    """The name of an account that the file has *recorded* and that the key gives as *account*."""
    return recorded if is_identified_by_key(account) and not is_identified_by_key(recorded) else account


def record_account(database: duckdb.DuckDBPyConnection, account: str, *, key: str | None) -> None:
    """Let the file and all its states belong to *account*, last named by *key*."""
    database.execute("UPDATE _archive.file SET account = ?, key = ?", [account, key])
    for table in ("_archive.streams", "_archive.scopes"):
        for (text,) in database.execute(f"SELECT DISTINCT state FROM {table} WHERE state IS NOT NULL").fetchall():
            state = json.loads(text)
            if isinstance(state, dict) and isinstance(state.get("scope"), dict):
                state["scope"]["account"] = account
                database.execute(f"UPDATE {table} SET state = ? WHERE state = ?", [json.dumps(state), text])


def describe_mismatch(theirs: str, ours: str) -> str:
    """Why a key of the account *ours* cannot write to the archive of *theirs*, and what to do."""
    if is_identified_by_key(theirs):
        return f"belongs to a key that could not read its account's name. Use that key, {OTHERWISE}."
    if is_identified_by_key(ours):
        return (
            f"belongs to {theirs}, and this key cannot read its account's name because it lacks the permission "
            f"Configuration Access. Use a key of that account with this permission, {OTHERWISE}."
        )
    return f"belongs to {theirs}, and this key belongs to {ours}. Use a key of that account, {OTHERWISE}."


def describe_change(recorded: str, account: str) -> str:
    """How a file that named the account *recorded* belongs to *account* now."""
    if recorded == account:
        return f"still belongs to {account}; this key, which cannot name its account, is recorded as one of its keys."
    names = (UNNAMED if is_identified_by_key(name) else name for name in (account, recorded))
    return "now belongs to {}, before to {}.".format(*names)
