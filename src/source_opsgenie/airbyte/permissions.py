"""What an API key can read: one request per group of permissions, before anything is read."""

from dataclasses import dataclass

from source_opsgenie import errors
from source_opsgenie.api.client import Client
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.pacing import Domain
from source_opsgenie.api.responses import value_at
from source_opsgenie.config import nearest
from source_opsgenie.reading.details import expand_path
from source_opsgenie.reading.markers import format_marker
from source_opsgenie.reading.query import user_query
from source_opsgenie.reading.search import Search
from source_opsgenie.streams import STREAMS, Access, Stream


@dataclass(frozen=True, slots=True)
class Permissions:
    """The streams that a key can read, and the error for each group that it cannot read."""

    readable: list[str]
    denied: dict[Access, errors.OpsgenieError]

    def streams_in(self, access: Access) -> list[str]:
        """The streams of one group, in the order of the table."""
        return [stream.name for stream in STREAMS.values() if stream.access is access]


def check_permissions(connection: Connection) -> Permissions:
    """Send one request per group; raises Unauthorized, WrongHost or Unreachable if nothing can be read."""
    responses = {access: _request_group(connection.client, _first_root(access)) for access in Access}
    denied = {access: error for access, error in responses.items() if error}
    readable = [stream.name for stream in STREAMS.values() if stream.access not in denied]
    return Permissions(readable, denied)


def count_filtered(connection: Connection) -> int | None:
    """How many alerts match the config's query and filters; None without any.

    Raises ConfigError for a query that Opsgenie rejects, and for a team that does not exist.
    """
    alerts = STREAMS["alerts"]
    query = user_query(connection.config, alerts)
    if not query:
        return None
    _reject_unknown_teams(connection)
    try:
        return Search(connection.client, alerts, query).count()
    except errors.Rejected as error:
        raise errors.ConfigError(f"Opsgenie rejects the alert_query and filters of the config: {error}") from error


def _reject_unknown_teams(connection: Connection) -> None:
    """Raise ConfigError for a team that Opsgenie does not list: its alerts would be an empty read."""
    wanted = connection.config.alert_teams
    try:
        body = connection.client.get("/v2/teams", domain=Domain.CONFIGURATION).body if wanted else {}
    except (errors.Forbidden, errors.NotInPlan, errors.NotFound, errors.Rejected):
        return
    listed = value_at(body, ("data",))
    names = [str(team.get("name")) for team in listed if isinstance(team, dict)] if isinstance(listed, list) else []
    for name in (name for name in wanted if name not in names):
        hint = nearest(name, names) or "Write the name as Opsgenie shows it."
        raise errors.ConfigError(f"alert_teams contains {name!r}, which is not a team that this key can see. {hint}")


def _first_root(access: Access) -> Stream:
    """The first stream of a group that needs no parent."""
    return next(stream for stream in STREAMS.values() if stream.access is access and not stream.parent)


def _request_group(client: Client, stream: Stream) -> errors.OpsgenieError | None:
    """Request one row of *stream*; returns the error if access is denied."""
    path = expand_path(stream.path, {"marker": format_marker(client.date_ms or 0)})
    try:
        client.get(path, {"limit": "1"}, domain=stream.domain)
    except (errors.Forbidden, errors.NotInPlan, errors.NotFound, errors.Rejected) as error:
        return error
    return None
