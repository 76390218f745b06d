"""Every kind of bad answer, over a socket: what it becomes, and whether it is asked for again."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.support.faulty import HASTY, URLLIB3_FAILURES, connected
from tests.support.leaks import heard

from opsgenie_simulator import Account, Simulator
from opsgenie_simulator.faults import FAULTS
from source_opsgenie.api.client import ATTEMPTS, FIRST_ATTEMPTS, REFUSALS
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import MAY_PASS, Failure
from source_opsgenie.api.outage import LONGEST_OUTAGE_SECONDS, SECONDS_BETWEEN_QUESTIONS
from source_opsgenie.api.retry import LONGEST_BACK_OFF, PATIENCE_SECONDS
from source_opsgenie.api.transport import Bounds
from source_opsgenie.errors import (
    Forbidden,
    Incomplete,
    MalformedResponse,
    NotFound,
    NotInPlan,
    OpsgenieError,
    Rejected,
    Unauthorized,
    Unreachable,
    WrongHost,
)
from source_opsgenie.reading.lists import read_list
from source_opsgenie.reading.search import Search
from source_opsgenie.streams import STREAMS

# These are about more than one answer; the matrix has them.
IN_READS = {"previous page", "endless next", "negative count", "count as text", "huge count"}
# Nothing to do with what the API answers: see the tests of the transport and of the route.
NO_ANSWER = {Failure.NO_NAME, Failure.NO_CONNECTION, Failure.PROXY, Failure.UNTRUSTED, Failure.TLS}
ROUTE = "/v2/users"
PASS = [fault for fault, failure in URLLIB3_FAILURES.items() if not failure or failure.again != "no"]


@pytest.fixture
def account() -> Account:
    """Almost nobody: each case asks for one page."""
    return Account.seeded(alerts=3, incidents=1, users=3, teams=1, services=1, integrations=1)


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> str:
    """The fault that a test is about, if it is about one."""
    return str(getattr(request, "param", ""))


@pytest.fixture
def connection(simulator: Simulator, fault: str) -> Iterator[Connection]:
    """A connection that the API has answered once; what is large takes its time."""
    with connected(simulator, bounds=replace(HASTY, silence=9.0, answer=9.0) if "large" in fault else HASTY) as found:
        yield found


def read(connection: Connection) -> list[str]:
    """The names of all users."""
    return [row["username"] for row in read_list(connection.client, STREAMS["users"], ROUTE)]


def test_who_must_act() -> None:
    """What is decided of each failure, read once more: a decision that was changed by mistake would pass elsewhere."""
    decided = {
        Unreachable: "NO_NAME NO_CONNECTION PROXY TLS RESET TIMEOUT TRUNCATED TOO_SLOW UNDECODABLE THROTTLED "
        "OVERLOADED INVALID_JSON",
        WrongHost: "UNTRUSTED REDIRECT HTML_PAGE",
        MalformedResponse: "TOO_LARGE NOT_AN_OBJECT NO_DATA NO_ROWS NO_KEY NO_COUNT WRONG_ROWS NO_LINES NO_DATE "
        "NO_LINK NO_NEXT",
        Unauthorized: "UNAUTHORIZED KEY_MALFORMED",
        NotInPlan: "NOT_IN_PLAN",
        Forbidden: "FORBIDDEN",
        NotFound: "NOT_FOUND",
        Rejected: "REJECTED",
        Incomplete: "WRONG_COUNT UNSTABLE_LIST TOO_MANY_ROWS",
    }

    assert {name: error for error, names in decided.items() for name in names.split()} == {
        failure.name: failure.kind for failure in Failure
    }
    assert {error for error in decided if error in MAY_PASS} == {Unreachable, WrongHost}
    assert ["THROTTLED"] == [failure.name for failure in Failure if failure.again == "when it may be"]


def test_the_bounds_are_those_that_we_promise() -> None:
    """A service that is down is given up within minutes, and a slow one is not given up within a minute."""
    assert (8, 4, 30) == (ATTEMPTS, FIRST_ATTEMPTS, REFUSALS)
    assert (300.0, 20.0) == (PATIENCE_SECONDS, LONGEST_BACK_OFF)
    assert (3600.0, 10.0) == (LONGEST_OUTAGE_SECONDS, SECONDS_BETWEEN_QUESTIONS)
    assert Bounds(connect=10.0, silence=60.0, answer=180.0, tick=2.0, size=64 * 2**20) == Bounds()


def test_every_fault_is_known_here() -> None:
    """No fault of the simulator is left out."""
    assert set(FAULTS) == URLLIB3_FAILURES.keys() | IN_READS


@pytest.mark.parametrize("fault", [fault for fault, failure in URLLIB3_FAILURES.items() if failure], indirect=True)
def test_what_a_fault_becomes(fault: str, connection: Connection, simulator: Simulator) -> None:
    """For ever, each fault ends in the error of its row, with the request's path and the remedy, tried as it says."""
    failure = URLLIB3_FAILURES[fault]
    assert failure
    simulator.clear_requests()
    simulator.faults.script(fault, route=ROUTE, times=None)
    with pytest.raises(OpsgenieError) as caught:
        read(connection)
    tries = {"no": 1, "when it may be": REFUSALS}.get(failure.again, ATTEMPTS)

    assert caught.type in {failure.kind, Unreachable if failure.kind is WrongHost else failure.kind}
    assert ROUTE in heard(str(caught.value))
    assert failure.remedy.removesuffix(".") in str(caught.value) or "report it" in str(caught.value)
    assert len(simulator.requests) == tries


