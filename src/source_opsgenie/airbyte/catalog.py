"""The message of `discover`, without the CDK, like that of `spec`: PyAirbyte runs both for each new source."""

from typing import Any

from source_opsgenie.streams import STREAMS, Stream, is_incremental


def catalog_message() -> dict[str, Any]:
    """All streams with their fields and primary keys, as Airbyte's protocol writes them."""
    return {"type": "CATALOG", "catalog": {"streams": [_describe(stream) for stream in STREAMS.values()]}}


def _describe(stream: Stream) -> dict[str, Any]:
    """A row of the stream table, as a stream of a catalog."""
    incremental = is_incremental(stream)
    return {
        "name": stream.name,
        "json_schema": stream.schema(),
        "supported_sync_modes": ["full_refresh", "incremental"] if incremental else ["full_refresh"],
        **({"source_defined_cursor": True} if incremental else {}),
        **({"default_cursor_field": [stream.cursor]} if stream.cursor else {}),
        "source_defined_primary_key": [[name] for name in stream.key],
        "is_resumable": incremental,
    }
