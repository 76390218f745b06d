"""Every path of the API that the simulator serves."""

from collections.abc import Iterator
from urllib.parse import unquote

from opsgenie_simulator.routes import (
    alerts,
    configuration,
    incidents,
    integrations,
    log_files,
    policies,
    schedules,
    services,
    teams,
    users,
)
from opsgenie_simulator.routes.route import Route

__all__ = ["ROUTES", "Route", "match_route"]

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
    *log_files.ROUTES,
)

_FIXED = {route.path: route for route in ROUTES if "{" not in route.path}
_PATTERNS = [(route.path.split("/"), route) for route in ROUTES if "{" in route.path]


def match_route(path: str) -> tuple[Route, dict[str, str]] | None:
    """Find the route of *path* and its path parameters, ignoring a trailing slash."""
    bare = path.rstrip("/")
    if bare in _FIXED:
        return _FIXED[bare], {}
    return next(_matches(bare.split("/")), None)


def _matches(parts: list[str]) -> Iterator[tuple[Route, dict[str, str]]]:
    for pattern, route in _PATTERNS:
        pairs = list(zip(pattern, parts, strict=False))
        if len(pattern) == len(parts) and all(name == part or name[:1] == "{" for name, part in pairs):
            yield route, {name[1:-1]: unquote(part) for name, part in pairs if name[:1] == "{"}
