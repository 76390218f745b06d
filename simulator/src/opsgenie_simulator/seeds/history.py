"""How many records an account is seeded with, and over which period."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import Body

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000

# The times of creation and last update, and the fields, of each new record.
SeedRows = Iterator[tuple[int, int, Body]]


@dataclass(frozen=True, slots=True)
class Sizes:
    """The number of records of each kind."""

    users: int
    teams: int
    services: int
    integrations: int
    alerts: int
    incidents: int


@dataclass(frozen=True, slots=True)
class History:
    """The period of *days* that ends at *until*, in an account with a seed and a *name*."""

    seed: int
    until: int
    days: int
    name: str

    @property
    def since(self) -> int:
        """The start of the history."""
        return self.until - self.days * DAY_MS

    def rng(self, area: str) -> random.Random:
        """Return a random generator for one area, independent of the sizes of others."""
        return seeded_random(f"{area} {self.name} {self.seed}")

    def timestamps(self, rng: random.Random, number: int) -> list[int]:
        """Return *number* times in order: half on their own, half in bursts as in real incidents."""
        last = self.until - 1
        bursts = [rng.randint(self.since, last) for _ in range(max(1, number // 40))]
        single = (rng.randint(self.since, last) for _ in range(number - number // 2))
        in_bursts = (self._near(rng, rng.choice(bursts)) for _ in range(number // 2))
        return sorted([*single, *in_bursts])

    def _near(self, rng: random.Random, burst: int) -> int:
        return max(self.since, min(self.until - 1, burst + int(rng.expovariate(1 / (10 * MINUTE_MS)))))
