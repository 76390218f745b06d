"""JSON that can be put into a <script> element, whatever texts are in it."""

from typing import Any

import orjson

# A text could end the element or begin a comment; JSON may contain the two line separators, but JavaScript could not.
ESCAPED = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
TABLE = str.maketrans(ESCAPED)


def to_json(value: Any) -> str:
    """The *value* as JSON without the characters that mean something in HTML."""
    return orjson.dumps(value, default=str).decode().translate(TABLE)
