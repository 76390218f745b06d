"""The rows that the next lookback returns again, remembered by a digest of each."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import blake2b

import orjson

from source_opsgenie.streams.stream import Record

# Part of the state, which stays below 2 kB for an account of any size.
ROWS_REMEMBERED = 44


class Recent:
    """Digests of the last rows emitted that the next lookback returns again, after those *seen* in this one."""

    def __init__(self, seen: Iterable[str]) -> None:
        self._digests = dict.fromkeys(seen)

    def add(self, records: Iterable[Record]) -> None:
        """Remember *records*; the oldest are dropped first."""
        for record in records:
            name = digest_of(record)
            self._digests.pop(name, None)
            self._digests[name] = None
            if len(self._digests) > ROWS_REMEMBERED:
                del self._digests[next(iter(self._digests))]

    @property
    def digests(self) -> tuple[str, ...]:
        """The digests, in the order in which their rows were emitted."""
        return tuple(self._digests)


def digest_of(record: Record) -> str:
    """A digest of this version of *record*: it may change twice in one millisecond of `updatedAt`."""
    return digest(orjson.dumps(record, option=orjson.OPT_SORT_KEYS).decode())


def identify(row: Record, name: str) -> str:
    """What identifies *row* in its list: the id in the field *name*, or a digest of an invalid row."""
    return str(row.get(name) or f"?{digest_of(row)}")


def digest(text: str) -> str:
    """A short digest of *text*."""
    return urlsafe_b64encode(blake2b(text.encode(), digest_size=6).digest()).decode()
