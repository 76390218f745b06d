"""Chance that is the same each time, for ids and for what is sown."""

import random


def seeded_random(subject: str) -> random.Random:
    """A source of chance of its own for each subject."""
    # Nothing here is secret, and everything must come out again.
    return random.Random(subject)


def happens(chance: random.Random, share: float) -> bool:
    """True in that share of all cases."""
    return chance.random() < share


def random_uuid(chance: random.Random) -> str:
    """A UUID of version 4."""
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def alert_id(chance: random.Random, created_ms: int) -> str:
    """An alert's id: a UUID and the milliseconds of its creation (docs/opsgenie-api.md#alert)."""
    return f"{random_uuid(chance)}-{created_ms}"
