"""What an account has set up, derived from its users, teams and services whenever somebody asks."""

from collections.abc import Callable
from typing import Any, TypeVar

from opsgenie_simulator.settings.people import People
from opsgenie_simulator.store import Store

__all__ = ["People", "Settings"]

Derived = TypeVar("Derived")
KINDS = ("users", "teams", "services", "integrations")


class Settings:
    """Works out settings from an account's people, and keeps them until these change."""

    def __init__(self, store: Store, until: int) -> None:
        """Derive from *store*; what has dates is set up around *until*."""
        self._ledger, self._until = store, until
        self._mark: tuple[int, ...] = ()
        self._kept: dict[Callable[[People], Any], Any] = {}

    @property
    def people(self) -> People:
        """The account's people as they are."""
        return self.of(_people)

    def of(self, derive: Callable[[People], Derived]) -> Derived:
        """What *derive* makes of the account's people as they are."""
        mark = tuple(self._ledger.tables[kind].generation for kind in KINDS)
        if mark != self._mark:
            bodies = {kind: list(self._ledger.bodies(kind).values()) for kind in KINDS}
            self._mark, self._kept = mark, {_people: People(**bodies, until=self._until)}
        if derive not in self._kept:
            self._kept[derive] = derive(self._kept[_people])
        kept: Derived = self._kept[derive]
        return kept


def _people(people: People) -> People:
    return people
