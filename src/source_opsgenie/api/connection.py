"""Put a client together, and learn whose account it speaks to and at what pace."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeGuard
from urllib.parse import urlsplit

from source_opsgenie.api.client import Client
from source_opsgenie.api.pacing import Domain, Limit, Pacer
from source_opsgenie.api.responses import Response, value_at
from source_opsgenie.api.transport import PooledTransport, Transport
from source_opsgenie.clock import Clock, SystemClock, format_timestamp
from source_opsgenie.config import Config
from source_opsgenie.errors import ConfigError, Forbidden, NotFound, NotInPlan, Rejected

NOT_FOR_THIS_KEY = (Forbidden, NotInPlan, NotFound, Rejected)


@dataclass(frozen=True, slots=True)
class Connection:
    """A client for one account, and what the account told of itself.

    *account* names the account: by its own name where the key may ask for it, else by a digest of the key.
    *known_as* holds both: a key that is granted more may tell a name that it could not tell before.
    *account_name* is that name, or None. *is_team_key* is True where the API said that the key is one team's:
    it then sees that team only, without an error.
    """

    client: Client
    config: Config
    clock: Clock
    account: str
    known_as: frozenset[str]
    account_name: str | None
    is_team_key: bool

    @property
    def sees(self) -> str:
        """What a read can reach at most, in words."""
        return "everything that this team's key may see" if self.is_team_key else "everything that this key may see"


@contextmanager
def connect(config: Config, *, transport: Transport | None = None) -> Iterator[Connection]:
    """Open a connection for *config*; its end stops all work that is still under way.

    Raises Unauthorized, WrongHost or Unreachable where nothing can be read at all, and ConfigError for a start to come.
    """
    clock = SystemClock()
    with ExitStack() as stack:
        stack.callback(clock.stop)
        at_once = config.max_concurrent_requests
        if transport is None:
            transport = pooled = PooledTransport(config.base_url, connections=at_once)
            stack.callback(pooled.close)
        pacers = {domain: Pacer(_own_limits(config), share=config.rate_limit_share) for domain in Domain}
        client = Client(transport, key=config.api_token, pacers=pacers, clock=clock, at_once=at_once)
        is_team_key = _learn_limits(client, pacers, share=config.rate_limit_share)
        name = _account_name(client)
        _refuse_future(config, now=client.date_ms)
        account, by_key = _identity(config, name), _identity(config, None)
        yield Connection(client, config, clock, account, frozenset({account, by_key}), name, is_team_key)


def is_nameless(account: str) -> bool:
    """Whether an *account* stands under the digest of a key, since that could not tell its name."""
    return re.fullmatch("key [0-9a-f]{16}@.*", account) is not None


def _own_limits(config: Config) -> list[Limit]:
    """The limit that the user set, if any: it holds whatever the account's is."""
    return [Limit(config.max_requests_per_minute, 60.0)] if config.max_requests_per_minute else []


def _learn_limits(client: Client, pacers: Mapping[Domain, Pacer], *, share: float) -> bool:
    """Tell *pacers* the *share* of the account's limits; returns whether the API said that this is a team's key.

    A key that may not ask, or an odd answer, is fine: the pacers learn (docs/opsgenie-api.md#request-limits).
    """
    try:
        answer = client.get("/v2/request-limits/", domain=Domain.CONFIGURATION)
    except NOT_FOR_THIS_KEY as refusal:
        return "team api key" in str(refusal).lower()
    for domain, limit in _limits_in(answer):
        pacers[domain].know(Limit(max(1, int(limit.requests * share)), limit.period))
    return False


def _limits_in(answer: Response) -> Iterator[tuple[Domain, Limit]]:
    """Each limit that *answer* tells for a domain that we know; whatever is not one is passed over."""
    names = {domain.value: domain for domain in Domain}
    for told in _dicts(value_at(answer.body, ("data", "rateLimits"))):
        for limit in _dicts(told.get("limits")):
            requests, period = limit.get("limit"), limit.get("periodInSeconds")
            if told.get("domain") in names and _is_positive(requests) and _is_positive(period):
                yield names[told["domain"]], Limit(requests, float(period))


def _dicts(found: Any) -> list[dict[str, Any]]:
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _is_positive(found: Any) -> TypeGuard[int]:
    return type(found) is int and found > 0


def _account_name(client: Client) -> str | None:
    """The account's own name, where the key may ask for it (docs/opsgenie-api.md#account)."""
    try:
        name = value_at(client.get("/v2/account", domain=Domain.CONFIGURATION).body, ("data", "name"))
    except NOT_FOR_THIS_KEY:
        return None
    return name if isinstance(name, str) and name else None


def _refuse_future(config: Config, *, now: int | None) -> None:
    """Raise ConfigError if nothing can have been updated since the start date: a year was mistyped."""
    if config.start_ms is not None and now is not None and config.start_ms > now:
        raise ConfigError(
            f"start_date {config.start_date} is in the future (Opsgenie's clock says {format_timestamp(now)}). "
            "Use an earlier date, or omit it to read everything."
        )


def _identity(config: Config, name: str | None) -> str:
    """What tells one account from another: its name, or else the key, as a digest that nobody can turn back."""
    host = urlsplit(config.base_url).hostname
    digest = blake2b(config.api_token.encode(), digest_size=8).hexdigest()
    return f"{name}@{host}" if name else f"key {digest}@{host}"
