"""Draw how much of an unreported limit is used over half an hour, as SVG: `python -m benchmarks.pace_picture`."""

import math
from collections.abc import Iterator
from pathlib import Path

from benchmarks.pace_cases import ABSENT, BOTH, MODELS, SECONDS, TIMETABLES, Case, Outcome

PICTURE = Path(__file__).parent.parent / "docs" / "pace.svg"
COLOURS = {"buckets": "#1f6feb", "rolling": "#d9730d"}
WIDTH, HEIGHT, LEFT, TOP, GAP, SPACE = 400, 90, 60, 64, 40, 56
MOST_PERCENT = 150.0
# Each point is the mean of a minute, since a limit per minute may be used in bursts.
STEP, MEAN_OF = 15.0, 60.0
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
    'font-family="sans-serif" font-size="12" fill="#333"><title>Used share of an unreported limit</title>'
    '<rect width="{width}" height="{height}" fill="white"/>'
)


def draw() -> str:
    """The picture: a row for each timetable of another client, a column for each limit."""
    timetables = (ABSENT, *TIMETABLES)
    width, height = LEFT + 2 * (WIDTH + GAP), TOP + len(timetables) * (HEIGHT + SPACE)
    lines = [HEAD.format(width=width, height=height), *_legend()]
    for row, others in enumerate(timetables):
        for column, limit in enumerate(BOTH):
            outcomes = [Case(limit, model, others=others).run() for model in MODELS]
            x, y = LEFT + column * (WIDTH + GAP), TOP + row * (HEIGHT + SPACE)
            lines += [f'<g transform="translate({x} {y})">', *_panel(outcomes), "</g>"]
    return "\n".join([*lines, "</svg>", ""])


def _legend() -> Iterator[str]:
    texts = [("as a token bucket", COLOURS["buckets"]), ("as a rolling window", COLOURS["rolling"])]
    yield f'<text x="{LEFT}" y="20">Used part of our share in %, of a limit that is not reported and enforced</text>'
    for number, (text, colour) in enumerate(texts):
        yield f'<text x="{LEFT + 430 + 130 * number}" y="20" fill="{colour}">{text}</text>'
    yield f'<text x="{LEFT}" y="38" fill="#666">Marks below: throttled requests. Grey: another client uses 95 %.</text>'


def _panel(outcomes: list[Outcome]) -> Iterator[str]:
    case = outcomes[0].case
    others = case.others.name if case.others is ABSENT else f"another client for {case.others.name}"
    yield f'<text y="-6">{case.limit.limit} in {case.limit.period_in_sec} s, {others}</text>'
    for turn in range(math.ceil(SECONDS / case.others.every) if case.others.end else 0):
        start = turn * case.others.every
        yield f'<rect x="{_x(start):.1f}" width="{_x(case.others.end):.1f}" height="{HEIGHT}" fill="#ddd"/>'
    for percent in (0, 100):
        y = _y(percent)
        yield f'<path d="M0 {y:.1f}H{WIDTH}" stroke="#bbb"/>'
        yield f'<text x="-8" y="{y + 4:.1f}" text-anchor="end">{percent}</text>'
    for minute in range(0, 31, 5):
        x = _x(minute * 60.0)
        yield f'<text x="{x:.1f}" y="{HEIGHT + 24}" text-anchor="middle" fill="#666">{minute} min</text>'
    for number, outcome in enumerate(outcomes):
        yield from _line(outcome, COLOURS[outcome.case.enforced], y=HEIGHT + 2 + 5 * number)


def _line(outcome: Outcome, colour: str, *, y: float) -> Iterator[str]:
    times = [STEP * number for number in range(int((SECONDS - MEAN_OF) / STEP) + 1)]
    used = [min(MOST_PERCENT, outcome.used_percent(time, time + MEAN_OF)) for time in times]
    points = " ".join(f"{_x(time + MEAN_OF / 2):.1f},{_y(each):.1f}" for time, each in zip(times, used, strict=True))
    yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    for position in sorted({round(_x(time), 1) for time in outcome.throttled}):
        yield f'<path d="M{position} {y}v4" stroke="{colour}"/>'


def _x(seconds: float) -> float:
    return seconds / SECONDS * WIDTH


def _y(percent: float) -> float:
    return HEIGHT * (1 - percent / MOST_PERCENT)


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
