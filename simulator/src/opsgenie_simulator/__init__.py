"""A standing imitation of the Opsgenie REST API, for tests and demonstrations."""

from opsgenie_simulator.account import Account
from opsgenie_simulator.faults import Faults
from opsgenie_simulator.keys import Key
from opsgenie_simulator.limits import RateLimit
from opsgenie_simulator.messages import Call, Request, Response, Weather
from opsgenie_simulator.server import Simulator
from opsgenie_simulator.switches import Switches
from opsgenie_simulator.weather import Changing

__all__ = [
    "Account",
    "Call",
    "Changing",
    "Faults",
    "Key",
    "RateLimit",
    "Request",
    "Response",
    "Simulator",
    "Switches",
    "Weather",
]
