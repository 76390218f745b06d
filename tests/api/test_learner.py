"""The learner is a replaceable part of the pacer."""

from collections.abc import Mapping, Sequence

from source_opsgenie.api.pacing import Pacer


class FixedLearner:
    """A learner whose estimate for a minute is *allowed*, which becomes twice as much when it is due."""

    def __init__(self, allowed: int) -> None:
        self.limits: Mapping[float, int] = {60.0: allowed}
        self.is_due = False
        self.sent: list[float] = []
        self.throttled: list[tuple[float, float, list[float], bool]] = []

    def add_known(self, limits: Mapping[float, int]) -> None:
        self.limits = limits

    def restore(self, learned: Mapping[float, int]) -> None:
        self.limits = learned

    def learned(self) -> Mapping[float, int]:
        return self.limits

    def record_sent(self, now: float) -> None:
        self.sent.append(now)

    def record_throttled(self, now: float, *, period: float, sent: Sequence[float], is_first: bool) -> None:
        self.throttled.append((now, period, list(sent), is_first))

    def recover(self, _: float) -> bool:
        if self.is_due:
            self.limits = {60.0: 2 * self.limits[60.0]}
        return self.is_due


def test_a_pacer_keeps_to_any_learner() -> None:
    """A learner gets what was sent and what was throttled, and the pacer keeps to the share of its limits."""
    learner = FixedLearner(10)
    pacer = Pacer(share=0.5, learner=learner)
    pacer.restore_limits({60.0: 20})
    assert [0.0] * 10 == [pacer.take(1.0) for _ in range(10)]
    assert pacer.take(1.0) > 0

    learner.is_due = True
    assert pacer.take(2.0) == 0.0
    pacer.record_throttled(3.0, period=1.0)
    pacer.record_throttled(3.5, period=1.0)
    sent = [1.0] * 10 + [2.0]
    assert (sent, 20) == (learner.sent, pacer.per_minute())
    assert [(3.0, 1.0, sent, True), (3.5, 1.0, sent, False)] == learner.throttled
