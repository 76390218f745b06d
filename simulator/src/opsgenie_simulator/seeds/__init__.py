"""A plausible history of on-call work, the same for the same seed."""

from opsgenie_simulator.ledger import Ledger
from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.alerts import alerts
from opsgenie_simulator.seeds.configuration import heartbeats
from opsgenie_simulator.seeds.history import History, Sizes
from opsgenie_simulator.seeds.incidents import incidents
from opsgenie_simulator.seeds.integrations import integrations
from opsgenie_simulator.seeds.services import services
from opsgenie_simulator.seeds.teams import teams
from opsgenie_simulator.seeds.users import users

__all__ = ["History", "Sizes", "seed_ledger"]


def seed_ledger(ledger: Ledger, sizes: Sizes, *, history: History, extra: Body) -> list[Body]:
    """Fill an empty ledger, with *extra* fields in each record, and return the account's heartbeats."""
    areas = (
        ("users", users(sizes.users, history)),
        ("teams", teams(sizes.teams, history, ledger=ledger)),
        ("services", services(sizes.services, history, ledger=ledger)),
        ("integrations", integrations(sizes.integrations, history, ledger=ledger)),
        ("alerts", alerts(sizes.alerts, history, ledger=ledger)),
        ("incidents", incidents(sizes.incidents, history, ledger=ledger)),
    )
    for kind, rows in areas:  # in this order, as later areas refer to records of earlier ones
        ledger.shelves[kind].fill(
            ledger.record(kind, fields | extra, created=created, updated=updated) for created, updated, fields in rows
        )
    return heartbeats(history, ledger=ledger)
