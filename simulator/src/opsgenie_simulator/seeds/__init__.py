"""A plausible history of on-call work, the same for the same seed."""

from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.alerts import alerts
from opsgenie_simulator.seeds.configuration import heartbeats
from opsgenie_simulator.seeds.history import History, Sizes
from opsgenie_simulator.seeds.incidents import incidents
from opsgenie_simulator.seeds.integrations import integrations
from opsgenie_simulator.seeds.services import services
from opsgenie_simulator.seeds.teams import teams
from opsgenie_simulator.seeds.users import users
from opsgenie_simulator.store import Store

__all__ = ["History", "Sizes", "seed_store"]


def seed_store(store: Store, sizes: Sizes, *, history: History, extra: Body) -> list[Body]:
    """Fill an empty store, with *extra* fields in each record, and return the account's heartbeats."""
    areas = (
        ("users", users(sizes.users, history)),
        ("teams", teams(sizes.teams, history, store=store)),
        ("services", services(sizes.services, history, store=store)),
        ("integrations", integrations(sizes.integrations, history, store=store)),
        ("alerts", alerts(sizes.alerts, history, store=store)),
        ("incidents", incidents(sizes.incidents, history, store=store)),
    )
    for kind, rows in areas:  # in this order, as later areas refer to records of earlier ones
        store.tables[kind].fill(
            store.record(kind, fields | extra, created=created, updated=updated) for created, updated, fields in rows
        )
    return heartbeats(history, store=store)
