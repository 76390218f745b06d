"""A client of the simulator that sends its requests without a socket."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from opsgenie_simulator import Account, Call, OtherClient, RateLimit, Switches
from opsgenie_simulator.responses import Api, respond


@dataclass(frozen=True)
class DecodedResponse:
    """A response with its JSON decoded."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of a list."""
        rows: list[dict[str, Any]] = self.body["data"]
        return rows

    @property
    def ids(self) -> list[str]:
        """The ids of a list's rows, in order."""
        return [row["id"] for row in self.rows]


class ManualClock:
    """A clock that moves only when a test sets *now*."""

    def __init__(self) -> None:
        """Start at an arbitrary time."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


class ApiClient:
    """A client of one account under one set of switches."""

    def __init__(
        self,
        account: Account,
        switches: Switches | None = None,
        *,
        limits: Mapping[str, Sequence[RateLimit]] | None = None,
        clock: ManualClock | None = None,
        other_clients: Sequence[OtherClient] = (),
    ) -> None:
        """Send requests to *account*, by default with its full key."""
        self.account = account
        self._api = Api(account, switches or Switches(), limits or {}, clock or ManualClock(), other_clients)

    def get(
        self,
        path: str,
        *,
        key: str | None = None,
        authorization: str | None = None,
        host: str = "localhost",
        **query: Any,
    ) -> DecodedResponse:
        """Send a GET request."""
        header = authorization if authorization is not None else f"GenieKey {key or self.account.full_key}"
        parameters = {name: str(value) for name, value in query.items()}
        response = respond(Call("GET", path, parameters, header or None, host), self._api)
        return DecodedResponse(response.status, json.loads(response.body), response.headers)

    def pages(self, path: str, **query: Any) -> Iterator[DecodedResponse]:
        """Follow the offsets of `next` to the last page."""
        page = self.get(path, **query)
        yield page
        while "next" in page.body["paging"]:
            query["offset"] = query_of(page.body["paging"]["next"])["offset"]
            page = self.get(path, **query)
            yield page


def query_of(link: str) -> dict[str, str]:
    """The query parameters of a link."""
    return dict(parse_qsl(urlsplit(link).query))
