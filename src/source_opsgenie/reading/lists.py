"""Whole lists, in the ways in which Opsgenie pages them, and the rows that a stream makes of them."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from source_opsgenie.api.client import Client
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.responses import OK, Response, parse_json, value_at
from source_opsgenie.errors import MalformedResponse, NotFound, OpsgenieError, Rejected, Unreachable
from source_opsgenie.reading.details import expand_params, expand_path
from source_opsgenie.reading.paging import (
    PAGE,
    Fetch,
    Page,
    parse_next,
    parse_rows,
    parse_total,
    read_by_offset,
    require_key,
)
from source_opsgenie.streams.fields import Kind
from source_opsgenie.streams.stream import Content, Paging, Record, Stream

# A link lives five minutes: one that has died is asked for anew (docs/opsgenie-api.md#log-files).
LINKS = 3
NO_IDS: Mapping[str, Any] = {}


def fetch_rows(
    client: Client, stream: Stream, ids: Mapping[str, Any] = NO_IDS, *, known: list[Record] | None = None
) -> list[Record]:
    """Every row of *stream* that hangs on the parent with *ids*: with these ids, what *stream* adds, and a key.

    *known* is what the stream's own list holds, where another request has told it already.
    """
    params = expand_params(stream, ids)
    found = []
    for path, mark in ((stream.path, stream.mark), *((part.path, part.mark) for part in stream.also)):
        named = expand_path(path, ids)
        is_own = path == stream.path
        rows = known if is_own and known is not None else read_list(client, stream, named, params)
        found.append((mark, _made_of(stream, rows, ids, asked=f"GET {named}")))
    return _together(stream, found) if stream.also else found[0][1]


def fetch_bulk(client: Client, stream: Stream) -> dict[Any, list[Record]]:
    """The rows of all parents by the parent's id, where one request gives them; empty where it does not.

    See docs/opsgenie-api.md#on-calls.
    """
    if stream.at_once is None:
        return {}
    try:
        answer = client.get(stream.at_once.path, expand_params(stream, NO_IDS), domain=stream.domain)
    except (NotFound, Rejected):
        return {}
    rows: dict[Any, list[Record]] = {}
    for row in parse_rows(answer, replace(stream, holds=Content.ROWS)):
        rows.setdefault(value_at(row, stream.at_once.parent), []).append(row)
    return rows


def read_list(client: Client, stream: Stream, path: str, params: Mapping[str, str] = NO_IDS) -> list[Record]:
    """Every row of the list at *path*, in the way in which *stream* is paged."""
    if stream.holds is Content.LINK:
        return _lines(client, stream, path)
    match stream.paging:
        case Paging.OFFSET:
            return read_by_offset(_pages_of(client, stream, path), asked=path)
        case Paging.POSITION:
            return _by_position(client, stream, path)
        case Paging.WHOLE:
            return [row for page in _followed(client, stream, path, params) for row in page]
    first = {**params, "limit": str(stream.limit), "order": "asc"}
    return [row for page in _followed(client, stream, path, first) for row in page]


def _made_of(stream: Stream, rows: list[Record], ids: Mapping[str, Any], *, asked: str) -> list[Record]:
    """The *rows* of *asked*, each with *ids* and what *stream* adds; raises MalformedResponse for a missing key."""
    names = _digests(stream, rows) if stream.numbered else None
    made = [{**ids, **row, **{name: value_at(row, where) for name, where in stream.adds.items()}} for row in rows]
    if names:
        made = [{**row, stream.numbered: name} for row, name in zip(made, names, strict=True)]
    texts = {one.name for one in stream.fields if one.kind is Kind.TEXT}.intersection(stream.key)
    return [_keyed(row, texts) for row in require_key(made, stream.key, asked=asked)]


def _keyed(row: Record, texts: set[str]) -> Record:
    """The *row* with its key as text where it should be one of *texts*: an id may come as a number."""
    numbers = [name for name in texts if not isinstance(row[name], str)]
    return row | {name: str(row[name]) for name in numbers} if numbers else row


def _digests(stream: Stream, rows: list[Record]) -> Iterator[str]:
    """A name for each of *rows*: a digest of its fields, and of how many equal rows stand before it."""
    before: Counter[bytes] = Counter()
    known = [one.name for one in stream.fields]
    for row in rows:
        said = orjson.dumps({name: row[name] for name in known if name in row}, option=orjson.OPT_SORT_KEYS)
        before[said] += 1
        yield blake2b(b"%d %b" % (before[said], said), digest_size=8).hexdigest()


def _together(stream: Stream, found: list[tuple[str, list[Record]]]) -> list[Record]:
    """The rows of several lists, one for each key; a mark is true where the row stood in that list."""
    unmarked = {mark: False for mark, _ in found if mark}
    together: dict[tuple[Any, ...], Record] = {}
    for mark, rows in found:
        for row in rows:
            key = tuple(row[name] for name in stream.key)
            together[key] = together.get(key, unmarked) | row | ({mark: True} if mark else {})
    return list(together.values())


def _followed(client: Client, stream: Stream, path: str, params: Mapping[str, str]) -> Iterator[list[Record]]:
    """Each page of a list that tells what to ask for next, to its end."""
    asked: list[Mapping[str, str]] = []
    pages: list[list[Record]] = []
    following: Mapping[str, str] | None = params
    while following is not None:
        if following in asked:
            raise Failure.NO_NEXT.error(f"GET {path} leads back to a page that was read before")
        asked.append(following)
        answer = client.get(path, following, domain=stream.domain)
        page = parse_rows(answer, stream)
        # Links that are always new may still lead round in a circle.
        if page and page in pages:
            raise Failure.NO_NEXT.error(f"{answer.asked} leads back to a page that was read before")
        pages.append(page)
        yield page
        following = _following(answer, stream, params) if page else None


def _following(answer: Response, stream: Stream, params: Mapping[str, str]) -> Mapping[str, str] | None:
    """What the next page is asked with, or None where there is none."""
    if stream.paging is not Paging.KEY:
        return _next_params(answer)
    key = value_at(answer.body, ("data", stream.next_key))
    if key is not None and not isinstance(key, str | int):
        raise Failure.NO_NEXT.error(f"{answer.asked} was answered with a `{stream.next_key}` that is no key")
    return {**params, "offset": str(key)} if key not in (None, "") else None


def _next_params(answer: Response) -> dict[str, str] | None:
    """What `paging.next` asks for: of that address only the query is used, so that the key stays on its host."""
    link = parse_next(answer)
    params = dict(parse_qsl(urlsplit(link).query)) if link else {}
    if link and not params:
        raise Failure.NO_NEXT.error(f"{answer.asked} was answered with a `next` that asks for nothing")
    return params or None


def _by_position(client: Client, stream: Stream, path: str) -> list[Record]:
    """Every row of a list whose offset counts rows, from 0 or from 1; each page must meet the one before it.

    See docs/opsgenie-api.md#alerts-of-an-incident.
    """
    rows: dict[Any, Record] = {}
    first: Mapping[str, str] = {"limit": str(stream.limit), "order": "asc"}
    params, is_counted = first, False
    while True:
        answer = client.get(path, params, domain=stream.domain)
        page = {row[stream.key[-1]]: row for row in parse_rows(answer, stream)}
        if is_counted and not page.keys() & rows.keys():
            raise Failure.WRONG_ROWS.error(f"{answer.asked} does not go on where the page before it ended")
        has_new, following = bool(page.keys() - rows.keys()), _next_params(answer)
        rows |= page
        if not page or (following is None and len(page) < stream.limit):
            return list(rows.values())
        if not has_new:
            raise Failure.NO_NEXT.error(f"{answer.asked} leads back to a page that was read before")
        is_counted = following is None
        # The last row but one, or the last: whichever number the first row has, no row is left out.
        params = following or {**first, "offset": str(len(rows) - 1)}


def _pages_of(client: Client, stream: Stream, path: str) -> Fetch:
    def fetch(offset: int, order: str) -> Page:
        params = {"limit": str(PAGE), "offset": str(offset), "sort": stream.sort, "order": order}
        answer = client.get(path, params, domain=stream.domain)
        rows = require_key(parse_rows(answer, stream), ("id",), asked=answer.asked)
        return Page(rows, parse_total(answer), parse_next(answer) is not None)

    return fetch


def _lines(client: Client, stream: Stream, path: str) -> list[Record]:
    """The rows of a file of JSON lines to which the API gives a link, each with its number in the file."""
    problem: OpsgenieError | None = None
    for _ in range(LINKS):
        response = client.download(client.get_link(path, domain=stream.domain))
        if response.status != OK:
            problem = Unreachable(
                f"GET {path} gives links to a file that is answered {response.status}: run again later."
            )
            continue
        try:
            return [_line(path, number, line) for number, line in enumerate(response.body.splitlines(), 1) if line]
        except MalformedResponse as broken:
            problem = broken
    assert problem
    raise problem


def _line(path: str, number: int, line: bytes) -> Record:
    try:
        row = parse_json(line)
    except orjson.JSONDecodeError as problem:
        raise Failure.NO_LINES.error(f"GET {path} leads to a file whose line {number} is no JSON") from problem
    if not isinstance(row, dict):
        raise Failure.NO_LINES.error(f"GET {path} leads to a file whose line {number} is no JSON object")
    return {**row, "line_number": number}
