"""Children: each with its parent's ids, in the order of the parents, and never taken for empty."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.support.fakes import DAY, NOW, Wire, connection_of, ids_in, last_state, rows_in, said, texts_in

from opsgenie_simulator import Account
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import format_timestamp
from source_opsgenie.errors import Forbidden, MalformedResponse, NotFound
from source_opsgenie.reading.events import Event, Row
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS


class Broken(Wire):
    """A wire on which every request that *is_broken* finds is answered by *answer*."""

    def broken(self, is_broken: Callable[[Request], bool], answer: RawResponse) -> "Broken":
        """Answer so from now on."""
        self.is_broken, self.broken_answer = is_broken, answer
        return self

    def __call__(self, request: Request) -> RawResponse:
        """Answer, or break."""
        good = super().__call__(request)
        return self.broken_answer if self.is_broken(request) else good


def account_of() -> Account:
    """An account with alerts, users and teams."""
    return Account.seeded(alerts=40, users=12, teams=4, until=format_timestamp(NOW - DAY))


def children_path(stream: str) -> str:
    """How the path of the stream's children ends."""
    return STREAMS[stream].path.rpartition("}")[2]


def is_child(stream: str, parent_id: str) -> Callable[[Request], bool]:
    """Whether a request asks for the children of one parent."""
    return lambda request: request.path.endswith(f"/{parent_id}{children_path(stream)}")


def test_logs_are_those_of_the_account() -> None:
    """Every log line of every alert comes, as it was sent, with the alert's id and nothing else added."""
    wire = Wire(account_of())
    alert_id = sorted(wire.account.alerts)[0]
    for number in range(250):
        wire.account.add_log(alert_id, f"line {number}")
    expected = [
        {"alert_id": one, **line} for one in wire.account.alerts for line in wire.account.ledger.children(one).logs
    ]
    rows = rows_in(Reader(connection_of(wire)).read(STREAMS["alert_logs"]))

    assert sorted(expected, key=repr) == sorted(({**row} for row in rows), key=repr)


def test_children_come_in_the_order_of_their_parents() -> None:
    """However many requests are under way, children of newer alerts come before those of older ones."""
    wire = Wire(account_of())
    connection = connection_of(wire, max_concurrent_requests=7)
    parents = list(dict.fromkeys(row["alert_id"] for row in rows_in(Reader(connection).read(STREAMS["alert_logs"]))))
    alerts = ids_in(Reader(connection).read(STREAMS["alerts"]))

    assert parents == [one for one in alerts if one in set(parents)]


@pytest.mark.parametrize("stream", ["alert_logs", "alert_recipients", "user_teams"])
def test_404_of_a_child_whose_parent_is_there(stream: str) -> None:
    """A child's 404 while its parent is answered is no empty list, but an error."""
    account = account_of()
    parent = STREAMS[stream].parent
    assert parent
    parent_id = sorted(getattr(account, parent.stream))[0]
    wire = Broken(account).broken(is_child(stream, parent_id), said(404, {"message": "?"}))
    with pytest.raises(NotFound, match=parent_id):
        list(Reader(connection_of(wire)).read(STREAMS[stream]))


@pytest.mark.parametrize("stream", ["alert_logs", "alert_recipients"])
def test_404_of_a_child_whose_parent_is_gone(stream: str) -> None:
    """A parent that is deleted before it is asked is counted as gone; the children of all others come."""
    account = account_of()
    victim = sorted(account.alerts)[0]

    def delete(request: Request) -> None:
        if request.path.endswith(children_path(stream)) and victim in account.alerts:
            account.delete_alert(victim)

    events = list(Reader(connection_of(Wire(account, before=delete))).read(STREAMS[stream]))
    expected = {one for one in account.alerts if getattr(account.ledger.children(one), stream.split("_")[1])}

    assert {row["alert_id"] for row in rows_in(events)} == expected
    assert "40 parents requested, 39 read, 1 deleted" in texts_in(events)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (said(200, {"took": 1}), MalformedResponse),
        (said(200, {"data": None}), MalformedResponse),
        (said(200, {"data": [{"log": "x"}]}), MalformedResponse),
        (said(403, {"message": "no"}), Forbidden),
    ],
)
def test_a_child_that_is_not_answered(answer: RawResponse, expected: type[Exception]) -> None:
    """An answer without rows, or with rows that have no key, ends the read; what came before it stands."""
    account = account_of()
    oldest = min(account.alerts, key=lambda one: account.alerts[one]["createdAt"])
    wire = Broken(account).broken(is_child("alert_logs", oldest), answer)
    found: list[Event] = []
    with pytest.raises(expected, match=oldest):
        found.extend(Reader(connection_of(wire)).read(STREAMS["alert_logs"]))

    assert len({event.record["alert_id"] for event in found if isinstance(event, Row)}) >= 30


@pytest.mark.parametrize("stream", ["alert_logs", "alert_recipients"])
def test_only_children_of_changed_parents_are_asked(stream: str) -> None:
    """A later read asks the alerts that changed, and no others."""
    wire = Wire(account_of())
    connection = connection_of(wire)
    state = last_state(Reader(connection).read(STREAMS[stream]))
    wire.now += 3600_000
    changed = sorted(wire.account.alerts)[:3]
    for alert_id in changed:
        wire.account.add_log(alert_id, "somebody looked", touch=True)
    wire.asked.clear()
    list(Reader(connection).read(STREAMS[stream], state=state))
    asked = [path for path in wire.paths() if path.endswith(children_path(stream))]

    assert sorted(asked) == [STREAMS[stream].path.format(alert_id=one) for one in changed]


def test_what_does_not_touch_its_parent_comes_within_a_day() -> None:
    """A line that leaves `updatedAt` as it is, on an alert that is open, comes with the daily look."""
    wire = Wire(account_of())
    connection = connection_of(wire)
    state = last_state(Reader(connection).read(STREAMS["alert_logs"]))
    alert_id = next(one for one, alert in wire.account.alerts.items() if alert["status"] == "open")
    wire.account.add_log(alert_id, "a quiet line", touch=False)
    wire.now += DAY + 1000
    # An answer tells the API's date before anything is read, as it does for any new connection.
    later = replace(connection_of(wire), account=connection.account)
    rows = rows_in(Reader(later).read(STREAMS["alert_logs"], state=state))

    assert "a quiet line" in {row["log"] for row in rows if row["alert_id"] == alert_id}
