"""Who may ask, for what, and how much at a time."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Literal

from opsgenie_simulator.account import Account
from opsgenie_simulator.keys import Key
from opsgenie_simulator.messages import Call
from opsgenie_simulator.refusals import Refusal, bad_parameter, out_of_team
from opsgenie_simulator.switches import Switches

CAP = 20_000
# Whoever reaches us under one of these names means that region (docs/opsgenie-api.md#hosts).
REGIONS = {"api.opsgenie.com": "us", "api.eu.opsgenie.com": "eu"}
# What only some plans include (docs/opsgenie-api.md#plans).
PLANS = {
    "incidents": ("Standard", "Enterprise"),
    "services": ("Standard", "Enterprise"),
    "log files": ("Enterprise",),
}

# anyone: alerts, incidents; team: configuration that a team has too; account: what only the account has.
Right = Literal["anyone", "team", "account"]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def authenticated(call: Call, account: Account, *, switches: Switches) -> Key:
    """The key that asks; a malformed one is refused before anybody looks for it."""
    token = _token(call.authorization)
    if not _UUID.fullmatch(token):
        raise Refusal(422, "Key format is not valid!")
    found = next((key for key in account.keys if key.token == token), None)
    region = REGIONS.get(call.host, account.region)
    if found is None or switches.wrong_region or region != account.region:
        raise Refusal(401, "Could not authenticate")
    return found


def _token(authorization: str | None) -> str:
    scheme, _, rest = (authorization or "").partition(" ")
    if scheme == "GenieKey":
        return rest.strip()
    if scheme == "Basic":
        return _password(rest)
    raise Refusal(401, "You are not authorized to access this resource")


def _password(encoded: str) -> str:
    # An empty user name, and the key for a password.
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name, password = "?", ""
    if name:
        raise Refusal(401, "You are not authorized to access this resource")
    return password


def entitled(key: Key, right: Right) -> None:
    """Refuse a key without the right that a route needs."""
    if not key.read:
        raise Refusal(403, "API Key is not granted with read access")
    if right == "anyone":
        return
    if not key.configuration_access:
        raise Refusal(403, "API Key is not granted with configuration access")
    if right == "account" and key.team_id is not None:
        raise out_of_team()


def subscribed(account: Account, feature: str) -> None:
    """Refuse what the account's plan does not include (docs/opsgenie-api.md#plans)."""
    if account.plan not in PLANS[feature]:
        raise Refusal(402, f"Account plan does not have the right to use {feature}.")


def whole_number(query: Mapping[str, str], name: str, *, default: int, at_least: int) -> int:
    """A parameter that is a whole number."""
    text = query.get(name, str(default))
    if not text.lstrip("-").isdecimal() or int(text) < at_least:
        raise bad_parameter(name, f"must be a whole number of at least {at_least}")
    return int(text)


def one_of(query: Mapping[str, str], name: str, *, values: tuple[str, ...]) -> str:
    """A parameter with a set of values, the first of which is the default."""
    text = query.get(name, values[0])
    if text not in values:
        raise bad_parameter(name, f"must be one of {', '.join(values)}")
    return text


def reachable(total: int, *, offset: int, limit: int, switches: Switches) -> int:
    """How many rows can be listed; a page beyond is refused, or `next` ends (docs/opsgenie-api.md#the-cap)."""
    sum_at_most = CAP if switches.cap_inclusive else CAP - 1
    if switches.cap == "ends":
        return min(total, sum_at_most)
    if offset + limit > sum_at_most:
        raise Refusal(422, "Sum of offset and limit should be lower than 20000")
    return total
