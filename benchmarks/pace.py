"""The account's pace in the model: how much of the limit is used, and how often requests are throttled.

Nothing is measured on this machine: the model has a clock of its own, so the figures are the same everywhere.
"""

from benchmarks.pace_cases import ALONE, COUNTED, REPORTED, SHARED, THIRD_MINUTE, Outcome
from benchmarks.report import Log, Report, Target, format_table

HEADINGS = ("limit", "enforced as", "reported", "latency s", "counts", "used %", "throttled", "throttled %", "episodes")
SHARED_HEADINGS = (
    *("limit", "enforced as", "reported", "other client", "back after s", "throttled", "episodes"),
    *("others throttled", "others' episodes", "allowed"),
)
MOST_SECONDS = 300.0


def pace(log: Log) -> Report:
    """Run every case."""
    cases = [*ALONE, *COUNTED, *REPORTED, *SHARED]
    log(f"{len(cases)} cases of half an hour each, on a virtual clock")
    outcomes = [case.run() for case in cases]
    alone = [outcome for outcome in outcomes if not outcome.case.others.end]
    shared = [outcome for outcome in outcomes if outcome.case.others.end]
    lines = [
        "Without another client; *used* from the third minute on, *throttled* and *episodes* in the whole half hour:",
        "",
        *format_table(HEADINGS, [_row(outcome) for outcome in alone]),
        "",
        "With another client that uses 95% of the limit and ignores every 429:",
        "",
        *format_table(SHARED_HEADINGS, [_shared_row(outcome) for outcome in shared]),
    ]
    return Report(lines, _targets(alone, shared))


def _row(outcome: Outcome) -> list[object]:
    case = outcome.case
    return [
        *(f"{case.limit.limit} in {case.limit.period_in_sec} s", case.enforced, _yes(case.is_reported)),
        *(case.latency, case.count_domain or "none", outcome.used_percent(THIRD_MINUTE)),
        *(len(outcome.throttled), outcome.throttled_percent, outcome.episodes),
    ]


def _shared_row(outcome: Outcome) -> list[object]:
    case = outcome.case
    return [
        *(f"{case.limit.limit} in {case.limit.period_in_sec} s", case.enforced, _yes(case.is_reported)),
        *(case.others.name, outcome.returned_after, len(outcome.throttled), outcome.episodes),
        *(len(outcome.others_throttled), outcome.others_episodes, outcome.others_episodes_allowed),
    ]


def _targets(alone: list[Outcome], shared: list[Outcome]) -> list[Target]:
    """The worst of all cases that each target holds for."""
    unknown = [outcome for outcome in alone if not outcome.case.is_reported]
    known = [outcome for outcome in alone if outcome.case.is_reported]
    over = max(outcome.others_episodes - outcome.others_episodes_allowed for outcome in shared)
    return [
        Target("not reported: used", _least_used(unknown), 85.0, unit=" %"),
        Target("not reported: throttled", _most_throttled(unknown), 1.0, at_most=True, unit=" %"),
        Target("not reported: episodes", max(outcome.episodes for outcome in unknown), 3, at_most=True),
        Target("reported: used", _least_used(known), 95.0, unit=" %"),
        Target("reported: throttled", _most_throttled(known), 0.5, at_most=True, unit=" %"),
        Target("another client: back", max(map(_back, shared)), MOST_SECONDS, at_most=True, unit=" s"),
        Target("another client: its episodes beyond one a minute", over, 0, at_most=True),
    ]


def _least_used(outcomes: list[Outcome]) -> float:
    return min(outcome.used_percent(THIRD_MINUTE) for outcome in outcomes)


def _most_throttled(outcomes: list[Outcome]) -> float:
    return max(outcome.throttled_percent for outcome in outcomes)


def _back(outcome: Outcome) -> float:
    return outcome.returned_after


def _yes(value: bool) -> str:
    return "yes" if value else "no"
