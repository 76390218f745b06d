"""Read a timeline span by span, from the newest back to where nothing comes any more, as periods on call.

Each instant is taken from one response only, and periods are cut where a month begins, whatever the API makes of the
requested spans: it may shift them by hours, shorten them, and cut periods at their edges or not.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from source_opsgenie.api.client import Client
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.responses import Response
from source_opsgenie.clock import DAY_MS, format_timestamp, parse_timestamp
from source_opsgenie.errors import Rejected
from source_opsgenie.reading.details import expand_path
from source_opsgenie.reading.months import DAYS, MONTHS, Width
from source_opsgenie.reading.periods import Period, periods_in
from source_opsgenie.streams.stream import Record, Stream

# The widest is requested first, and the next where the API rejects it. Scripts were seen to request up to 4 months.
WIDTHS = (*(Width(number, MONTHS) for number in (12, 4, 3, 1)), *(Width(number, DAYS) for number in (14, 7, 3, 1)))
# A history ends before a year, or nearly so, in which no one was on call.
QUIET_MS = 360 * DAY_MS


@dataclass(frozen=True, slots=True)
class Span:
    """The *periods* of a response, which is valid from *start* to *end*."""

    start: int
    end: int
    periods: Sequence[Period] = ()
    invalid: Sequence[Record] = ()

    def within(self, start: int, end: int) -> "Span":
        """The same between two times."""
        start, end = max(self.start, start), min(self.end, end)
        clipped = (replace(one, start=max(one.start, start), end=min(one.end, end)) for one in self.periods)
        return Span(start, end, [one for one in clipped if one.start < one.end], self.invalid)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The timeline of the parent with *ids*."""

    client: Client
    stream: Stream
    ids: Mapping[str, Any]

    def spans(self, low: int, high: int, *, now: int) -> Iterator[Span]:
        """Spans that meet, from *high* back to *low* at most, or to where nothing comes any more."""
        place, reached, busy_since = _narrowest(low, high), high, min(now, high)
        while reached > low and busy_since - reached < QUIET_MS:
            width = WIDTHS[place]
            try:
                span = self._request(width.before(reached), width, until=reached)
            except Rejected:
                if place + 1 < len(WIDTHS):
                    place += 1
                    continue
                if reached == high:
                    raise
                # The API rejects what is too long ago.
                return
            found = [*self._fill(span.end, reached, width), span.within(low, reached)]
            yield from found
            busy_since = min([busy_since, *(one.start for part in found for one in part.periods)])
            reached = span.start

    def _fill(self, start: int, end: int, width: Width) -> Iterator[Span]:
        """Spans from *start* to *end*, if a response ended before the time until which it was requested."""
        while start < end:
            span = self._request(start, width, until=start + 1)
            yield span.within(start, end)
            start = span.end

    def _request(self, start: int, width: Width, *, until: int) -> Span:
        """The span of this width from *start* on, as the API shifts it.

        Raises MalformedResponse if it does not begin before *until*, or ends before it was to begin.
        """
        date = {"date": format_timestamp(start), "interval": str(width.number), "intervalUnit": width.unit}
        path = expand_path(self.stream.path, self.ids)
        response = self.client.get(path, {**self.stream.params, **date}, domain=self.stream.domain)
        span = _span_in(response, Span(start, width.after(start)))
        if span.start >= until or span.end <= start:
            raise response.error(Failure.WRONG_ROWS, f"returned a timeline from {format_timestamp(span.start)} on")
        return span


def _narrowest(low: int, high: int) -> int:
    """The place of the narrowest width with which one request covers everything; else that of the widest."""
    return max((place for place, width in enumerate(WIDTHS) if width.before(high) <= low), default=0)


def _span_in(response: Response, requested: Span) -> Span:
    """The span in *response*; what it does not say of its start and end is as *requested*."""
    data = response.data
    if not isinstance(data, dict):
        raise response.error(Failure.NO_ROWS, "did not return a timeline")
    start, end = (_time(data.get(name)) for name in ("startDate", "endDate"))
    span = Span(requested.start if start is None else start, requested.end if end is None else end)
    found = periods_in(data, until=span.end)
    if found is None:
        raise response.error(Failure.NO_ROWS, "did not return a timeline")
    invalid = [record for record in found if isinstance(record, dict)]
    return replace(span, periods=[one for one in found if isinstance(one, Period)], invalid=invalid)


def _time(value: object) -> int | None:
    try:
        return parse_timestamp(value) if isinstance(value, str) else None
    except ValueError:
        return None
