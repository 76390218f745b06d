"""Responses that a test writes itself, byte by byte, in an otherwise ordinary account."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from opsgenie_simulator import Call, Response
from opsgenie_simulator.middleware import Respond


@dataclass(frozen=True)
class Scripted:
    """Middleware that responds to some paths with the given rows, in JSON."""

    rows: Mapping[str, str]

    def __call__(self, call: Call, respond: Respond) -> Response:
        """Respond with the rows of this path, or as usual."""
        found = respond(call)
        if call.path not in self.rows:
            return found
        return replace(found, status=200, body=f'{{"data":{self.rows[call.path]},"requestId":"r"}}'.encode())
