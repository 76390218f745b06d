"""What was asked of the simulator, in order."""

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from opsgenie_simulator.messages import Call, Request, Response


class RequestLog:
    """Every request, or the last few, and how often each kind was answered how."""

    def __init__(self, remember: int | None = None) -> None:
        """Remember all requests, or the last *remember* of them; all are counted."""
        self._requests: deque[Request] = deque(maxlen=remember)
        self._counts: Counter[tuple[str, str, int]] = Counter()

    @property
    def requests(self) -> Sequence[Request]:
        """The requests so far, oldest first."""
        return list(self._requests)

    def add(self, call: Call, response: Response, *, at: float) -> None:
        """Write down a request and what became of it."""
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
        """How many requests were answered, by path, domain and status."""
        return [
            {"path": path, "domain": domain, "status": status, "requests": number}
            for (path, domain, status), number in sorted(self._counts.items())
        ]

    def clear(self) -> None:
        """Begin again with nothing."""
        self._requests.clear()
        self._counts.clear()
