"""Which key a request carries, and what that key and the account's plan allow."""

import base64
import binascii
import re
from typing import Literal

from opsgenie_simulator.account import Account
from opsgenie_simulator.errors import ApiError, outside_team
from opsgenie_simulator.keys import Key
from opsgenie_simulator.messages import Call
from opsgenie_simulator.switches import Switches

# A request to one of these hosts is meant for that region (docs/opsgenie-api.md#hosts).
REGIONS = {"api.opsgenie.com": "us", "api.eu.opsgenie.com": "eu"}
# Features that only some plans include (docs/opsgenie-api.md#plans).
PLANS = {
    "incidents": ("Standard", "Enterprise"),
    "services": ("Standard", "Enterprise"),
    "log files": ("Enterprise",),
}

# anyone: alerts, incidents; team: configuration that a team has too; account: what only the account has.
Permission = Literal["anyone", "team", "account"]

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def authenticate(call: Call, account: Account, *, switches: Switches) -> Key:
    """The key of a request; a malformed one is rejected before it is looked up."""
    token = _token(call.authorization)
    if not _UUID.fullmatch(token):
        raise ApiError(422, "Key format is not valid!")
    key = next((key for key in account.keys if key.token == token), None)
    region = REGIONS.get(call.host, account.region)
    if key is None or switches.wrong_region or region != account.region:
        raise ApiError(401, "Could not authenticate")
    return key


def _token(authorization: str | None) -> str:
    scheme, _, rest = (authorization or "").partition(" ")
    if scheme == "GenieKey":
        return rest.strip()
    if scheme == "Basic":
        return _password(rest)
    raise ApiError(401, "You are not authorized to access this resource")


def _password(encoded: str) -> str:
    # The user name is empty, and the password is the key.
    try:
        name, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        name, password = "?", ""
    if name:
        raise ApiError(401, "You are not authorized to access this resource")
    return password


def check_permission(key: Key, permission: Permission) -> None:
    """Raise a 403 if *key* lacks the permission that a route needs."""
    if not key.read:
        raise ApiError(403, "API Key is not granted with read access")
    if permission == "anyone":
        return
    if not key.configuration_access:
        raise ApiError(403, "API Key is not granted with configuration access")
    if permission == "account" and key.team_id is not None:
        raise outside_team()


def check_plan(account: Account, feature: str) -> None:
    """Raise a 402 if the account's plan lacks *feature* (docs/opsgenie-api.md#plans)."""
    if account.plan not in PLANS[feature]:
        raise ApiError(402, f"Account plan does not have the right to use {feature}.")
