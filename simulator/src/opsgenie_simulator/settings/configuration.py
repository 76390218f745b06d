"""Custom user roles of the account."""

from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.inventory import Inventory, derive_id

BUILT_IN = ("Owner", "Admin", "User")


def roles(inventory: Inventory) -> list[Body]:
    """Custom roles with all fields: those that users have, and one without users."""
    used = {user["role"]["id"]: user["role"] for user in inventory.users if user["role"]["id"] not in BUILT_IN}
    custom = [
        {**role, "extendedRole": "user", "grantedRights": ["incident-create"], "disallowedRights": ["reports-access"]}
        for role in used.values()
    ]
    unused: Body = {"id": derive_id("Auditor"), "name": "Auditor", "extendedRole": "observer"}
    return [*custom, {**unused, "grantedRights": [], "disallowedRights": []}] if inventory.users else custom
