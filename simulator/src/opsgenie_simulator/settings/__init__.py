"""Settings of an account, derived from its users, teams, services and integrations."""

from collections.abc import Callable
from typing import Any, TypeVar

from opsgenie_simulator.settings.inventory import Inventory
from opsgenie_simulator.store import Store

__all__ = ["Inventory", "Settings"]

Derived = TypeVar("Derived")
KINDS = ("users", "teams", "services", "integrations")


class Settings:
    """Derives settings from an account's inventory and caches them until it changes."""

    def __init__(self, store: Store, until: int) -> None:
        """Derive from *store*, with dates around the time *until*."""
        self._store, self._until = store, until
        self._generations: tuple[int, ...] = ()
        self._cache: dict[Callable[[Inventory], Any], Any] = {}

    @property
    def inventory(self) -> Inventory:
        """The account's current inventory."""
        return self.derive(_unchanged)

    def derive(self, setting: Callable[[Inventory], Derived]) -> Derived:
        """Return the *setting* of the current inventory."""
        generations = tuple(self._store.tables[kind].generation for kind in KINDS)
        if generations != self._generations:
            bodies = {kind: list(self._store.bodies(kind).values()) for kind in KINDS}
            self._generations, self._cache = generations, {_unchanged: Inventory(**bodies, until=self._until)}
        if setting not in self._cache:
            self._cache[setting] = setting(self._cache[_unchanged])
        derived: Derived = self._cache[setting]
        return derived


def _unchanged(inventory: Inventory) -> Inventory:
    return inventory
