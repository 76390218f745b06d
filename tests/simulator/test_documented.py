"""Simulated answers against the vendor's OpenAPI file, field for field."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.api_client import ApiClient

from opsgenie_simulator import Account
from opsgenie_simulator.routes import ROUTES
from opsgenie_simulator.timestamps import epoch_ms

DOCUMENTED = json.loads((Path(__file__).parents[1] / "data" / "documented" / "fields.json").read_text())
# The captured objects say more of these, and test_simulator_shapes.py holds us to them.
CAPTURED = ("/v2/alerts", "/v2/alerts/{identifier}", "/v1/incidents", "/v1/incidents/{identifier}", "/v2/users")
ANSWERED = sorted(route.path for route in ROUTES if route.path in DOCUMENTED and route.path not in CAPTURED)
# How a row is named in the path of its own, where that is not by its id.
NAMES = {"name": "name", "alias": "alias"}
# So many rows of each list are followed to what hangs on them.
FOLLOWED = 100
# What is asked for beside the plain answer.
ASKED: dict[str, list[dict[str, str]]] = {
    "/v2/users/{identifier}": [{"expand": "contact"}],
    "/v2/teams/{identifier}/logs": [{"limit": "1"}],
    "/v2/schedules": [{"expand": "rotation"}],
    "/v2/schedules/{identifier}/timeline": [
        {"expand": "base,forwarding,override", "interval": "4", "date": date}
        for date in ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z")
    ],
    **{
        f"/v2/schedules/{path}": [{"flat": "true"}, *({"date": f"2026-10-{day:02d}T11:00:00Z"} for day in range(1, 31))]
        for path in ("on-calls", "{identifier}/on-calls", "{identifier}/next-on-calls")
    },
}
OF_HEARTBEATS = {"alertTags", "alertTags[]", "alertPriority", "alertMessage"}
OWNER = {"ownerTeam", "ownerTeam.id", "ownerTeam.name"}
# What newer or seen sources add to the file, and what of the file newer ones no longer have or we do not imitate.
BEYOND: dict[str, set[str]] = {
    "/v2/heartbeats": {f"heartbeats[].{name}" for name in OF_HEARTBEATS | OWNER},
    "/v2/heartbeats/{name}": OF_HEARTBEATS | OWNER,
    "/v2/integrations": {"[].version", "[].advanced"},
    "/v2/schedules/{identifier}/timeline": {"description"} | OWNER,
    "/v2/teams": {"[].links", "[].links.web", "[].links.api"},
}
NEVER: dict[str, str] = {
    "/v2/integrations/{id}": r"username",
    "/v2/integrations/{id}/actions": r"(recipients|responders)\[\]\.(id|name|username)",
    "/v2/roles": "extendedRole|Rights",  # the single role has them
    "/v2/schedules/{identifier}/next-on-calls": r"\[\]\.(escalationTime|notifyType)",
    "/v2/schedules/{identifier}/on-calls": r"escalationTime|notifyType",
    "/v2/schedules/on-calls": r"escalationTime|notifyType",
    "/v2/schedules/{identifier}/timeline": r"(base|override)Timeline.*(fromUser|forwardedFrom)|\[\]\.forwardedFrom",
    "/v2/schedules/{identifier}/overrides": r"user\.name|rotations\[\]\.name",  # the single one names rotations
    "/v2/schedules/{identifier}/overrides/{alias}": r"user\.name",
    "/v2/teams/{identifier}/routing-rules": r"notify\.username",
    "/v2/teams": "members",  # the list was seen without
    "/v2/users/{identifier}": "skype|tags|details|mutedUntil",
}


@pytest.fixture(scope="module")
def asking() -> ApiClient:
    """An account that is large enough for everything to occur."""
    return ApiClient(Account.seeded(alerts=400, incidents=60, users=40, teams=8, services=12, integrations=20))


def rows(answer: Any) -> list[dict[str, Any]]:
    """The rows of a list, also where they stand under a name."""
    return answer if isinstance(answer, list) else next(one for one in answer.values() if isinstance(one, list))


def paths(asking: ApiClient, template: str) -> Iterator[str]:
    """The addresses that a route has in this account, by the lists that lead to it."""
    head, brace, tail = template.partition("/{")
    if not brace:
        yield template
        return
    name, _, rest = tail.partition("}")
    for row in rows(asking.get(head, limit=FOLLOWED).body["data"])[:FOLLOWED]:
        yield from paths(asking, f"{head}/{row[NAMES.get(name, 'id')]}{rest}")


def addresses(asking: ApiClient, template: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The addresses of a route, with what must be asked for: policies belong to a team that must be named."""
    if template == "/v2/policies/notification":
        yield from ((template, {"teamId": one}) for one in asking.account.teams)
    elif template == "/v2/policies/{policyId}":
        teams = [{"teamId": one} for one in asking.account.teams]
        lists = [("alert", {}), *((kind, query) for kind in ("alert", "notification") for query in teams)]
        found = [(asking.get(f"/v2/policies/{kind}", **query).ids, query) for kind, query in lists]
        yield from ((f"/v2/policies/{one}", query) for ids, query in found for one in ids)
    else:
        more: list[dict[str, str]] = [{}, *ASKED.get(template, ())]
        yield from ((path, query) for path in paths(asking, template) for query in more)


def fields(value: Any, documented: dict[str, str], path: str = "") -> Iterator[tuple[str, str]]:
    """Each field of an answer with its type; of a value that may be a moment, whether it is one."""
    kind = documented.get(path)
    if value is not None and path:
        yield path, named(value, kind)
    if isinstance(value, list):
        for one in value:
            yield from fields(one, documented, f"{path}[]")
    elif isinstance(value, dict) and kind != "map" and not is_closed(path, documented):
        for name, one in value.items():
            yield from fields(one, documented, f"{path}.{name}".lstrip("."))


def is_closed(path: str, documented: dict[str, str]) -> bool:
    """Whether the file says nothing of what is inside, since it has said so further out."""
    return path in documented and not any(name.startswith(f"{path}.") for name in documented)


def named(value: Any, kind: str | None) -> str:
    """The file's name for the type of a value."""
    if kind == "map" and isinstance(value, dict):
        return "map"
    if kind == "date-time" and isinstance(value, str) and isinstance(epoch_ms(value), int):
        return "date-time"
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


@pytest.mark.parametrize("path", ANSWERED)
def test_answers_have_the_documented_fields(asking: ApiClient, path: str) -> None:
    """No answer has a field that neither the file nor a newer source knows, and every other field occurs somewhere."""
    documented = DOCUMENTED[path]
    answers = [asking.get(address, **query) for address, query in addresses(asking, path)]
    simulated = {one for answer in answers for one in fields(answer.body["data"], documented)}
    beyond, never = BEYOND.get(path, set()), re.compile(NEVER.get(path, "$."))
    expected = {one for one in documented.items() if not never.search(one[0])}

    assert {200} == {answer.status for answer in answers}
    assert set() == {(name, kind) for name, kind in simulated - set(documented.items()) if name not in beyond}
    assert set() == {(name, kind) for name, kind in expected if (name, kind) not in simulated}
