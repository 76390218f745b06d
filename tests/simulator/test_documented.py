"""Compares simulated responses with the vendor's OpenAPI file, field by field."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.api_client import ApiClient
from tests.support.fakes import NOW

from opsgenie_simulator import Account
from opsgenie_simulator.routes import ROUTES
from opsgenie_simulator.timestamps import epoch_ms
from source_opsgenie.clock import format_timestamp

DOCUMENTED = json.loads((Path(__file__).parents[1] / "data" / "documented" / "fields.json").read_text())
# The captured objects say more about these; test_shapes.py compares them.
CAPTURED = ("/v2/alerts", "/v2/alerts/{identifier}", "/v1/incidents", "/v1/incidents/{identifier}", "/v2/users")
COMPARED = sorted(route.path for route in ROUTES if route.path in DOCUMENTED and route.path not in CAPTURED)
# The field of a row that its path contains, if not its id.
NAMES = {"name": "name", "alias": "alias"}
# The number of rows of each list whose child records are requested.
MAX_PARENTS = 100
# Query parameters to request in addition to the plain path.
QUERIES: dict[str, list[dict[str, str]]] = {
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
# Fields that newer or observed sources add to the file.
ADDITIONAL: dict[str, set[str]] = {
    "/v2/heartbeats": {f"heartbeats[].{name}" for name in OF_HEARTBEATS | OWNER},
    "/v2/heartbeats/{name}": OF_HEARTBEATS | OWNER,
    "/v2/integrations": {"[].version", "[].advanced"},
    "/v2/schedules/{identifier}/timeline": {"description"} | OWNER,
    "/v2/teams": {"[].links", "[].links.web", "[].links.api"},
}
# Fields of the file that newer sources no longer have, or that are not imitated.
ABSENT: dict[str, str] = {
    "/v2/integrations/{id}": r"username",
    "/v2/integrations/{id}/actions": r"(recipients|responders)\[\]\.(id|name|username)",
    "/v2/roles": "extendedRole|Rights",  # a single role has them
    "/v2/schedules/{identifier}/next-on-calls": r"\[\]\.(escalationTime|notifyType)",
    "/v2/schedules/{identifier}/on-calls": r"escalationTime|notifyType",
    "/v2/schedules/on-calls": r"escalationTime|notifyType",
    "/v2/schedules/{identifier}/timeline": r"(base|override)Timeline.*(fromUser|forwardedFrom)|\[\]\.forwardedFrom",
    "/v2/schedules/{identifier}/overrides": r"user\.name|rotations\[\]\.name",  # a single override names them
    "/v2/schedules/{identifier}/overrides/{alias}": r"user\.name",
    "/v2/teams/{identifier}/routing-rules": r"notify\.username",
    "/v2/teams": "members",  # the list was seen without them
    "/v2/users/{identifier}": "skype|tags|details|mutedUntil",
}


@pytest.fixture(scope="module")
def client() -> ApiClient:
    """A client of an account that is large enough for every field to occur."""
    # A timeline has a forwarded turn in some weeks only.
    account = Account.seeded(
        alerts=400, incidents=60, users=40, teams=8, services=12, integrations=20, until=format_timestamp(NOW)
    )
    account.clock = lambda: NOW
    return ApiClient(account)


def rows(data: Any) -> list[dict[str, Any]]:
    """The rows of a list, which may be under a name."""
    return data if isinstance(data, list) else next(value for value in data.values() if isinstance(value, list))


def paths(client: ApiClient, template: str) -> Iterator[str]:
    """The paths of a route in this account, from the lists of its parents."""
    head, brace, tail = template.partition("/{")
    if not brace:
        yield template
        return
    name, _, rest = tail.partition("}")
    for row in rows(client.get(head, limit=MAX_PARENTS).body["data"])[:MAX_PARENTS]:
        yield from paths(client, f"{head}/{row[NAMES.get(name, 'id')]}{rest}")


def requests(client: ApiClient, template: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The paths of a route with their query parameters; policies of a team need its id."""
    if template == "/v2/policies/notification":
        yield from ((template, {"teamId": team_id}) for team_id in client.account.teams)
    elif template == "/v2/policies/{policyId}":
        teams = [{"teamId": team_id} for team_id in client.account.teams]
        lists = [("alert", {}), *((kind, query) for kind in ("alert", "notification") for query in teams)]
        policies = [(client.get(f"/v2/policies/{kind}", **query).ids, query) for kind, query in lists]
        yield from ((f"/v2/policies/{policy_id}", query) for ids, query in policies for policy_id in ids)
    else:
        queries: list[dict[str, str]] = [{}, *QUERIES.get(template, ())]
        yield from ((path, query) for path in paths(client, template) for query in queries)


def fields(value: Any, documented: dict[str, str], path: str = "") -> Iterator[tuple[str, str]]:
    """Each field of a response with its type; a value that can be a timestamp is checked to be one."""
    kind = documented.get(path)
    if value is not None and path:
        yield path, type_name(value, kind)
    if isinstance(value, list):
        for element in value:
            yield from fields(element, documented, f"{path}[]")
    elif isinstance(value, dict) and kind != "map" and not is_opaque(path, documented):
        for name, inner in value.items():
            yield from fields(inner, documented, f"{path}.{name}".lstrip("."))


def is_opaque(path: str, documented: dict[str, str]) -> bool:
    """Whether the file documents a field but none of the fields inside it."""
    return path in documented and not any(name.startswith(f"{path}.") for name in documented)


def type_name(value: Any, kind: str | None) -> str:
    """The file's name for the type of a value."""
    if kind == "map" and isinstance(value, dict):
        return "map"
    if kind == "date-time" and isinstance(value, str) and isinstance(epoch_ms(value), int):
        return "date-time"
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names[type(value)]


@pytest.mark.parametrize("path", COMPARED)
def test_responses_have_the_documented_fields(client: ApiClient, path: str) -> None:
    """Every field of a response is documented or in a newer source, and every documented field occurs."""
    documented = DOCUMENTED[path]
    responses = [client.get(url, **query) for url, query in requests(client, path)]
    simulated = {field for response in responses for field in fields(response.body["data"], documented)}
    additional, absent = ADDITIONAL.get(path, set()), re.compile(ABSENT.get(path, "$."))
    expected = {(name, kind) for name, kind in documented.items() if not absent.search(name)}

    assert {200} == {response.status for response in responses}
    assert set() == {(name, kind) for name, kind in simulated - set(documented.items()) if name not in additional}
    assert set() == {(name, kind) for name, kind in expected if (name, kind) not in simulated}
