"""Responds to a request: the checks in the order of the API, then the route, then the envelope."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import orjson

from opsgenie_simulator import files, permissions, routes
from opsgenie_simulator.account import Account
from opsgenie_simulator.errors import ApiError, not_found
from opsgenie_simulator.keys import Key
from opsgenie_simulator.limits import Clock, Limits, OtherClient, Throttle
from opsgenie_simulator.lists import Lists
from opsgenie_simulator.messages import JSON, Call, Response
from opsgenie_simulator.randomness import random_uuid, seeded_random
from opsgenie_simulator.routes.route import Content, RequestContext, Route
from opsgenie_simulator.switches import Switches
from opsgenie_simulator.timestamps import with_full_fractions

WEB_PAGE = b"<!DOCTYPE html><html><head><title>Opsgenie</title></head><body>Please log in</body></html>"


@dataclass(slots=True)
class Api:
    """An account behind the API, with its switches and rate limits."""

    account: Account
    switches: Switches
    limits: Limits
    clock: Clock
    others: Sequence[OtherClient] = ()
    throttle: Throttle = field(init=False)
    lists: Lists = field(init=False)
    request_ids: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Start with unused limits."""
        model = self.switches.limits_model
        self.throttle = Throttle(self.limits, clock=self.clock, model=model, others=self.others)
        self.lists = Lists(self.account.store)
        self.request_ids = seeded_random(self.account.name)


@dataclass(slots=True)
class _RequestInfo:
    # Filled in while a request is checked; the request log needs it for errors too.
    route: Route | None = None
    domain: str = ""
    token_ok: bool = False


def respond(call: Call, api: Api) -> Response:
    """Respond to one request; the response depends only on *call* and *api*."""
    if api.switches.host == "web":
        return Response(200, WEB_PAGE, {"Content-Type": "text/html; charset=utf-8"})
    if call.path.startswith(files.PREFIX):
        with api.account.store.lock:
            return files.respond_with_file(call, api.account)
    started, info = api.clock(), _RequestInfo()
    try:
        with api.account.store.lock:
            content = _content(call, api, info=info)
        status, members, headers = content.status, content.members, _paging_headers(content)
    except ApiError as error:
        content, members = None, _error_members(error)
        status, headers = error.status, dict(error.headers)
    took = round(api.clock() - started, 6)
    return _envelope(content, members, api=api, took=took, status=status, headers=headers, info=info)


def _content(call: Call, api: Api, *, info: _RequestInfo) -> Content:
    found = routes.match_route(call.path)
    if found is None:
        raise not_found("Requested path")
    info.route, names = found
    if call.method != "GET":
        raise ApiError(405, f"Request method '{call.method}' is not supported")
    key = permissions.authenticate(call, api.account, switches=api.switches)
    info.token_ok = True
    info.domain = _domain(info.route, api.switches)
    _check_rate_limit(api, info.domain)
    _check_access(info.route, key, api=api)
    return info.route.respond(_context(call, api, key=key, names=names))


def _domain(route: Route, switches: Switches) -> str:
    uncertain = {"count": switches.count_domain, "users": switches.users_domain}
    return uncertain.get(route.domain, route.domain)


def _check_rate_limit(api: Api, domain: str) -> None:
    limit = api.throttle.admit(domain)
    if limit is not None:
        raise ApiError(
            429,
            "You are making too many requests! To avoid errors, we recommend you limit requests.",
            headers={
                "X-RateLimit-State": "THROTTLED",
                "X-RateLimit-Reason": "ACCOUNT",
                "X-RateLimit-Period-In-Sec": str(limit.period_in_sec),
            },
        )


def _check_access(route: Route, key: Key, *, api: Api) -> None:
    permissions.check_permission(key, route.permission)
    if route.feature is not None:
        permissions.check_plan(api.account, route.feature)


def _context(call: Call, api: Api, *, key: Key, names: Mapping[str, str]) -> RequestContext:
    return RequestContext(
        account=api.account,
        switches=api.switches,
        limits=api.limits,
        lists=api.lists,
        key=key,
        query=call.query,
        path_params=names,
        origin=f"{call.scheme}://{call.host}",
        path=call.path.rstrip("/"),
    )


def _paging_headers(content: Content) -> dict[str, str]:
    paging = content.members.get("paging", {})
    return {f"X-Paging-{name.capitalize()}": link for name, link in paging.items()}


def _error_members(error: ApiError) -> dict[str, Any]:
    members: dict[str, Any] = {"message": error.message}
    if error.code is not None:
        members["code"] = error.code
    if error.errors:
        members["errors"] = error.errors
    return members


def _envelope(
    content: Content | None,
    members: dict[str, Any],
    *,
    api: Api,
    took: float,
    status: int,
    headers: dict[str, str],
    info: _RequestInfo,
) -> Response:
    request_id = random_uuid(api.request_ids)
    envelope = orjson.dumps({**members, "took": took, "requestId": request_id})
    data = content.data if content else None
    body = envelope if data is None else b'{"data":' + data + b"," + envelope[1:]
    if content is not None and content.media_type and data is not None:
        body, headers = data, headers | {"Content-Type": content.media_type}
    if api.switches.timestamps == "full":
        body = with_full_fractions(body)
    common = {
        "Content-Type": JSON,
        "Date": formatdate(api.account.now() / 1000, usegmt=True),
        "X-Request-ID": request_id,
        "X-Response-Time": str(took),
        "X-RateLimit-State": "OK",
    }
    path = info.route.path if info.route else ""
    has_written = content is not None and info.route is not None and info.route.writes
    return Response(status, body, common | headers, path, info.domain, info.token_ok, writes=has_written)
