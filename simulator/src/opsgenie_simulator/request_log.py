"""The log of all requests that the simulator received."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from opsgenie_simulator.messages import Call, Request, Response


class RequestLog:
    """Every request, or the most recent ones, and the number of requests per path, domain and status."""

    def __init__(self, size: int | None = None) -> None:
        """Keep all requests, or the *size* most recent ones; all of them are counted."""
        self._requests: deque[Request] = deque(maxlen=size)
        self._counts: Counter[tuple[str, str, int]] = Counter()

    @property
    def requests(self) -> Sequence[Request]:
        """The requests so far, oldest first."""
        return list(self._requests)

    def add(self, call: Call, response: Response, *, at: float) -> None:
        """Log a request and the status of its response."""
        self._requests.append(
            Request(
                method=call.method,
                path=call.path,
                query=dict(call.query),
                host=call.host,
                status=response.status,
                domain=response.domain,
                token_ok=response.token_ok,
                route=response.route,
                at=at,
                has_key=call.authorization is not None,
                writes=response.writes,
            )
        )
        self._counts[response.route or call.path, response.domain, response.status] += 1

    def counts(self) -> list[dict[str, Any]]:
        """The number of requests by path, domain and status."""
        return [
            {"path": path, "domain": domain, "status": status, "requests": number}
            for (path, domain, status), number in sorted(self._counts.items())
        ]

    def clear(self) -> None:
        """Remove all requests and reset the counts."""
        self._requests.clear()
        self._counts.clear()
