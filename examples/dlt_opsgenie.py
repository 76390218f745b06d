"""A dlt source of all streams: incremental ones are merged by key, and all others are replaced.

Usage: python dlt_opsgenie.py CONFIG [STREAM...]
It loads into the DuckDB file opsgenie.duckdb; give dlt.pipeline another destination for a warehouse.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Set
from pathlib import Path
from typing import Any

import dlt
from dlt.extract import DltResource

from source_opsgenie import Checkpoint, Row, StreamInfo, connect, list_streams, read

TYPES = {"integer": "bigint", "number": "double", "boolean": "bool", "object": "json", "array": "json"}


@dlt.source(name="opsgenie", max_table_nesting=0)
def opsgenie(account: Any) -> Iterator[DltResource]:
    """One resource for each stream of *account*: a config, or an open connection that all of them share."""
    for stream in list_streams():
        columns = _columns(stream)
        yield dlt.resource(
            _rows,
            name=stream.name,
            primary_key=stream.key if stream.is_incremental else None,
            write_disposition="merge" if stream.is_incremental else "replace",
            columns=columns,
        )(account, stream.name, stream.schema["properties"].keys() - columns.keys())


def _rows(account: Any, stream: str, left_out: Set[str]) -> Iterator[dict[str, Any]]:
    """The rows since the last load; dlt stores the state together with them, or neither."""
    state = dlt.current.resource_state()
    for event in read(account, stream, state={stream: state.get("checkpoint")}):
        match event:
            case Row(_, data):
                yield {name: value for name, value in data.items() if name not in left_out}
            case Checkpoint(_, reached):
                state["checkpoint"] = reached


def _columns(stream: StreamInfo) -> dict[str, Any]:
    """The type of each column; of two rows with a key in one load, the newer one counts.

    Of two fields that would share a column, such as team_id and teamId, the first one is kept.
    """
    normalize = dlt.current.source_schema().naming.normalize_identifier
    fields = stream.schema["properties"]
    first = {normalize(name): name for name in reversed(fields)}
    columns = {name: _column(name, fields[name]) for name in fields if first[normalize(name)] == name}
    if stream.cursor:
        columns[stream.cursor]["dedup_sort"] = "desc"
    return columns


def _column(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    (kind,) = set(schema["type"]) - {"null"}
    text = "timestamp" if schema.get("format") == "date-time" else "text"
    return {"name": name, "data_type": TYPES.get(kind, text), "nullable": True}


def main(config: str, *streams: str) -> None:
    """Load *streams*, or all; the same command loads what changed."""
    pipeline = dlt.pipeline("opsgenie", destination="duckdb", dataset_name="opsgenie_data")
    with connect(json.loads(Path(config).read_text())) as account:
        source = opsgenie(account)
        print(pipeline.run(source.with_resources(*streams) if streams else source))


if __name__ == "__main__":
    main(*sys.argv[1:])
