"""Open a connection: build a client, and find out the account's identity and rate limits."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any, TypeGuard, TypeVar
from urllib.parse import urlsplit

from source_opsgenie import errors
from source_opsgenie.api.client import LIMITS_PATH, Client
from source_opsgenie.api.pacing import Domain, Limit, Pacer, make_pacers
from source_opsgenie.api.responses import Response, value_at
from source_opsgenie.api.saved_searches import request_saved_query
from source_opsgenie.api.transport import PooledTransport, Transport
from source_opsgenie.clock import Clock, SystemClock, format_timestamp
from source_opsgenie.config import Config

Result = TypeVar("Result")
NOT_FOR_THIS_KEY = (errors.Forbidden, errors.NotInPlan, errors.NotFound, errors.Rejected)


@dataclass(frozen=True, slots=True)
class Connection:
    """A client for one account, and what the API reported about that account.

    *account* identifies it: by its name if the key may read the name, else by a digest of the key.
    *account_aliases* holds both, since a key may get the permission to read the name later.
    *account_name* is that name, or None; *is_account_known* is False if requesting it failed. *is_team_key* is True if
    the API reported that the key belongs to a team: it then reads only that team's records, without an error.
    """

    client: Client
    config: Config
    clock: Clock
    account: str
    account_aliases: frozenset[str]
    account_name: str | None
    is_team_key: bool
    is_account_known: bool = True

    @property
    def visibility(self) -> str:
        """The most that a read can return, in words."""
        return "everything that this team's key may see" if self.is_team_key else "everything that this key may see"


@contextmanager
def connect(config: Config, *, transport: Transport | None = None) -> Iterator[Connection]:
    """Open a connection for *config*; leaving the block stops all work in progress.

    Raises Unauthorized, WrongHost or Unreachable if nothing can be read, and ConfigError for a start date in the
    future or an unknown saved search.
    """
    clock = SystemClock()
    with ExitStack() as stack:
        stack.callback(clock.stop)
        max_concurrent = config.max_concurrent_requests
        if transport is None:
            transport = pooled = PooledTransport(config.base_url, connections=max_concurrent)
            stack.callback(pooled.close)
        pacers = make_pacers(share=config.rate_limit_share, cap=_cap(config))
        client = Client(transport, key=config.api_token, pacers=pacers, clock=clock, max_concurrent=max_concurrent)
        is_team_key, limits_error = _try(lambda: _request_limits(client, pacers))
        name, name_error = _try(lambda: _request_account_name(client))
        # Neither is needed to read; both fail if the key is wrong, or if nothing can be reached.
        if limits_error and name_error:
            raise limits_error
        _reject_future_start(config, now=client.date_ms)
        config = replace(config, saved_query=request_saved_query(client, config.alert_saved_search))
        account, by_key = _identity(config, name), _identity(config, None)
        aliases = frozenset({account, by_key})
        yield Connection(client, config, clock, account, aliases, name, bool(is_team_key), name_error is None)


def _try(request: Callable[[], Result]) -> tuple[Result | None, errors.OpsgenieError | None]:
    """What *request* returns, or the error that it raises."""
    try:
        return request(), None
    except errors.OpsgenieError as error:
        return None, error


def is_identified_by_key(account: str) -> bool:
    """Whether *account* is the digest of a key, which could not read the account's name."""
    return re.fullmatch("key [0-9a-f]{16}@.*", account) is not None


def _cap(config: Config) -> Limit | None:
    """The user's own limit, if any."""
    return Limit(config.max_requests_per_minute, 60.0) if config.max_requests_per_minute else None


def _request_limits(client: Client, pacers: Mapping[Domain, Pacer]) -> bool:
    """Hand the account's limits to *pacers*; returns whether the API reported that the key belongs to a team.

    Without permission, or with an odd response, the pacers learn the limits (docs/opsgenie-api.md#request-limits).
    """
    try:
        response = client.get(LIMITS_PATH, domain=Domain.CONFIGURATION)
    except NOT_FOR_THIS_KEY as error:
        return "team api key" in str(error).lower()
    for domain, limit in _parse_limits(response):
        pacers[domain].add_limit(limit)
    return False


def _parse_limits(response: Response) -> Iterator[tuple[Domain, Limit]]:
    """Each limit in *response* for a known domain; anything else is ignored."""
    domains = {domain.value: domain for domain in Domain}
    for group in _dicts(value_at(response.body, ("data", "rateLimits"))):
        domain = domains.get(str(group.get("domain")))
        for limit in _dicts(group.get("limits")):
            requests, period = limit.get("limit"), limit.get("periodInSeconds")
            if domain and _is_positive(requests) and _is_positive(period):
                yield domain, Limit(requests, float(period))


def _dicts(found: Any) -> list[dict[str, Any]]:
    return [value for value in found if isinstance(value, dict)] if isinstance(found, list) else []


def _is_positive(found: Any) -> TypeGuard[int]:
    return type(found) is int and found > 0


def _request_account_name(client: Client) -> str | None:
    """The account's own name, if the key may read it (docs/opsgenie-api.md#account)."""
    try:
        name = value_at(client.get("/v2/account", domain=Domain.CONFIGURATION).body, ("data", "name"))
    except NOT_FOR_THIS_KEY:
        return None
    return name if isinstance(name, str) and name else None


def _reject_future_start(config: Config, *, now: int | None) -> None:
    """Raise ConfigError if the start date is in the future, so that a mistyped year is not an empty read."""
    if config.start_ms is not None and now is not None and config.start_ms > now:
        raise errors.ConfigError(
            f"start_date {config.start_date} is in the future (Opsgenie's clock says {format_timestamp(now)}). "
            "Use an earlier date, or omit it to read everything."
        )


def _identity(config: Config, name: str | None) -> str:
    """The identity of an account: its *name*, or else an irreversible digest of the key."""
    host = urlsplit(config.base_url).hostname
    digest = blake2b(config.api_token.encode(), digest_size=8).hexdigest()
    return f"{name}@{host}" if name else f"key {digest}@{host}"
