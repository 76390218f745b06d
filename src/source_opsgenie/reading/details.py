"""Fetch a single row, and expand paths and parameters with the ids of a row."""

from collections.abc import Mapping
from string import Formatter
from typing import Any
from urllib.parse import quote

from source_opsgenie.api.client import Client
from source_opsgenie.api.failures import Failure
from source_opsgenie.errors import NotFound
from source_opsgenie.streams.stream import Record, Stream


def expand_path(template: str, ids: Mapping[str, Any]) -> str:
    """The path *template* with *ids* in place of the names in braces, each quoted as one step of the path."""
    return template.format_map({name: quote(str(value), safe="") for name, value in ids.items()})


def expand_params(stream: Stream, ids: Mapping[str, Any]) -> dict[str, str]:
    """The query parameters of *stream*, without those whose id is null in *ids*."""
    return {
        name: template.format_map(ids)
        for name, template in stream.params.items()
        if all(ids[id_name] is not None for id_name in _names_in(template))
    }


def row_path(stream: Stream, row: Mapping[str, Any]) -> str:
    """The path of a *row* of *stream*."""
    return expand_path(stream.detail.path or f"{stream.path}/{{{stream.key[-1]}}}", row)


def get_row(client: Client, stream: Stream, row: Mapping[str, Any]) -> Record:
    """The *row* of *stream* as its own endpoint returns it; raises NotFound if it does not exist."""
    params = {name: value for name, value in expand_params(stream, row).items() if _names_in(stream.params[name])}
    response = client.get(row_path(stream, row), params, domain=stream.detail.domain or stream.domain)
    if not isinstance(response.data, dict):
        raise response.error(Failure.NO_ROWS, "did not return a row")
    return response.data


def exists(client: Client, stream: Stream, row: Mapping[str, Any]) -> bool:
    """Whether the endpoint of *row* still returns it; only the key and the ids of parents are used."""
    try:
        get_row(client, stream, row)
    except NotFound:
        return False
    return True


def _names_in(template: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(template) if name]
