"""What a key can read: one question for each group of rights, before anything is read."""

from dataclasses import dataclass

from source_opsgenie.api.client import Client
from source_opsgenie.api.connection import Connection
from source_opsgenie.errors import Forbidden, NotFound, NotInPlan, OpsgenieError, Rejected
from source_opsgenie.reading.details import expand_path
from source_opsgenie.reading.markers import format_marker
from source_opsgenie.streams import STREAMS, Access, Stream


@dataclass(frozen=True, slots=True)
class Permissions:
    """The streams that a key can read, and for each group that it cannot, what the API said."""

    readable: list[str]
    closed: dict[Access, OpsgenieError]

    def streams_in(self, access: Access) -> list[str]:
        """The streams of one group, in the order of the table."""
        return [stream.name for stream in STREAMS.values() if stream.access is access]


def check_permissions(connection: Connection) -> Permissions:
    """Ask once for each group of rights; raises Unauthorized, WrongHost or Unreachable where nothing can be read."""
    asked = {access: _refusal(connection.client, _first(access)) for access in Access}
    closed = {access: refusal for access, refusal in asked.items() if refusal}
    readable = [stream.name for stream in STREAMS.values() if stream.access not in closed]
    return Permissions(readable, closed)


def _first(access: Access) -> Stream:
    """The first stream of a group that can be asked for by itself."""
    return next(stream for stream in STREAMS.values() if stream.access is access and not stream.parent)


def _refusal(client: Client, stream: Stream) -> OpsgenieError | None:
    try:
        client.get(
            expand_path(stream.path, {"marker": format_marker(client.date_ms or 0)}),
            {"limit": "1"},
            domain=stream.domain,
        )
    except (Forbidden, NotInPlan, NotFound, Rejected) as refusal:
        return refusal
    return None
