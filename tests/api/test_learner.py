"""The learner is a replaceable part of the pacer."""

from collections.abc import Mapping

from source_opsgenie.api.pacing import Pacer


class FixedLearner:
    """A learner whose estimate for a minute is *allowed*, which becomes twice as much when it is due."""

    def __init__(self, allowed: int) -> None:
        self.limits: Mapping[float, float] = {60.0: allowed}
        self.known = self.guesses = frozenset[float]()
        self.is_due = False
        self.sent: list[tuple[float, bool]] = []
        self.throttled: list[tuple[float, float, float, bool]] = []

    def add_known(self, limits: Mapping[float, float]) -> None:
        self.limits = limits

    def restore(self, learned: Mapping[float, float], _: float) -> None:
        self.limits = learned

    def learned(self) -> Mapping[float, int]:
        return {period: int(requests) for period, requests in self.limits.items()}

    def record_sent(self, now: float, *, has_waited: bool) -> None:
        self.sent.append((now, has_waited))

    def record_throttled(self, now: float, *, period: float, sent_at: float, is_first: bool) -> None:
        self.throttled.append((now, period, sent_at, is_first))

    def rise(self, _: float) -> bool:
        if self.is_due:
            self.limits = {60.0: 2 * self.limits[60.0]}
        return self.is_due


def test_a_pacer_keeps_to_any_learner() -> None:
    """A learner gets what was sent and what was throttled, and the pacer keeps to the share of its limits."""
    learner = FixedLearner(10)
    pacer = Pacer(share=0.5, learner=learner)
    pacer.restore_limits({60.0: 20}, 0.0)
    assert [0.0] * 10 == [pacer.take(1.0) for _ in range(10)]
    assert pacer.take(1.0) > 0

    learner.is_due = True
    assert pacer.take(2.0) == 0.0
    pacer.record_throttled(3.0, period=1.0, sent_at=1.0)
    pacer.record_throttled(3.5, period=1.0, sent_at=2.0)
    assert ([(1.0, False)] * 10 + [(2.0, True)], 20) == (learner.sent, pacer.per_minute())
    assert [(3.0, 1.0, 1.0, True), (3.5, 1.0, 2.0, False)] == learner.throttled
