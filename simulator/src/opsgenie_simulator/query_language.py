"""The query language of lists: text in, a small tree out (docs/opsgenie-api.md#alert-search)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from opsgenie_simulator.errors import bad_query


@dataclass(frozen=True, slots=True)
class Compare:
    """One field against one value; *phrase* when the value was quoted."""

    field: str
    operator: str
    value: str
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether a field is empty."""

    field: str


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a part."""

    part: "Node"


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    """One part holds, or more."""

    parts: "tuple[Node, ...]"


Node = Compare | IsNull | Not | All | Some

_TOKEN = re.compile(r"""\s*(?:(?P<sign>[()]|!:|<=|>=|[:=<>])|"(?P<phrase>[^"]*)"|(?P<word>[^\s()"!:=<>]+))""")
_OPERATORS = {":", "=", "<", "<=", ">", ">="}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse(query: str) -> Node | None:
    """Read a query; nothing at all matches everything, and what cannot be read is refused."""
    tokens = list(_tokens(query))
    return _Reading(tokens).whole() if tokens else None


def _tokens(query: str) -> "list[_Token]":
    tokens, position = [], 0
    text = query.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise bad_query(f"cannot read {text[position:]!r}")
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match[kind]))
        position = match.end()
    return tokens


class _Reading:
    # Recursive descent; NOT binds closest, then AND (also where there is no operator), then OR.

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._position = tokens, 0

    def whole(self) -> Node:
        node = self._either(self._condition)
        if self._peek() is not None:
            raise bad_query(f"unexpected {self._tokens[self._position].text!r}")
        return node

    def _either(self, part: Callable[[], Node]) -> Node:
        parts = [self._both(part)]
        while self._took("word", "OR"):
            parts.append(self._both(part))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _both(self, part: Callable[[], Node]) -> Node:
        parts = [self._negated(part)]
        while self._took("word", "AND") or not self._at_end_of_conjunction():
            parts.append(self._negated(part))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _negated(self, part: Callable[[], Node]) -> Node:
        if self._took("word", "NOT"):
            return Not(self._negated(part))
        if self._took("sign", "("):
            inner = self._either(part)
            self._close()
            return inner
        return part()

    def _condition(self) -> Node:
        field = self._word("a field")
        if self._took("word", "is", "IS"):
            is_not = self._took("word", "not", "NOT")
            self._null(after="is")
            return Not(IsNull(field)) if is_not else IsNull(field)
        sign = self._next("an operator")
        if sign.text == "!:":
            self._null(after="!:")
            return Not(IsNull(field))
        if sign.kind != "sign" or sign.text not in _OPERATORS:
            raise bad_query(f"{field!r} is followed by {sign.text!r}, which is no operator")
        return self._value(field, sign.text)

    def _value(self, field: str, operator: str) -> Node:
        if operator in ":=" and self._took("sign", "("):
            inner = self._either(lambda: self._single(field, operator))
            self._close()
            return inner
        return self._single(field, operator)

    def _single(self, field: str, operator: str) -> Node:
        token = self._next("a value")
        if token.kind == "sign":
            raise bad_query(f"{field!r} has {token.text!r} for a value")
        if token.kind == "word" and token.text == "null" and operator in ":=":
            return IsNull(field)
        return Compare(field, operator, token.text, phrase=token.kind == "phrase")

    def _null(self, *, after: str) -> None:
        if not self._took("word", "null", "NULL"):
            raise bad_query(f"{after!r} must be followed by null")

    def _close(self) -> None:
        if not self._took("sign", ")"):
            raise bad_query("a parenthesis is not closed")

    def _word(self, expected: str) -> str:
        token = self._next(expected)
        if token.kind != "word" or token.text in {"AND", "OR"}:
            raise bad_query(f"{token.text!r} stands where {expected} must be")
        return token.text

    def _next(self, expected: str) -> _Token:
        token = self._peek()
        if token is None:
            raise bad_query(f"the query ends where {expected} must be")
        self._position += 1
        return token

    def _peek(self) -> _Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _took(self, kind: str, *texts: str) -> bool:
        token = self._peek()
        found = token is not None and token.kind == kind and token.text in texts
        self._position += found
        return found

    def _at_end_of_conjunction(self) -> bool:
        token = self._peek()
        return token is None or (token.kind, token.text) in {("sign", ")"), ("word", "OR")}
