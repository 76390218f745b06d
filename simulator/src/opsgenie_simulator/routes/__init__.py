"""Every path that is answered."""

from collections.abc import Iterator
from urllib.parse import unquote

from opsgenie_simulator.routes import (
    alerts,
    configuration,
    incidents,
    integrations,
    logs,
    policies,
    schedules,
    services,
    teams,
    users,
)
from opsgenie_simulator.routes.route import Route

__all__ = ["ROUTES", "Route", "found"]

ROUTES: tuple[Route, ...] = (
    *alerts.ROUTES,
    *incidents.ROUTES,
    *services.ROUTES,
    *users.ROUTES,
    *teams.ROUTES,
    *schedules.ROUTES,
    *integrations.ROUTES,
    *policies.ROUTES,
    *configuration.ROUTES,
    *logs.ROUTES,
)

_FIXED = {route.path: route for route in ROUTES if "{" not in route.path}
_PATTERNS = [(route.path.split("/"), route) for route in ROUTES if "{" in route.path]


def found(path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a path and the names in it; a trailing slash is forgiven."""
    bare = path.rstrip("/")
    if bare in _FIXED:
        return _FIXED[bare], {}
    return next(_matching(bare.split("/")), None)


def _matching(parts: list[str]) -> Iterator[tuple[Route, dict[str, str]]]:
    for pattern, route in _PATTERNS:
        pairs = list(zip(pattern, parts, strict=False))
        if len(pattern) == len(parts) and all(name == part or name[:1] == "{" for name, part in pairs):
            yield route, {name[1:-1]: unquote(part) for name, part in pairs if name[:1] == "{"}
