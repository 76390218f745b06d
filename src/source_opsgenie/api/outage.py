"""Distinguish errors that affect everything from those of a single request, and wait out an outage."""

from collections.abc import Callable

from source_opsgenie import errors
from source_opsgenie.api.client import Client
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import SUSPICIOUS

# A laptop that wakes finds its network within a minute; a service is repaired within the hour, or not tonight.
LONGEST_OUTAGE_SECONDS = 3600.0
SECONDS_BETWEEN_PROBES = 10.0
# A request that worked before may fail once by chance.
PROBE_ATTEMPTS = 3


def is_fatal(error: errors.OpsgenieError, client: Client) -> bool:
    """Whether nothing else can be read after *error* either: a request that worked before now fails too."""
    if not isinstance(error, SUSPICIOUS):
        return False
    return isinstance(client.repeat_good_request(attempts=PROBE_ATTEMPTS), SUSPICIOUS)


def raise_if_it_affects_all(error: errors.OpsgenieError, client: Client) -> None:
    """Raise *error*, which ended one request, if the rest of its stream cannot be read either."""
    if isinstance(error, errors.NotInPlan) or is_fatal(error, client):
        raise error


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
    """Whether a request that worked before gets a response, if only an error."""
    return not isinstance(connection.client.repeat_good_request(attempts=1), errors.Unreachable)
