"""What may stand between a call and its answer; the place for faults and changes to come."""

from dataclasses import replace

from opsgenie_simulator.messages import Weather


def latency(delay_ms: float) -> Weather:
    """Every answer leaves that much later."""
    return lambda call, answer: replace(answer(call), delay_seconds=delay_ms / 1000)
