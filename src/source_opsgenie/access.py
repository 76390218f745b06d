"""What a key can read: one question for each group of rights, before anything is read."""

from dataclasses import dataclass

from source_opsgenie.client import Client
from source_opsgenie.connection import Connection
from source_opsgenie.errors import Gone, NotGranted, NotInPlan, OpsgenieError, Refused
from source_opsgenie.markers import marker
from source_opsgenie.singles import address
from source_opsgenie.streams import STREAMS, Access, Stream


@dataclass(frozen=True, slots=True)
class Reach:
    """The streams that a key can read, and for each group that it cannot, what the API said."""

    readable: list[str]
    closed: dict[Access, OpsgenieError]

    def streams_in(self, access: Access) -> list[str]:
        """The streams of one group, in the order of the table."""
        return [stream.name for stream in STREAMS.values() if stream.access is access]


def reach(connection: Connection) -> Reach:
    """Ask once for each group of rights; raises KeyRefused, WrongHost or Unreachable where nothing can be read."""
    asked = {access: _refusal(connection.client, _first(access)) for access in Access}
    closed = {access: refusal for access, refusal in asked.items() if refusal}
    readable = [stream.name for stream in STREAMS.values() if stream.access not in closed]
    return Reach(readable, closed)


def _first(access: Access) -> Stream:
    """The first stream of a group that can be asked for by itself."""
    return next(stream for stream in STREAMS.values() if stream.access is access and not stream.parent)


def _refusal(client: Client, stream: Stream) -> OpsgenieError | None:
    try:
        client.get(address(stream.path, {"marker": marker(client.date_ms or 0)}), {"limit": "1"}, domain=stream.domain)
    except (NotGranted, NotInPlan, Gone, Refused) as refusal:
        return refusal
    return None
