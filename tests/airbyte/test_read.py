import pytest
from tests.support.verbs import Verbs

from opsgenie_simulator import Account, Simulator, Switches
from source_opsgenie.reading.paging import CAP
from source_opsgenie.streams import STREAMS

INCREMENTAL = ["alerts", "alert_logs", "alert_recipients", "incidents"]


def test_every_stream_is_read_completely(source: Verbs, account: Account) -> None:
    """A read of all streams emits every row of the account once, and every stream ends COMPLETE."""
    output = source.read()
    listed = ("alerts", "incidents", "users", "teams", "services", "integrations")
    sizes = {name: len(output.keys(name)) for name in listed}

    assert {name: len(getattr(account, name)) for name in listed} == sizes
    assert {name: len(set(output.keys(name))) for name in STREAMS} == {name: len(output.keys(name)) for name in STREAMS}
    assert {name: ["STARTED", "RUNNING", "COMPLETE"] for name in STREAMS} == output.statuses()
    assert output.exit_code == 0


def test_domains_are_read_side_by_side(source: Verbs) -> None:
    """Streams of different domains begin before one of them has ended, and one that fails does not end the others."""
    output = source.read("alerts", "incidents", "nothing", "alert_notes", "teams", "users")
    statuses = [message["trace"].get("stream_status") for message in output.of_type("TRACE")]
    order = [(one["stream_descriptor"]["name"], one["status"]) for one in statuses if one]
    first_end = min(order.index((name, "COMPLETE")) for name in ("alerts", "incidents", "alert_notes", "teams"))

    assert all(order.index((name, "STARTED")) < first_end for name in ("alerts", "incidents", "alert_notes", "nothing"))
    assert order.index(("teams", "COMPLETE")) < order.index(("users", "STARTED"))
    assert 1 == output.exit_code
    assert "There is no stream 'nothing'" in output.errors()[-1]["message"]
    assert ["STARTED", "RUNNING", "INCOMPLETE"] == output.statuses()["nothing"]


def test_child_rows_carry_the_id_of_their_parent(source: Verbs, account: Account) -> None:
    """The logs and recipients of each alert carry its id, and every log of the account is read."""
    output = source.read("alert_logs", "alert_recipients")
    expected = {
        (alert_id, log["offset"], log["log"])
        for alert_id in account.alerts
        for log in account.store.children(alert_id).logs
    }

    assert expected == {(row["alert_id"], row["offset"], row["log"]) for row in output.records("alert_logs")}
    assert set(account.alerts) >= {row["alert_id"] for row in output.records("alert_recipients")}
    assert all(row["user_id"] == row["user"]["id"] for row in output.records("alert_recipients"))


def test_user_teams_and_team_members_agree(source: Verbs) -> None:
    """user_teams and team_members contain the same pairs of a team and a user."""
    output = source.read("user_teams", "team_members")

    assert {(team, user) for user, team in output.keys("user_teams")} == set(output.keys("team_members"))


def test_reading_twice_gives_the_same_rows(source: Verbs) -> None:
    """Without a state, a second read emits the same rows in the same order."""
    first, second = source.read(), source.read()

    assert [first.records(name) for name in STREAMS] == [second.records(name) for name in STREAMS]


@pytest.mark.parametrize("switches", [Switches(cap="rejected"), Switches(cap="ends")], ids=["rejected", "ends"])
@pytest.mark.parametrize("mode", ["incremental", "full_refresh"])
def test_more_alerts_than_the_cap_are_all_read(mode: str, switches: Switches, source: Verbs) -> None:
    """25,000 alerts are read once each, in pages of 100, and no page reaches past the cap."""
    account = Account.seeded(alerts=25_000)
    with Simulator(account, switches=switches) as simulator:
        output = source.with_config(endpoint=simulator.url).read("alerts", mode=mode)
        pages = [request.query for request in simulator.requests if request.path == "/v2/alerts"]

    assert set(account.alerts) == {row["id"] for row in output.records("alerts")}
    assert len(output.records("alerts")) == 25_000
    assert {page["limit"] for page in pages} <= {"100", "1"}
    assert max(int(page.get("offset", 0)) + int(page["limit"]) for page in pages) <= CAP
    assert len(pages) < 300


