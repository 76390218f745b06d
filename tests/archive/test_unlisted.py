from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from tests.support.archive_command import Command

from opsgenie_simulator import Account, Call, Response, Simulator, Switches

OK = 200
STREAMS = ("--streams", "alerts,alert_notes")


# With the latter, each sync walks through the whole history, past what is never listed.
BY_UPDATE, BY_HISTORY = Switches(), Switches(updated_at_search="rejected", updated_at_sort="rejected")


@pytest.fixture(params=[BY_UPDATE, BY_HISTORY], ids=["by update", "by history"])
def lacking(account: Account, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Command]:
    """`opsgenie-archive`, and an API that counts five alerts which it never lists."""
    hidden = set(list(account.alerts)[100:105])

    def hide(call: Call, answer: Callable[[Call], Response]) -> Response:
        response = answer(call)
        if call.path != "/v2/alerts" or response.status != OK:
            return response
        body = orjson.loads(response.body)
        body["data"] = [row for row in body["data"] if row["id"] not in hidden]
        return replace(response, body=orjson.dumps(body))

    with Simulator(account, switches=request.param, middleware=(hide,)) as simulator:
        yield Command(simulator, account.full_key, tmp_path / "acme.duckdb")


def test_rows_that_are_never_listed_make_a_stream_not_whole(lacking: Command) -> None:
    """Where rows are known to exist and never came, the numbers are told, the exit code is 1, and the file says so."""
    result = lacking("sync", "--to", str(lacking.path), *STREAMS)

    assert 1 == result.exit_code
    assert "alerts: NOT WHOLE: Opsgenie counts 5 rows that it never lists. 300 counted, 295 read, 5 un" in result.stderr
    assert "alert_notes: NOT WHOLE: " in result.stderr
    assert "295 parents asked, 295 answered, 0 gone; 5 alerts were counted at the first read" in result.stderr
    assert [(False,)] == lacking.query("SELECT DISTINCT is_whole FROM _archive.streams")
    assert [("not whole: alerts, alert_notes",)] == lacking.query("SELECT outcome FROM _archive.runs")
    assert 295 == len(lacking.rows("alerts"))


def test_later_syncs_remember_what_was_never_listed(lacking: Command, account: Account) -> None:
    """However often the file is brought up to date, the rows that never came are not forgotten."""
    lacking("sync", "--to", str(lacking.path), *STREAMS)
    account.create_alert(message="later")
    results = [lacking("sync", "--to", str(lacking.path), *STREAMS) for _ in range(2)]

    assert [1, 1] == [one.exit_code for one in results]
    for one in results:
        assert "alerts: NOT WHOLE: Opsgenie counts 5 rows that it never lists." in one.stderr
        assert "5 alerts were counted at the first read and never listed; everything" in one.stderr
    assert [(False,)] == lacking.query("SELECT DISTINCT is_whole FROM _archive.streams")
