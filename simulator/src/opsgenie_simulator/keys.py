"""API keys and their permissions (docs/opsgenie-api.md#key-types)."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from opsgenie_simulator.randomness import random_uuid


@dataclass(frozen=True, slots=True)
class Key:
    """An API key, its origin and its permissions."""

    token: str
    kind: Literal["global", "team", "management"]
    configuration_access: bool = True
    read: bool = True
    team_id: str | None = None


def issue_keys(rng: random.Random, team_ids: Iterable[str]) -> tuple[Key, ...]:
    """The keys of a new account: full, without Configuration Access, of the first team, of the management page."""
    team_id = next(iter(team_ids), None) or random_uuid(rng)
    return (
        Key(random_uuid(rng), "global"),
        Key(random_uuid(rng), "global", configuration_access=False),
        Key(random_uuid(rng), "team", team_id=team_id),
        Key(random_uuid(rng), "management"),
    )
