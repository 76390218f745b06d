"""Which streams may be read at the same time: one in each rate limit domain."""

from collections.abc import Iterable

from source_opsgenie.api.pacing import CANDIDATES, Domain
from source_opsgenie.streams import STREAMS, Stream, ancestry


class Lanes:
    """The streams *names* in lanes: those of a domain one after another, in order, and domains side by side.

    With *roots_first*, a child stream does not begin before its root list has ended, if that is one of them.
    """

    def __init__(self, names: Iterable[str], *, roots_first: bool = False) -> None:
        self._pending = {name: _find_lane(name) for name in names}
        self._under_way: dict[str, Domain] = {}
        self._roots_first = roots_first
        self.number = len(set(self._pending.values()))

    @property
    def pending(self) -> list[str]:
        """The streams that have not begun."""
        return list(self._pending)

    def begin(self) -> list[str]:
        """Begin the streams whose turn it is, and return them."""
        first: dict[Domain, str] = {}
        for name, domain in self._pending.items():
            first.setdefault(domain, name)
        busy = set(self._under_way.values())
        names = [name for domain, name in first.items() if domain not in busy and not self._waits(name)]
        self._under_way |= {name: self._pending.pop(name) for name in names}
        return names

    def finish(self, name: str) -> None:
        """End the stream *name*, so that the next one of its domain may begin."""
        del self._under_way[name]

    def repeat(self, name: str) -> None:
        """Let the stream *name*, which has begun, begin once more."""
        self._pending = {name: self._under_way.pop(name), **self._pending}

    def _waits(self, name: str) -> bool:
        root = ancestry(STREAMS[name])[0].name if self._roots_first else name
        return root != name and (root in self._pending or root in self._under_way)


def lane_of(stream: Stream) -> Domain:
    """The domain in whose lane *stream* is read: a child sends most of its requests for itself, not for its parents."""
    # If two limits may apply, both are obeyed in either lane.
    return CANDIDATES.get(stream.domain, (stream.domain,))[-1]


def _find_lane(name: str) -> Domain:
    # An unknown stream sends no request.
    return lane_of(STREAMS[name]) if name in STREAMS else Domain.CONFIGURATION
