"""Find out whether the API is reachable, and wait until it is."""

from collections.abc import Callable

from source_opsgenie import errors
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.pacing import Domain

# A laptop that wakes finds its network within a minute; a service is repaired within the hour, or not tonight.
LONGEST_OUTAGE_SECONDS = 3600.0
SECONDS_BETWEEN_PROBES = 10.0


def is_fatal(error: errors.OpsgenieError, connection: Connection) -> bool:
    """Whether no other stream can be read after *error* either."""
    if isinstance(error, errors.Unreachable):
        return not _is_reachable(connection)
    return isinstance(error, errors.Unauthorized | errors.WrongHost)


def wait_until_reachable(connection: Connection, *, say: Callable[[str], None]) -> bool:
    """Wait for the API for up to an hour, and *say* so; returns whether it is reachable."""
    if _is_reachable(connection):
        return True
    say(f"Cannot reach Opsgenie. Retrying for up to {LONGEST_OUTAGE_SECONDS / 60:.0f} min.")
    deadline = connection.clock.monotonic() + LONGEST_OUTAGE_SECONDS
    while connection.clock.monotonic() < deadline:
        connection.clock.sleep(SECONDS_BETWEEN_PROBES)
        if _is_reachable(connection):
            say("Opsgenie is reachable again. Resuming.")
            return True
    return False


def _is_reachable(connection: Connection) -> bool:
    """Send one request; any response shows that the API is there, an error too."""
    try:
        connection.client.get("/v2/request-limits/", domain=Domain.CONFIGURATION, attempts=1)
    except errors.Unreachable:
        return False
    except errors.OpsgenieError:
        return True
    return True
