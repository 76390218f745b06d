"""The simulator's own routes under /_simulator: change the account, script faults, count requests."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import orjson

from opsgenie_simulator.account import Account
from opsgenie_simulator.faults import Faults
from opsgenie_simulator.messages import JSON, Call, Response
from opsgenie_simulator.records import Body
from opsgenie_simulator.request_log import RequestLog

PREFIX = "/_simulator/"

Method = Callable[..., Any]


def respond_to_control(call: Call, account: Account, *, request_log: RequestLog, faults: Faults) -> Response:
    """Respond to a request to the simulator's own routes, which need no key and have no limits."""
    parts = call.path.removeprefix(PREFIX).strip("/").split("/")
    try:
        status, body = _run(call, account, request_log=request_log, faults=faults, parts=parts)
    except KeyError as error:
        status, body = 404, {"message": f"not found: {error}"}
    except (orjson.JSONDecodeError, TypeError, ValueError) as error:
        status, body = 422, {"message": f"invalid body: {error}"}
    return Response(status, orjson.dumps(body), {"Content-Type": JSON})


def _run(
    call: Call, account: Account, *, request_log: RequestLog, faults: Faults, parts: list[str]
) -> tuple[int, Body]:
    if parts == ["requests"]:
        return 200, {"data": request_log.counts()}
    if parts == ["faults"]:
        scripted = [faults.script(**_fields(call))] if call.method == "POST" else faults.scripted
        return 200, {"data": [asdict(fault) for fault in scripted]}
    kinds = _methods(account)
    match call.method, parts:
        case "POST", ["alerts" | "incidents" as kind, parent_id, "logs" | "notes" as child]:
            add = account.add_log if child == "logs" else account.add_note
            fields = _fields(call)
            add(parent_id, fields.pop(child[:-1]), **fields)
            return 201, {"data": (account.alerts if kind == "alerts" else account.incidents)[parent_id]}
        case "POST", [kind] if kind in kinds:
            return 201, {"data": kinds[kind]["POST"](**_fields(call))}
        case "PATCH", [kind, record_id] if "PATCH" in kinds.get(kind, {}):
            return 200, {"data": kinds[kind]["PATCH"](record_id, **_fields(call))}
        case "DELETE", [kind, record_id] if kind in kinds:
            kinds[kind]["DELETE"](record_id)
            return 200, {"data": {"id": record_id}}
    raise KeyError(f"{call.method} {call.path}")


def _fields(call: Call) -> Body:
    # The methods of the account take these two times as separate arguments.
    fields = orjson.loads(call.body or b"{}")
    if not isinstance(fields, dict):
        raise TypeError("must be an object")
    times = {"createdAt": "created_at", "updatedAt": "updated_at"}
    return {times.get(str(name), str(name)): value for name, value in fields.items()}


def _methods(account: Account) -> dict[str, dict[str, Method]]:
    return {
        "alerts": {"POST": account.create_alert, "PATCH": account.update_alert, "DELETE": account.delete_alert},
        "incidents": {
            "POST": account.create_incident,
            "PATCH": account.update_incident,
            "DELETE": account.delete_incident,
        },
        "users": {"POST": account.create_user, "DELETE": account.delete_user},
        "teams": {"POST": account.create_team, "PATCH": account.update_team, "DELETE": account.delete_team},
        "services": {"POST": account.create_service, "DELETE": account.delete_service},
        "integrations": {"POST": account.create_integration, "DELETE": account.delete_integration},
    }
