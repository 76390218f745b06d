"""Parse JSON without losing digits: orjson alone rounds numbers beyond 64 bits and long decimals."""

import json
import re
from typing import Any

import orjson

# Digits and points become 0, and what can precede a number a comma, so that one search finds what may be a long number.
SIMPLIFIED = bytes.maketrans(b"0123456789.:[ \t\r\n-", b"0" * 11 + b"," * 7)
MAY_BE_LONG = b"," + b"0" * 17
# A number that may not be exact in 64 bits; or the same in the middle of a text, which costs time and nothing else.
LONG_NUMBER = re.compile(rb"[:,\[\s](-[0-9]{19}|[0-9]{20}|-?(?=[0-9.]{17})[0-9]+\.)")
LEAST, MOST = -(2**63), 2**64 - 1


def loads(body: bytes) -> Any:
    """The value of the JSON in *body*; a number that Python would round becomes an orjson.Fragment of its digits.

    orjson.dumps writes a Fragment as it is. Raises orjson.JSONDecodeError, also for a number that no float can hold.
    """
    found = orjson.loads(body)
    if MAY_BE_LONG in body.translate(SIMPLIFIED) and LONG_NUMBER.search(body):
        return json.loads(body, parse_int=_parse_integer, parse_float=_parse_decimal)
    return found


def _parse_integer(digits: str) -> int | orjson.Fragment:
    number = int(digits)
    return number if LEAST <= number <= MOST else orjson.Fragment(digits)


def _parse_decimal(digits: str) -> float | orjson.Fragment:
    number = float(digits)
    return number if repr(number) == digits else orjson.Fragment(digits)
