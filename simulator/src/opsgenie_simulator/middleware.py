"""Functions around every response: they delay it, alter it, or change the account."""

from collections.abc import Callable
from dataclasses import replace

from opsgenie_simulator.messages import Call, Response

Respond = Callable[[Call], Response]
# Called with each request and with the function that responds to it; returns the response to send.
Middleware = Callable[[Call, Respond], Response]


def wrap(respond: Respond, middleware: tuple[Middleware, ...]) -> Respond:
    """Put *middleware* around *respond*, the first one outermost."""
    for layer in reversed(middleware):
        respond = _wrap(respond, layer)
    return respond


def _wrap(respond: Respond, layer: Middleware) -> Respond:
    return lambda call: layer(call, respond)


def latency(delay_ms: float) -> Middleware:
    """Delay every response by *delay_ms*."""
    return lambda call, respond: replace(respond(call), delay_seconds=delay_ms / 1000)
