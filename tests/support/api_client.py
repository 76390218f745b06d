"""Asks the simulator's rules directly, without a socket."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from opsgenie_simulator import Account, Call, RateLimit, Switches
from opsgenie_simulator.responses import Api, respond


@dataclass(frozen=True)
class DecodedResponse:
    """A decoded answer."""

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
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        """Begin at an arbitrary moment."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Tell the time."""
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
    ) -> None:
        """Ask *account* with its full key unless told otherwise."""
        self.account = account
        self._api = Api(account, switches or Switches(), limits or {}, clock or ManualClock())

    def get(
        self,
        path: str,
        *,
        key: str | None = None,
        authorization: str | None = None,
        host: str = "localhost",
        **query: Any,
    ) -> DecodedResponse:
        """Send one GET."""
        given = authorization if authorization is not None else f"GenieKey {key or self.account.full_key}"
        texts = {name: str(value) for name, value in query.items()}
        response = respond(Call("GET", path, texts, given or None, host), self._api)
        return DecodedResponse(response.status, json.loads(response.body), response.headers)

    def pages(self, path: str, **query: Any) -> Iterator[DecodedResponse]:
        """Follow the offsets of `next` to the end."""
        page = self.get(path, **query)
        yield page
        while "next" in page.body["paging"]:
            query["offset"] = query_of(page.body["paging"]["next"])["offset"]
            page = self.get(path, **query)
            yield page


def query_of(link: str) -> dict[str, str]:
    """The parameters in a link."""
    return dict(parse_qsl(urlsplit(link).query))