@pytest.mark.parametrize(
    "fault", [fault for fault, failure in URLLIB3_FAILURES.items() if not failure or failure.again != "no"]
)
def test_what_may_pass_passes(fault: str, connection: Connection, simulator: Simulator, account: Account) -> None:
    """Once, a fault that may pass costs another request at most, and no row."""
    simulator.faults.script(fault, route=ROUTE)

    assert sorted(user["username"] for user in account.users.values()) == sorted(read(connection))


@pytest.mark.parametrize("fault", ["HTML as 200", "redirect", "status 503", "truncated JSON"])
def test_a_host_that_never_answered_as_the_api_does(fault: str, simulator: Simulator) -> None:
    """What is no API, or is in failure, from the first answer on is told after a few tries."""
    simulator.faults.script(fault, route="/v2/account", times=None)
    failure = URLLIB3_FAILURES[fault]
    assert failure
    with pytest.raises(failure.kind), connected(simulator):
        pass

    assert len(simulator.requests) == FIRST_ATTEMPTS


@pytest.mark.parametrize("fault", ["negative count", "count as text"])
def test_an_impossible_count_is_told(fault: str, connection: Connection, simulator: Simulator) -> None:
    """A count that cannot be one is never taken for none."""
    simulator.faults.script(fault, route="/v2/alerts/count")
    with pytest.raises(Failure.NO_COUNT.kind, match=r"/v2/alerts/count .*report it"):
        Search(connection.client, STREAMS["alerts"]).count()


def test_a_list_that_goes_round_in_a_circle_is_told(connection: Connection, simulator: Simulator) -> None:
    """A `next` that always names a new address, and the same page behind it, is an error after two or three of them."""
    simulator.faults.script("endless next", route="/v2/alerts/{identifier}/logs", times=None)
    alert_id = next(iter(simulator.account.alerts))
    simulator.clear_requests()
    with pytest.raises(Failure.NO_NEXT.kind, match="leads back to a page that was read before"):
        read_list(connection.client, STREAMS["alert_logs"], f"/v2/alerts/{alert_id}/logs")

    assert len(simulator.requests) <= 3


def test_the_message_names_the_request(connection: Connection, simulator: Simulator) -> None:
    """A body that breaks off is told with the id that the API gave the request; it stood in the headers."""
    simulator.faults.script("short body", route=ROUTE, times=None)
    with pytest.raises(Unreachable, match=rf"{Failure.TRUNCATED.what} .*request [0-9a-f-]{{36}}\)"):
        read(connection)