@pytest.mark.parametrize("stream", INCREMENTAL)
def test_an_unchanged_account_emits_nothing_again(stream: str, source: Verbs, simulator: Simulator) -> None:
    """With the state of the first read and no changes, a second one emits no rows in at most four requests."""
    first = source.read(stream)
    simulator.clear_requests()
    second = source.read(stream, state=first.last_states())

    assert second.records(stream) == []
    assert len(simulator.requests) <= 4


def test_rows_updated_just_before_a_read_are_not_emitted_again(source: Verbs, account: Account) -> None:
    """The state remembers unchanged rows that the lookback returns a second time."""
    for alert_id in list(account.alerts)[:20]:
        account.update_alert(alert_id, status="closed")
    first = source.read("alerts", "alert_logs")
    second = source.read("alerts", "alert_logs", state=first.last_states())

    assert [] == second.records("alerts") + second.records("alert_logs")


def test_a_changed_alert_is_emitted_again_with_its_children(source: Verbs, account: Account) -> None:
    """An incremental read emits the rows changed since the previous read, and the children of changed parents."""
    first = source.read("alerts", "alert_logs")
    changed = list(account.alerts)[5]
    account.update_alert(changed, status="closed")
    created = account.create_alert(message="new")["id"]
    second = source.read("alerts", "alert_logs", state=first.last_states())

    assert {changed, created} == {row["id"] for row in second.records("alerts")}
    assert {changed, created} == {row["alert_id"] for row in second.records("alert_logs")}


def test_open_alerts_are_rechecked_once_a_day(source: Verbs, account: Account, simulator: Simulator) -> None:
    """A log that did not change its alert's updatedAt is found by the daily recheck, which is not repeated."""
    today = account.clock
    first = source.read("alert_logs")
    still_open = [alert_id for alert_id, alert in account.alerts.items() if alert["status"] == "open"]
    account.add_log(still_open[0], "Viewed on [web]")
    second = source.read("alert_logs", state=first.last_states())
    account.clock = lambda: today() + 25 * 60 * 60 * 1000
    third = source.read("alert_logs", state=second.last_states())
    simulator.clear_requests()
    fourth = source.read("alert_logs", state=third.last_states())

    assert second.records("alert_logs") == []
    assert "Viewed on [web]" in {row["log"] for row in third.records("alert_logs")}
    assert set(still_open) == {row["alert_id"] for row in third.records("alert_logs")}
    assert (fourth.records("alert_logs"), len(simulator.requests)) == ([], 3)


def test_a_recheck_is_limited_and_resumes_in_the_next_sync(source: Verbs, account: Account) -> None:
    """No sync rechecks more than open_parents_per_sync; the next ones resume until all open alerts were rechecked."""
    for number in range(250):
        account.create_alert(message=f"open {number}", status="open", created_at=1_700_000_000_000 + number)
    output = source.with_config(open_parents_per_sync=100).read("alert_logs")
    today = account.clock
    account.clock = lambda: today() + 25 * 60 * 60 * 1000
    rechecked: list[set[str]] = []
    for _ in range(4):
        output = source.with_config(open_parents_per_sync=100).read("alert_logs", state=output.last_states())
        rechecked.append({row["alert_id"] for row in output.records("alert_logs")})

    still_open = {alert_id for alert_id, alert in account.alerts.items() if alert["status"] == "open"}

    assert still_open == set.union(*rechecked)
    assert all(len(alert_ids) <= 100 for alert_ids in rechecked)
    assert rechecked[-1] == set()


