"""Time: Opsgenie's timestamps, the Date header, sleeping, and detecting a suspend."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from source_opsgenie.clock import Stopped, SystemClock, format_timestamp, parse_http_date, parse_timestamp

NEW_YEAR = 1_640_995_200_000
YEARS_1_TO_9999 = some.integers(-62_135_596_800_000, 253_402_300_799_999)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-01-01T00:00:00Z", NEW_YEAR),
        ("2022-01-01T00:00:00.1Z", NEW_YEAR + 100),
        ("2022-01-01T00:00:00.12Z", NEW_YEAR + 120),
        ("2022-01-01T00:00:00.123Z", NEW_YEAR + 123),
        ("2022-01-01T00:00:00.1234Z", NEW_YEAR + 123),
        ("2022-01-01T00:00:00.12399Z", NEW_YEAR + 123),
        ("2022-01-01T00:00:00.123999Z", NEW_YEAR + 123),
        ("2022-01-01T00:00:00.1239999Z", NEW_YEAR + 123),
        ("2022-01-01T00:00:00.12399999Z", NEW_YEAR + 123),
        ("2022-01-01T00:00:00.123999999Z", NEW_YEAR + 123),
        ("2022-01-01T02:00:00+02:00", NEW_YEAR),
        ("2021-12-31T18:30:00.5-0530", NEW_YEAR + 500),
        ("2022-01-01T00:00:00", NEW_YEAR),
        ("2022-01-01", NEW_YEAR),
        ("1969-12-31T23:59:59.999Z", -1),
    ],
)
def test_a_timestamp_is_parsed_to_milliseconds(text: str, expected: int) -> None:
    """Timestamps have 0 to 9 fraction digits, and Z, an offset or neither; finer digits are cut off."""
    assert expected == parse_timestamp(text)


@pytest.mark.parametrize("text", ["", "yesterday", "2022-13-01T00:00:00Z", "1640995200000"])
def test_an_invalid_timestamp_is_a_value_error(text: str) -> None:
    """Anything else raises ValueError, so that callers need to catch one error."""
    with pytest.raises(ValueError, match=r".*"):
        parse_timestamp(text)


@given(YEARS_1_TO_9999)
def test_timestamps_round_trip(time_ms: int) -> None:
    """A formatted timestamp is parsed back to the same time, for every millisecond of the calendar."""
    assert time_ms == parse_timestamp(format_timestamp(time_ms))


@given(some.text(max_size=40))
def test_any_text_is_a_timestamp_or_a_value_error(text: str) -> None:
    """Any text is a time that can be formatted again, or a ValueError."""
    try:
        time_ms = parse_timestamp(text)
    except ValueError:
        return

    assert time_ms == parse_timestamp(format_timestamp(time_ms))


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_outside_the_calendar_is_a_value_error(text: str) -> None:
    """A time outside the years 1 to 9999 in UTC could not be formatted into a state."""
    with pytest.raises(ValueError, match=r".*"):
        parse_timestamp(text)


def test_timestamps_are_formatted_as_opsgenie_does() -> None:
    """Three fraction digits and a Z, before 1970 too."""
    assert format_timestamp(NEW_YEAR + 7) == "2022-01-01T00:00:00.007Z"
    assert format_timestamp(-1) == "1969-12-31T23:59:59.999Z"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Sat, 01 Jan 2022 00:00:00 GMT", NEW_YEAR),
        ("Sat, 01 Jan 2022 01:00:00 +0100", NEW_YEAR),
        (None, None),
        ("", None),
        ("soon", None),
        ("Sat, 99 Jan 2022 00:00:00 GMT", None),
        ("Sat, 01 Jan 2022 00:00:00 +99999999999", None),
    ],
)
def test_http_date(header: str | None, expected: int | None) -> None:
    """A Date header is a time or None, never an error."""
    assert expected == parse_http_date(header)


@given(some.text(max_size=40))
def test_http_date_never_raises(header: str) -> None:
    """Any text in the header is a time or None."""
    found = parse_http_date(header)

    assert found is None or isinstance(found, int)


def test_the_system_clock_sleeps_until_it_is_stopped() -> None:
    """A running clock lets time pass; a stopped one ends every sleep immediately."""
    clock = SystemClock()
    before = clock.monotonic()
    clock.sleep(0.0)
    clock.stop()

    assert before <= clock.monotonic()
    with pytest.raises(Stopped):
        clock.sleep(3600.0)
