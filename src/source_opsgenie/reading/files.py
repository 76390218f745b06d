"""Read a file of JSON lines behind a link (docs/opsgenie-api.md#log-files)."""

import orjson

from source_opsgenie import errors
from source_opsgenie.api.client import Client
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.responses import OK, parse_json
from source_opsgenie.streams.stream import Record, Stream

# A link expires after five minutes: then another one is requested.
LINKS = 3


def read_file(client: Client, stream: Stream, path: str) -> list[Record]:
    """The rows of the file that *path* links to, each with its `line_number`."""
    error: errors.OpsgenieError | None = None
    for _ in range(LINKS):
        response = client.download(client.get_link(path, domain=stream.domain))
        if response.status != OK:
            error = errors.Unreachable(
                f"GET {path} returned a link to a file, which returned status {response.status}. Run again later."
            )
            continue
        try:
            lines = enumerate(response.body.splitlines(), 1)
            return [_parse_line(line, number, path=path) for number, line in lines if line]
        except errors.MalformedResponse as malformed:
            error = malformed
    assert error
    raise error


def _parse_line(line: bytes, number: int, *, path: str) -> Record:
    try:
        row = parse_json(line)
    except orjson.JSONDecodeError as error:
        raise Failure.NO_LINES.error(f"GET {path} leads to a file whose line {number} is not JSON") from error
    if not isinstance(row, dict):
        raise Failure.NO_LINES.error(f"GET {path} leads to a file whose line {number} is not a JSON object")
    return {**row, "line_number": number}
