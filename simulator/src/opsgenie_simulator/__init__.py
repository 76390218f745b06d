"""A simulator of the Opsgenie REST API, for tests and demonstrations."""

from opsgenie_simulator.account import Account
from opsgenie_simulator.faults import Faults
from opsgenie_simulator.keys import Key
from opsgenie_simulator.limits import OtherClient, RateLimit
from opsgenie_simulator.messages import Call, Request, Response
from opsgenie_simulator.middleware import Middleware, Respond
from opsgenie_simulator.random_changes import RandomChanges
from opsgenie_simulator.server import Simulator
from opsgenie_simulator.switches import Switches

__all__ = [
    "Account",
    "Call",
    "Faults",
    "Key",
    "Middleware",
    "OtherClient",
    "RandomChanges",
    "RateLimit",
    "Request",
    "Respond",
    "Response",
    "Simulator",
    "Switches",
]
