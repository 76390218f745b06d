"""The rows that a stream makes of its lists: with ids of parents, copied fields, digests, merged lists."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

import orjson

from source_opsgenie import errors
from source_opsgenie.api.client import Client
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.responses import value_at
from source_opsgenie.reading.details import expand_params, expand_path
from source_opsgenie.reading.events import SetAside
from source_opsgenie.reading.files import read_file
from source_opsgenie.reading.paging import read_list
from source_opsgenie.reading.parsing import has_key, parse_rows
from source_opsgenie.reading.parts import Part
from source_opsgenie.streams.fields import Kind
from source_opsgenie.streams.stream import Content, Record, Rows, Stream

NO_IDS: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Listed:
    """The rows of a list; *invalid* ones lack a part of their key, or repeat another row's key with other values."""

    rows: list[Record]
    invalid: tuple[Record, ...] = ()
    path: str = ""

    def set_aside(self, part: Part, *, key: tuple[str, ...]) -> tuple[SetAside, ...]:
        """The invalid rows, as a *part* that is not complete without them."""
        if not self.invalid:
            return ()
        rows = "1 row" if len(self.invalid) == 1 else f"{len(self.invalid):,} rows"
        first = {name: self.invalid[0].get(name) for name in key}
        text = f"GET {self.path} returned {rows} without an own key, the first: {first}"
        return (SetAside(part, Failure.NO_KEY.error(text), self.invalid),)


def fetch_rows(
    client: Client, stream: Stream, ids: Mapping[str, Any] = NO_IDS, *, known: list[Record] | None = None
) -> Listed:
    """Every row of *stream* for the parent with *ids*, with the fields that we add.

    *known* replaces the rows of the stream's own list, if a bulk request has returned them.
    """
    params = expand_params(stream, ids)
    flags = {stream.path: stream.rows.flag} | {merged.path: merged.flag for merged in stream.rows.merged}
    lists: list[tuple[str, Listed]] = []
    for template, flag in flags.items():
        path = expand_path(template, ids)
        is_own = template == stream.path
        rows = known if is_own and known is not None else _read(client, stream, path, params)
        lists.append((flag, _complete(stream, rows, ids, path=path)))
    return _merge(stream, lists) if stream.rows.merged else lists[0][1]


def fetch_bulk(client: Client, stream: Stream) -> dict[Any, list[Record]]:
    """The rows of many parents, by parent id; empty if *stream* has no bulk endpoint, or it fails.

    Then the list of each parent is requested (docs/opsgenie-api.md#on-calls).
    """
    bulk = stream.parent.bulk if stream.parent else None
    if bulk is None:
        return {}
    try:
        response = client.get(bulk.path, expand_params(stream, NO_IDS), domain=stream.domain)
        found = parse_rows(response, replace(stream, rows=Rows()))
    except errors.OpsgenieError:
        return {}
    rows: dict[Any, list[Record]] = {}
    for row in found:
        rows.setdefault(value_at(row, bulk.parent), []).append(row)
    return rows


def _read(client: Client, stream: Stream, path: str, params: Mapping[str, str]) -> list[Record]:
    if stream.rows.content is Content.FILE_LINK:
        return read_file(client, stream, path)
    return read_list(client, stream, path, params)


def _complete(stream: Stream, rows: list[Record], ids: Mapping[str, Any], *, path: str) -> Listed:
    """The *rows* with *ids*, copies and digests."""
    copies = stream.rows.copies.items()
    digests = _digests(stream, rows) if stream.rows.digest_field else None
    rows = [{**ids, **row, **{name: value_at(row, path) for name, path in copies}} for row in rows]
    if digests:
        rows = [{**row, stream.rows.digest_field: digest} for row, digest in zip(rows, digests, strict=True)]
    return _by_key(stream, rows, path=path)


def _by_key(stream: Stream, rows: list[Record], *, path: str) -> Listed:
    """One of the *rows* for each key; a repetition, as of a row that moved to the next page, is left out."""
    texts = {field.name for field in stream.fields if field.kind is Kind.TEXT}.intersection(stream.key)
    found: dict[tuple[Any, ...], Record] = {}
    invalid: list[Record] = []
    for row in rows:
        if has_key(row, stream.key):
            identified = _with_text_key(row, texts)
            first = found.setdefault(tuple(identified[name] for name in stream.key), identified)
            if first is identified or first == identified:
                continue
        invalid.append(row)
    return Listed(list(found.values()), tuple(invalid), path)


def _with_text_key(row: Record, texts: set[str]) -> Record:
    """The *row* with text in the key fields *texts*: the API may send an id as a number."""
    numbers = [name for name in texts if not isinstance(row[name], str)]
    return row | {name: str(row[name]) for name in numbers} if numbers else row


def _digests(stream: Stream, rows: list[Record]) -> Iterator[str]:
    """A digest of each row's declared fields and of the number of equal rows before it."""
    counts: Counter[bytes] = Counter()
    declared = [field.name for field in stream.fields]
    for row in rows:
        content = orjson.dumps({name: row[name] for name in declared if name in row}, option=orjson.OPT_SORT_KEYS)
        counts[content] += 1
        yield blake2b(b"%d %b" % (counts[content], content), digest_size=8).hexdigest()


def _merge(stream: Stream, lists: list[tuple[str, Listed]]) -> Listed:
    """The rows of several lists, one per key, with a flag for each list that holds the row."""
    unflagged = {flag: False for flag, _ in lists if flag}
    merged: dict[tuple[Any, ...], Record] = {}
    for flag, listed in lists:
        for row in listed.rows:
            key = tuple(row[name] for name in stream.key)
            merged[key] = merged.get(key, unflagged) | row | ({flag: True} if flag else {})
    invalid = tuple(row for _, listed in lists for row in listed.invalid)
    return Listed(list(merged.values()), invalid, lists[0][1].path)
