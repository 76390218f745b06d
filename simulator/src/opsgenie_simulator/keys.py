"""API keys and what each of them may do (docs/opsgenie-api.md#key-types)."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from opsgenie_simulator.randomness import random_uuid


@dataclass(frozen=True, slots=True)
class Key:
    """One API key: where it comes from and the rights it was given."""

    token: str
    kind: Literal["global", "team", "management"]
    configuration_access: bool = True
    read: bool = True
    team_id: str | None = None


def issued(chance: random.Random, team_ids: Iterable[str]) -> tuple[Key, ...]:
    """A new account's keys: with all rights, without configuration, of a team, of the management page."""
    team_id = next(iter(team_ids), None) or random_uuid(chance)
    return (
        Key(random_uuid(chance), "global"),
        Key(random_uuid(chance), "global", configuration_access=False),
        Key(random_uuid(chance), "team", team_id=team_id),
        Key(random_uuid(chance), "management"),
    )
