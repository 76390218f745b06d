"""API keys and what each of them may do (docs/opsgenie-api.md#key-types)."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from opsgenie_simulator.chance import uuid_text


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
    team_id = next(iter(team_ids), None) or uuid_text(chance)
    return (
        Key(uuid_text(chance), "global"),
        Key(uuid_text(chance), "global", configuration_access=False),
        Key(uuid_text(chance), "team", team_id=team_id),
        Key(uuid_text(chance), "management"),
    )
