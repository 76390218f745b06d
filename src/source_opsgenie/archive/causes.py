"""One line for each cause, however many streams it concerns."""

import re
from collections.abc import Iterable, Iterator, Sequence

# What differs between messages of the same cause: the request, and Opsgenie's id of it.
OWN = re.compile(r"\bGET \S+|; request [^\s)]+")
# More streams of one cause are counted, not named.
MOST_NAMES = 3


def cause_of(reason: str) -> str:
    """What *reason* has in common with messages of the same cause."""
    return OWN.sub("", reason)


def describe_causes(reasons: Iterable[tuple[str, str]]) -> Iterator[str]:
    """A line for each cause in *reasons*, which are pairs of a stream and why it is incomplete."""
    streams: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for name, reason in reasons:
        cause = cause_of(reason)
        streams.setdefault(cause, []).append(name)
        first.setdefault(cause, reason)
    for cause, names in streams.items():
        yield f"{join_names(names)}: {first[cause] if len(names) == 1 else _generalize(first[cause])}"


def _generalize(reason: str) -> str:
    """The *reason* without the request that is only one of many."""
    return OWN.sub("", re.sub(r"\bGET \S+ returned", "Opsgenie returned", reason))


def join_names(names: Sequence[str]) -> str:
    """The first *names*, and how many more there are."""
    if len(names) <= MOST_NAMES + 1:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
