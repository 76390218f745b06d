"""A believable history of on-call work, the same for the same seed."""

from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.alerts import alerts
from opsgenie_simulator.seeds.configuration import heartbeats, integrations, services
from opsgenie_simulator.seeds.incidents import incidents
from opsgenie_simulator.seeds.people import teams, users
from opsgenie_simulator.seeds.span import Sizes, Span
from opsgenie_simulator.store import Store

__all__ = ["Sizes", "Span", "sow"]


def sow(store: Store, sizes: Sizes, *, span: Span, extra: Body) -> list[Body]:
    """Fill an empty store, each record with *extra* fields; returns the account's heartbeats."""
    areas = (
        ("users", users(sizes.users, span)),
        ("teams", teams(sizes.teams, span, store=store)),
        ("services", services(sizes.services, span, store=store)),
        ("integrations", integrations(sizes.integrations, span, store=store)),
        ("alerts", alerts(sizes.alerts, span, store=store)),
        ("incidents", incidents(sizes.incidents, span, store=store)),
    )
    for kind, sown in areas:  # in this order, since later areas name records of earlier ones
        store.tables[kind].fill(
            store.record(kind, fields | extra, created=created, updated=updated) for created, updated, fields in sown
        )
    return heartbeats(span.chance("heartbeats"), span, store=store)
