from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from tests.support.archive_command import Command

from opsgenie_simulator import Account, Call, Response, Simulator, Switches

OK = 200
STREAMS = ("--streams", "alerts,alert_notes")


# With the latter, each sync reads the full history again, including the part that is never listed.
BY_UPDATE, BY_HISTORY = Switches(), Switches(updated_at_search="rejected", updated_at_sort="rejected")


@pytest.fixture(params=[BY_UPDATE, BY_HISTORY], ids=["by update", "by history"])
def lacking(account: Account, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Command]:
    """`opsgenie-archive`, and an API that counts five alerts but never lists them."""
    hidden = set(list(account.alerts)[100:105])

    def hide(call: Call, respond: Callable[[Call], Response]) -> Response:
        response = respond(call)
        if call.path != "/v2/alerts" or response.status != OK:
            return response
        body = orjson.loads(response.body)
        body["data"] = [row for row in body["data"] if row["id"] not in hidden]
        return replace(response, body=orjson.dumps(body))

    with Simulator(account, switches=request.param, middleware=(hide,)) as simulator:
        yield Command(simulator, account.full_key, tmp_path / "acme.duckdb")


def test_unlisted_rows_make_a_stream_incomplete(lacking: Command) -> None:
    """If counted rows are never listed, the message has the numbers, the exit code is 1, and the file records it."""
    result = lacking("sync", "--to", str(lacking.path), *STREAMS)

    assert 1 == result.exit_code
    assert "  alerts: Opsgenie counts 5 rows that it never lists. 120 counted, 115 " in result.stderr
    assert "  alert_notes: Opsgenie counts 5 rows that it never lists. 115 parents" in result.stderr
    assert [(False,)] == lacking.query("SELECT DISTINCT is_complete FROM _archive.streams")
    assert [("incomplete: alerts, alert_notes",)] == lacking.query("SELECT outcome FROM _archive.runs")
    assert 115 == len(lacking.rows("alerts"))


def test_later_syncs_remember_unlisted_rows(lacking: Command, account: Account) -> None:
    """However often the file is synced, rows that were never listed are not forgotten."""
    lacking("sync", "--to", str(lacking.path), *STREAMS)
    account.create_alert(message="later")
    results = [lacking("sync", "--to", str(lacking.path), *STREAMS) for _ in range(2)]

    assert [1, 1] == [result.exit_code for result in results]
    for result in results:
        assert "  alerts: Opsgenie counts 5 rows that it never lists." in result.stderr
        assert "5 alerts were counted by the first read and never listed; everything" in result.stderr
    assert [(False,)] == lacking.query("SELECT DISTINCT is_complete FROM _archive.streams")
