"""Reproducible randomness for ids and seeded records."""

import random


def seeded_random(subject: str) -> random.Random:
    """A random generator seeded with *subject*, so that every run produces the same values."""
    # Nothing here is secret.
    return random.Random(subject)


def happens(rng: random.Random, share: float) -> bool:
    """True with probability *share*."""
    return rng.random() < share


def random_uuid(rng: random.Random) -> str:
    """A UUID of version 4."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def random_alert_id(rng: random.Random, created_ms: int) -> str:
    """An alert's id: a UUID and the creation time in milliseconds (docs/opsgenie-api.md#alert)."""
    return f"{random_uuid(rng)}-{created_ms}"
