"""One row asked for by itself, and the paths and parameters that are made of a row's ids."""

from collections.abc import Mapping
from string import Formatter
from typing import Any
from urllib.parse import quote

from source_opsgenie.api.client import Client
from source_opsgenie.api.failures import Failure
from source_opsgenie.errors import NotFound
from source_opsgenie.streams.stream import Record, Stream


def expand_path(template: str, named: Mapping[str, Any]) -> str:
    """The path *template* with the ids that it names in braces, none of which can be read as a path of its own."""
    return template.format_map({name: quote(str(value), safe="") for name, value in named.items()})


def expand_params(stream: Stream, ids: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of *stream*, without those whose id is missing from *ids*."""
    return {
        name: template.format_map(ids)
        for name, template in stream.params.items()
        if all(ids[one] is not None for one in _named(template))
    }


def get_row(client: Client, stream: Stream, row: Mapping[str, Any]) -> Record:
    """The *row* of *stream* as the API sends it by itself; raises NotFound if it does not exist any more."""
    params = {name: value for name, value in expand_params(stream, row).items() if _named(stream.params[name])}
    path = expand_path(stream.detail.path or f"{stream.path}/{{{stream.key[-1]}}}", row)
    answer = client.get(path, params, domain=stream.detail.domain or stream.domain)
    if not isinstance(answer.data, dict):
        raise Failure.NO_ROWS.error(f"{answer.asked} was answered with something that is no row")
    return answer.data


def exists(client: Client, stream: Stream, row: Mapping[str, Any]) -> bool:
    """Whether *row* is still there when it is asked for by itself; its key and its parents' ids are enough of it."""
    try:
        get_row(client, stream, row)
    except NotFound:
        return False
    return True


def _named(template: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(template) if name]
