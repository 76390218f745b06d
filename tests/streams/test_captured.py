import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from source_opsgenie.api.connection import connect
from source_opsgenie.api.transport import RawResponse, Request
from source_opsgenie.clock import parse_timestamp
from source_opsgenie.config import Config
from source_opsgenie.reading.events import Rows
from source_opsgenie.reading.reader import Reader
from source_opsgenie.streams import STREAMS

CAPTURED = Path(__file__).parents[1] / "data" / "captured"
LISTED = {
    "alerts": "/v2/alerts",
    "incidents": "/v1/incidents",
    "schedules": "/v2/schedules",
    "services": "/v1/services",
    "teams": "/v2/teams",
    "users": "/v2/users",
}
KEY = "0badc0de-0000-4000-8000-000000000001"


def captured(name: str) -> list[dict[str, Any]]:
    """The captured real objects of one kind, one per id."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((CAPTURED / name).glob("*.json"))]
    return list({row["id"]: row for row in found}.values())


class CapturedApi:
    """An API that returns captured objects: lists, searches by createdAt, and counts."""

    def __call__(self, request: Request) -> RawResponse:
        name = next((name for name, path in LISTED.items() if request.path in {path, f"{path}/count"}), None)
        if name is None:
            return RawResponse(403, {}, b'{"message": "not captured"}')
        rows = self._search(name, request.params)
        data = {"count": len(rows)} if request.path.endswith("/count") else rows
        date = {"date": "Mon, 23 Nov 2026 12:00:00 GMT"}
        return RawResponse(200, date, orjson.dumps({"data": data, "totalCount": len(rows)}))

    def _search(self, name: str, params: Any) -> list[dict[str, Any]]:
        checks: dict[str, Callable[[int, int], bool]] = {">=": int.__ge__, "<": int.__lt__}
        bounds = re.findall(r"createdAt (>=|<) (\d+)", params.get("query", ""))
        rows = captured(name)
        if "createdAt" in rows[0]:
            rows.sort(key=lambda row: parse_timestamp(row["createdAt"]), reverse=params.get("order") == "desc")
        return [
            row for row in rows if all(checks[sign](parse_timestamp(row["createdAt"]), int(ms)) for sign, ms in bounds)
        ]


@pytest.mark.parametrize("name", LISTED)
def test_captured_objects_are_emitted_unchanged(name: str) -> None:
    """Objects that Opsgenie really sent are emitted unchanged, for streams to which we add nothing."""
    with connect(Config(KEY, "http://localhost"), transport=CapturedApi()) as connection:
        events = list(Reader(connection).read(STREAMS[name]))
    rows = {row["id"]: row for event in events if isinstance(event, Rows) for row in event.records}

    assert {row["id"]: row for row in captured(name)} == rows
    assert len(rows) > 1
