"""Parser of the search language: query text in, syntax tree out (docs/opsgenie-api.md#alert-search)."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from opsgenie_simulator.errors import bad_query


@dataclass(frozen=True, slots=True)
class Compare:
    """A field compared with a value; a quoted value is a *phrase*."""

    field: str
    operator: str
    value: str
    phrase: bool = False


@dataclass(frozen=True, slots=True)
class IsNull:
    """True for records whose *field* is empty."""

    field: str


@dataclass(frozen=True, slots=True)
class Not:
    """The negation of its operand."""

    operand: "Node"


@dataclass(frozen=True, slots=True)
class And:
    """True if all operands are."""

    operands: "tuple[Node, ...]"


@dataclass(frozen=True, slots=True)
class Or:
    """True if at least one operand is."""

    operands: "tuple[Node, ...]"


Node = Compare | IsNull | Not | And | Or

_TOKEN = re.compile(r"""\s*(?:(?P<sign>[()]|!:|<=|>=|[:=<>])|"(?P<phrase>[^"]*)"|(?P<word>[^\s()"!:=<>]+))""")
_OPERATORS = {":", "=", "<", "<=", ">", ">="}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def parse_query(query: str) -> Node | None:
    """Parse a query; None, for an empty one, matches everything. An invalid query is a 422."""
    tokens = _tokenize(query)
    return _Parser(tokens).parse() if tokens else None


def _tokenize(query: str) -> "list[_Token]":
    tokens, position = [], 0
    text = query.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise bad_query(f"cannot parse {text[position:]!r}")
        kind = str(match.lastgroup)
        tokens.append(_Token(kind, match[kind]))
        position = match.end()
    return tokens


class _Parser:
    # Recursive descent; NOT binds closest, then AND (also where there is no operator), then OR.

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens, self._position = tokens, 0

    def parse(self) -> Node:
        node = self._or(self._condition)
        if self._peek() is not None:
            raise bad_query(f"unexpected {self._tokens[self._position].text!r}")
        return node

    def _or(self, operand: Callable[[], Node]) -> Node:
        operands = [self._and(operand)]
        while self._accept("word", "OR"):
            operands.append(self._and(operand))
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def _and(self, operand: Callable[[], Node]) -> Node:
        operands = [self._not(operand)]
        while self._accept("word", "AND") or not self._at_end_of_conjunction():
            operands.append(self._not(operand))
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def _not(self, operand: Callable[[], Node]) -> Node:
        if self._accept("word", "NOT"):
            return Not(self._not(operand))
        if self._accept("sign", "("):
            inner = self._or(operand)
            self._expect_close()
            return inner
        return operand()

    def _condition(self) -> Node:
        field = self._word("a field")
        if self._accept("word", "is", "IS"):
            is_not = self._accept("word", "not", "NOT")
            self._expect_null(after="is")
            return Not(IsNull(field)) if is_not else IsNull(field)
        sign = self._next("an operator")
        if sign.text == "!:":
            self._expect_null(after="!:")
            return Not(IsNull(field))
        if sign.kind != "sign" or sign.text not in _OPERATORS:
            raise bad_query(f"{field!r} is followed by {sign.text!r}, which is not an operator")
        return self._values(field, sign.text)

    def _values(self, field: str, operator: str) -> Node:
        if operator in ":=" and self._accept("sign", "("):
            inner = self._or(lambda: self._value(field, operator))
            self._expect_close()
            return inner
        return self._value(field, operator)

    def _value(self, field: str, operator: str) -> Node:
        token = self._next("a value")
        if token.kind == "sign":
            raise bad_query(f"{field!r} cannot have the value {token.text!r}")
        if token.kind == "word" and token.text == "null" and operator in ":=":
            return IsNull(field)
        return Compare(field, operator, token.text, phrase=token.kind == "phrase")

    def _expect_null(self, *, after: str) -> None:
        if not self._accept("word", "null", "NULL"):
            raise bad_query(f"{after!r} must be followed by null")

    def _expect_close(self) -> None:
        if not self._accept("sign", ")"):
            raise bad_query("a parenthesis is not closed")

    def _word(self, expected: str) -> str:
        token = self._next(expected)
        if token.kind != "word" or token.text in {"AND", "OR"}:
            raise bad_query(f"expected {expected} instead of {token.text!r}")
        return token.text

    def _next(self, expected: str) -> _Token:
        token = self._peek()
        if token is None:
            raise bad_query(f"expected {expected} at the end of the query")
        self._position += 1
        return token

    def _peek(self) -> _Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _accept(self, kind: str, *texts: str) -> bool:
        token = self._peek()
        matches = token is not None and token.kind == kind and token.text in texts
        self._position += matches
        return matches

    def _at_end_of_conjunction(self) -> bool:
        token = self._peek()
        return token is None or (token.kind, token.text) in {("sign", ")"), ("word", "OR")}
