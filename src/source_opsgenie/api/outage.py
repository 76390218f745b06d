"""Whether the API is there at all, and the wait until it is."""

from collections.abc import Callable

from source_opsgenie.api.connection import Connection
from source_opsgenie.api.pacing import Domain
from source_opsgenie.errors import OpsgenieError, Unauthorized, Unreachable, WrongHost

# A laptop that wakes finds its network within a minute; a service is mended within the hour, or not tonight.
LONGEST_OUTAGE_SECONDS = 3600.0
SECONDS_BETWEEN_QUESTIONS = 10.0


def is_fatal(problem: OpsgenieError, connection: Connection) -> bool:
    """Whether nothing else can be read after *problem* either."""
    if isinstance(problem, Unreachable):
        return not _is_there(connection)
    return isinstance(problem, Unauthorized | WrongHost)


def wait_until_reachable(connection: Connection, *, say: Callable[[str], None]) -> bool:
    """Wait until the API is there again, a bounded time; returns whether it is."""
    if _is_there(connection):
        return True
    say(f"Nothing answers: waiting for the network, or for Opsgenie, {LONGEST_OUTAGE_SECONDS / 60:.0f} min at most.")
    until = connection.clock.monotonic() + LONGEST_OUTAGE_SECONDS
    while connection.clock.monotonic() < until:
        connection.clock.sleep(SECONDS_BETWEEN_QUESTIONS)
        if _is_there(connection):
            say("It answers again: going on.")
            return True
    return False


def _is_there(connection: Connection) -> bool:
    """Ask once; whatever it says of the question, somebody is there who answers."""
    try:
        connection.client.get("/v2/request-limits/", domain=Domain.CONFIGURATION, attempts=1)
    except Unreachable:
        return False
    except OpsgenieError:
        return True
    return True
