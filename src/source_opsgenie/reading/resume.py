"""Decide where a read begins: at the state that was given, or at the beginning of the history, and why."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from source_opsgenie.api.connection import Connection, is_identified_by_key
from source_opsgenie.clock import MILLISECOND, format_timestamp
from source_opsgenie.reading.query import user_query
from source_opsgenie.reading.state import Scope, State, current_state, is_ours, shorten_query
from source_opsgenie.streams import SpanPaging, Stream, ancestry, is_incremental

OTHER_CONNECTOR = (
    "The state was written by another connector and cannot be trusted: its cursor is the newest row that it reached. "
    "Running one full read; later syncs are incremental."
)
OUTDATED = (
    "The state was written by an earlier development version of this source. "
    "Running one full read; later syncs are incremental."
)
RESUMING = "Reading what changed since the last sync with the same alert filters and start date."
# The most that the clocks of two responses may differ.
CLOCK_SKEW = timedelta(minutes=1)


def starting_state(
    connection: Connection, stream: Stream, given: Mapping[str, Any], *, incremental: bool, generation: int | None
) -> tuple[State, str]:
    """The state to begin with, and what to say if the *given* one cannot be resumed."""
    state = current_state(given)
    fresh = State(scope_of(connection, stream, state), generation=generation)
    if state is None:
        is_expected = bool(given) and is_incremental(stream) and incremental
        return fresh, (OUTDATED if is_ours(given) else OTHER_CONNECTOR) if is_expected else ""
    state = _renamed(connection, state) if connection.is_account_known else state
    same_account = state.scope.account == fresh.scope.account
    fresh = replace(fresh, rows=state.rows, limits=state.limits if same_account else None)
    if not is_incremental(stream):
        return fresh, ""
    if not incremental:
        is_same = generation is not None and state.generation == generation
        # With a bookmark, what was interrupted is a read of changes only.
        resumes = is_same and state.read is not None and state.bookmark is None
        return state if resumes and state.scope == fresh.scope else fresh, ""
    if reason := _reason_to_restart(connection, state, fresh):
        earlier = state.in_scope_of(fresh) if same_account else fresh
        if earlier.bookmark and not _reason_to_restart(connection, earlier, fresh):
            return earlier, f"{reason}. {RESUMING}"
        return replace(earlier, bookmark=None), f"{reason}. Running one full read."
    return replace(state, generation=generation), ""


def _renamed(connection: Connection, state: State) -> State:
    """The same under the account's current name, if the state has another name of this account."""
    if state.scope.account not in connection.account_aliases:
        return state
    return replace(state, scope=replace(state.scope, account=connection.account))


def _reason_to_restart(connection: Connection, state: State, fresh: State) -> str:
    """Why the bookmark in *state* is invalid; empty if it is valid."""
    now = connection.client.date_ms
    if part := state.scope.differs_in(fresh.scope):
        if part == "account" and connection.account_name is None:
            return (
                "The state names its account, and this key may not read the account's name "
                "(it lacks Configuration Access)"
            )
        return f"The {part} changed since the last sync"
    latest = max(state.bookmark or 0, state.began)
    allowed = connection.config.lookback + CLOCK_SKEW
    if now is not None and latest > now + allowed // MILLISECOND:
        return f"The state is from {format_timestamp(latest)}, which is in the future"
    return ""


def scope_of(connection: Connection, stream: Stream, state: State | None = None) -> Scope:
    """What this read covers; if the account could not be requested, it is that of the *state*."""
    account = connection.account
    if state and not connection.is_account_known:
        account = state.scope.account
    if not is_incremental(stream):
        return Scope(account)
    config = connection.config
    if isinstance(stream.paging, SpanPaging):
        return Scope(account, start_date=config.timeline_since)
    query = shorten_query(user_query(config, ancestry(stream)[0]))
    keys = filter(is_identified_by_key, connection.account_aliases) if connection.is_team_key else ()
    return Scope(account, query, config.start_date, next(iter(keys), None))
