"""How much is sown, and over which time."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import Body

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
MINUTE_MS = 60_000

# Created, updated, fields.
Sown = Iterator[tuple[int, int, Body]]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many records of each kind."""

    users: int
    teams: int
    services: int
    integrations: int
    alerts: int
    incidents: int


@dataclass(frozen=True, slots=True)
class Span:
    """The seed, the account's name, and the days that end at *until*."""

    seed: int
    until: int
    days: int
    name: str

    @property
    def since(self) -> int:
        """The first moment of the history."""
        return self.until - self.days * DAY_MS

    def chance(self, area: str) -> random.Random:
        """A source of chance for one area, so that sizes of others do not change it."""
        return seeded_random(f"{area} {self.name} {self.seed}")

    def moments(self, chance: random.Random, number: int) -> list[int]:
        """That many moments in order: half of them alone, half in bursts, as incidents bring them."""
        last = self.until - 1
        bursts = [chance.randint(self.since, last) for _ in range(max(1, number // 40))]
        alone = (chance.randint(self.since, last) for _ in range(number - number // 2))
        together = (self._near(chance, chance.choice(bursts)) for _ in range(number // 2))
        return sorted([*alone, *together])

    def _near(self, chance: random.Random, burst: int) -> int:
        return max(self.since, min(self.until - 1, burst + int(chance.expovariate(1 / (10 * MINUTE_MS)))))
