"""JSON with long numbers: what is sent on has the digits that came, and everything else is parsed by orjson."""

import json
from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from source_opsgenie.exact_json import loads

TEXTS = st.text(st.characters(exclude_categories=["Cs"])) | st.from_regex(r"[:, \[-]{0,2}[0-9.]{15,22}", fullmatch=True)
NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,25})?(e[+-]?[0-9]{1,2})?", fullmatch=True)


@pytest.mark.parametrize(
    "number",
    [
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "-18446744073709551616",
        "0.1234567890123456789",
        "-1234567.8901234567891",
        "12345678901234567890.5",
        "1" * 300,
    ],
)
@pytest.mark.parametrize("before", ['{"n":', '{"n": ', '{"n":[', '{"n":[1,', '{"n":\n\t'])
def test_the_digits_of_a_number_stay(number: str, before: str) -> None:
    """A number beyond 64 bits, or with more digits than a float has, is written with the same digits."""
    body = before + number + ("]}" if "[" in before else "}")

    assert "".join(body.split()) == orjson.dumps(loads(body.encode())).decode()


@given(st.dictionaries(st.sampled_from("abc"), st.lists(NUMBERS | TEXTS.map(lambda text: orjson.dumps(text).decode()))))
def test_any_numbers_among_any_texts(lists: dict[str, list[str]]) -> None:
    """Numbers keep their value to the last digit, and texts stay as they are, whatever they look like."""
    body = "{" + ",".join(f'"{name}":[{",".join(values)}]' for name, values in lists.items()) + "}"
    written = orjson.dumps(loads(body.encode())).decode()

    assert parse_exactly(body) == parse_exactly(written)


def parse_exactly(text: str) -> object:
    """The value of JSON *text*, with decimals of any length."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


@pytest.mark.parametrize("body", [b'{"offset":"1582288204832_1582288204832000000"}', b'{"n":1582288204832000000}'])
def test_ordinary_values_are_plain(body: bytes) -> None:
    """The offset of a log, and a time in nanoseconds, are a text and a number as usual."""
    assert orjson.loads(body) == loads(body)