@pytest.mark.parametrize(
    "switches",
    [
        Switches(updated_at_search="searchable"),
        Switches(updated_at_search="rejected"),
        Switches(updated_at_search="ignored"),
        Switches(updated_at_search="seconds"),
        Switches(updated_at_sort="rejected"),
        Switches(updated_at_sort="rejected", updated_at_search="rejected"),
    ],
)
def test_changes_are_found_for_every_behaviour_of_updated_at(
    switches: Switches, source: Verbs, account: Account
) -> None:
    """The changed rows are emitted whatever the search and the sort by updatedAt do."""
    with Simulator(account, switches=switches) as simulator:
        pointed = source.with_config(endpoint=simulator.url)
        first = pointed.read("alerts")
        changed = list(account.alerts)[::2]
        for alert_id in changed:
            account.update_alert(alert_id, acknowledged=True)
        second = pointed.read("alerts", state=first.last_states())

    assert sorted(changed) == sorted(row["id"] for row in second.records("alerts"))


@pytest.mark.parametrize("stream", ["alerts", "incidents", "alert_recipients"])
def test_start_date_skips_rows_last_updated_before(stream: str, source: Verbs, account: Account) -> None:
    """Rows updated since the start date are read with their children, also if they were created earlier."""
    timestamps = sorted(row["updatedAt"] for row in account.alerts.values())
    start = timestamps[len(timestamps) // 2]
    output = source.with_config(start_date=start).read(stream)
    rows = account.incidents if stream == "incidents" else account.alerts
    expected = {row["id"] for row in rows.values() if row["updatedAt"] >= start}
    found = {row["alert_id"] if "alert_id" in row else row["id"] for row in output.records(stream)}

    if stream == "alert_recipients":
        expected = {alert_id for alert_id in expected if account.store.children(alert_id).recipients}

    assert expected == found


def test_alert_query_narrows_alerts_and_their_children(source: Verbs, account: Account) -> None:
    """Only alerts that match the query are read, and a query on fields that change is reported as unproven."""
    output = source.with_config(alert_query="status: open OR priority: P1").read(
        "alerts", "alert_recipients", "incidents"
    )
    expected = {row["id"] for row in account.alerts.values() if row["status"] == "open" or row["priority"] == "P1"}

    assert expected == {row["id"] for row in output.records("alerts")}
    assert {row["alert_id"] for row in output.records("alert_recipients")} <= expected
    assert len(output.records("incidents")) == len(account.incidents)
    assert "unproven: the alert filters use fields that change" in output.logs()


def test_unknown_fields_pass_through(source: Verbs) -> None:
    """A field that is not in the schema is emitted unchanged."""
    account = Account.seeded(alerts=3, incidents=3, extra_fields=True)
    with Simulator(account) as simulator:
        output = source.with_config(endpoint=simulator.url).read("alerts", "users")
    extra = set(output.records("alerts")[0]) - {field.name for field in STREAMS["alerts"].fields}

    assert len(extra) == 1


def test_incremental_may_be_requested_for_any_stream(source: Verbs, account: Account) -> None:
    """A client that requests incremental for a full-refresh stream gets the full list each time."""
    first = source.read("teams")
    second = source.read("teams", state=first.last_states())

    assert first.records("teams") == second.records("teams")
    assert len(first.records("teams")) == len(account.teams)


def test_an_empty_account_is_complete(source: Verbs) -> None:
    """Every stream of an empty account ends complete, with a state and without rows."""
    empty = Account.seeded(alerts=0, incidents=0, users=0, teams=0, services=0, integrations=0)
    with Simulator(empty) as simulator:
        output = source.with_config(endpoint=simulator.url, api_token=empty.full_key).read()
    streams = {message["record"]["stream"] for message in output.of_type("RECORD")}

    assert streams <= {"account", "heartbeats"}
    assert len(output.last_states()) == len(STREAMS)
    assert output.exit_code == 0
