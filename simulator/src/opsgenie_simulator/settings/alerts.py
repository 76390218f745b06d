"""Saved searches for alerts."""

from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.inventory import DAY_MS, Inventory, derive_id
from opsgenie_simulator.timestamps import format_timestamp

SEARCHES = (
    ("Open and urgent", "status: open AND priority: P1"),
    ("Mine", "owner: me@example.com"),
    ("Disks", "message: disk*"),
)


def saved_searches(inventory: Inventory) -> list[Body]:
    """Saved searches with all fields; some belong to teams."""
    return [
        {
            "id": derive_id(f"search {name} {owner['id']}"),
            "name": name,
            "createdAt": format_timestamp(inventory.until - (number + 20) * DAY_MS),
            "updatedAt": format_timestamp(inventory.until - number * DAY_MS + 7),
            "owner": {"id": owner["id"]},
            "teams": [{"id": team["id"]} for team in inventory.teams[:number]],
            "description": f"What {owner['username']} looks at" if number else "",
            "query": query,
        }
        for number, ((name, query), owner) in enumerate(zip(SEARCHES, inventory.users, strict=False))
    ]
