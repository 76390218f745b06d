"""Every kind of bad response, over a socket: the error that it becomes, and whether it is retried."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.support.faulty import EXPECTED_FAILURES, SHORT_BOUNDS, connected
from tests.support.leaks import record_output

from opsgenie_simulator import Account, Simulator
from opsgenie_simulator.faults import FAULTS
from source_opsgenie import errors
from source_opsgenie.api.client import ATTEMPTS, FIRST_ATTEMPTS, THROTTLED_ATTEMPTS
from source_opsgenie.api.connection import Connection
from source_opsgenie.api.failures import TRANSIENT, Failure
from source_opsgenie.api.outage import LONGEST_OUTAGE_SECONDS, SECONDS_BETWEEN_PROBES
from source_opsgenie.api.retry import LONGEST_BACK_OFF_SECONDS, LONGEST_RETRY_SECONDS
from source_opsgenie.api.transport import Bounds
from source_opsgenie.reading.lists import fetch_rows
from source_opsgenie.reading.paging import read_list
from source_opsgenie.reading.parts import Part
from source_opsgenie.reading.search import Search
from source_opsgenie.streams import STREAMS

# These affect more than one response; the matrix has them.
IN_READS = {"previous page", "endless next", "negative count", "count as text", "huge count"}
ROUTE = "/v2/users"
FAILING = {fault: failure for fault, failure in EXPECTED_FAILURES.items() if failure}


@pytest.fixture
def account() -> Account:
    """A tiny account: each case requests one page."""
    return Account.seeded(alerts=3, incidents=1, users=3, teams=1, services=1, integrations=1)


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> str:
    """The fault that a test is about, or an empty string."""
    return str(getattr(request, "param", ""))


@pytest.fixture
def connection(simulator: Simulator, fault: str) -> Iterator[Connection]:
    """A connection to an API that has responded once; a large response gets more time."""
    bounds = replace(SHORT_BOUNDS, silence=9.0, response=9.0) if "large" in fault else SHORT_BOUNDS
    with connected(simulator, bounds=bounds) as connection:
        yield connection


def read(connection: Connection) -> list[str]:
    """The names of all users."""
    listed = fetch_rows(connection.client, STREAMS["users"])
    for invalid in listed.set_aside(Part("users"), key=("id",)):
        raise invalid.error
    return [row["username"] for row in listed.rows]


def test_the_error_of_each_failure() -> None:
    """The table repeated, since a row that was changed by mistake would pass elsewhere."""
    expected = {
        errors.Unreachable: "NO_NAME NO_CONNECTION PROXY TLS RESET TIMEOUT TRUNCATED TOO_SLOW UNDECODABLE THROTTLED "
        "INTERMEDIARY OVERLOADED INVALID_JSON",
        errors.WrongHost: "UNTRUSTED REDIRECT HTML_PAGE",
        errors.MalformedResponse: "TOO_LARGE NOT_AN_OBJECT NO_DATA NO_ROWS NO_KEY NO_COUNT WRONG_ROWS NO_LINES NO_DATE "
        "NO_LINK NO_NEXT",
        errors.Unauthorized: "UNAUTHORIZED KEY_MALFORMED",
        errors.NotInPlan: "NOT_IN_PLAN",
        errors.Forbidden: "FORBIDDEN WRONG_KEY_TYPE",
        errors.NotFound: "NOT_FOUND",
        errors.Rejected: "REJECTED",
        errors.Incomplete: "WRONG_COUNT UNSTABLE_LIST TOO_MANY_ROWS",
    }

    assert {name: error for error, names in expected.items() for name in names.split()} == {
        failure.name: failure.kind for failure in Failure
    }
    assert {error for error in expected if error in TRANSIENT} == {errors.Unreachable, errors.WrongHost}
    assert ["THROTTLED"] == [failure.name for failure in Failure if failure.retried not in {"yes", "no"}]


def test_the_documented_bounds() -> None:
    """A service that is down is given up within minutes, and a slow one is not given up within a minute."""
    assert (8, 4, 30) == (ATTEMPTS, FIRST_ATTEMPTS, THROTTLED_ATTEMPTS)
    assert (300.0, 20.0) == (LONGEST_RETRY_SECONDS, LONGEST_BACK_OFF_SECONDS)
    assert (3600.0, 10.0) == (LONGEST_OUTAGE_SECONDS, SECONDS_BETWEEN_PROBES)
    assert Bounds(connect=10.0, silence=60.0, response=180.0, interval=2.0, size=64 * 2**20) == Bounds()


def test_every_fault_is_tested() -> None:
    """No fault of the simulator is left out."""
    assert set(FAULTS) == EXPECTED_FAILURES.keys() | IN_READS


@pytest.mark.parametrize("fault", FAILING, indirect=True)
def test_a_permanent_fault_becomes_an_error(fault: str, connection: Connection, simulator: Simulator) -> None:
    """Each permanent fault ends in the error of its failure, with the path and the remedy, after all attempts."""
    failure = FAILING[fault]
    simulator.clear_requests()
    simulator.faults.script(fault, route=ROUTE, times=None)
    with pytest.raises(errors.OpsgenieError) as caught:
        read(connection)
    attempts = {"no": 1, "yes": ATTEMPTS}.get(failure.retried, THROTTLED_ATTEMPTS)

    assert caught.type in {failure.kind, errors.Unreachable if failure.kind is errors.WrongHost else failure.kind}
    assert ROUTE in record_output(str(caught.value))
    assert failure.remedy.removesuffix(".") in str(caught.value) or "report it" in str(caught.value)
    assert len(simulator.requests) == attempts


@pytest.mark.parametrize(
    "fault", [fault for fault, failure in EXPECTED_FAILURES.items() if not failure or failure.retried != "no"]
)
def test_a_passing_fault_costs_no_row(
    fault: str, connection: Connection, simulator: Simulator, account: Account
) -> None:
    """A fault that passes costs at most another request, and no row."""
    simulator.faults.script(fault, route=ROUTE)

    assert sorted(user["username"] for user in account.users.values()) == sorted(read(connection))


@pytest.mark.parametrize("fault", ["HTML as 200", "redirect", "status 503", "truncated JSON"])
def test_a_host_that_never_responded_as_the_api(fault: str, simulator: Simulator) -> None:
    """A host that is not the API, or is failing, from the first response on is given up after a few attempts."""
    simulator.faults.script(fault, route="/v2/account", times=None)
    with pytest.raises(FAILING[fault].kind), connected(simulator):
        pass

    assert len(simulator.requests) == FIRST_ATTEMPTS


@pytest.mark.parametrize("fault", ["negative count", "count as text"])
def test_an_impossible_count_is_an_error(fault: str, connection: Connection, simulator: Simulator) -> None:
    """An invalid count is never read as zero."""
    simulator.faults.script(fault, route="/v2/alerts/count")
    with pytest.raises(Failure.NO_COUNT.kind, match=r"/v2/alerts/count .*report it"):
        Search(connection.client, STREAMS["alerts"]).count()


def test_a_circular_list_is_an_error(connection: Connection, simulator: Simulator) -> None:
    """A `next` that always names another URL, with the same page behind it, is an error after two or three pages."""
    simulator.faults.script("endless next", route="/v2/alerts/{identifier}/logs", times=None)
    alert_id = next(iter(simulator.account.alerts))
    simulator.clear_requests()
    with pytest.raises(Failure.NO_NEXT.kind, match="leads back to a page that was read before"):
        read_list(connection.client, STREAMS["alert_logs"], f"/v2/alerts/{alert_id}/logs")

    assert len(simulator.requests) <= 3


def test_the_error_of_a_truncated_body_names_the_request(connection: Connection, simulator: Simulator) -> None:
    """The error of a truncated body has the status and the request id from the headers."""
    simulator.faults.script("short body", route=ROUTE, times=None)
    with pytest.raises(
        errors.Unreachable, match=rf"{Failure.TRUNCATED.description} .*request [0-9a-f-]{{36}}\)"
    ) as caught:
        read(connection)

    assert (ROUTE, 200, 36) == (caught.value.path, caught.value.status, len(caught.value.request_id))
