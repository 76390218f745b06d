"""A believable history of on-call work, the same for the same seed."""

from opsgenie_simulator.ledger import Ledger
from opsgenie_simulator.records import Body
from opsgenie_simulator.seeds.alerts import alerts
from opsgenie_simulator.seeds.configuration import heartbeats, integrations, services
from opsgenie_simulator.seeds.incidents import incidents
from opsgenie_simulator.seeds.people import teams, users
from opsgenie_simulator.seeds.span import Sizes, Span

__all__ = ["Sizes", "Span", "sow"]


def sow(ledger: Ledger, sizes: Sizes, *, span: Span, extra: Body) -> list[Body]:
    """Fill an empty ledger, each record with *extra* fields; returns the account's heartbeats."""
    areas = (
        ("users", users(sizes.users, span)),
        ("teams", teams(sizes.teams, span, ledger=ledger)),
        ("services", services(sizes.services, span, ledger=ledger)),
        ("integrations", integrations(sizes.integrations, span, ledger=ledger)),
        ("alerts", alerts(sizes.alerts, span, ledger=ledger)),
        ("incidents", incidents(sizes.incidents, span, ledger=ledger)),
    )
    for kind, sown in areas:  # in this order, since later areas name records of earlier ones
        ledger.shelves[kind].fill(
            ledger.record(kind, fields | extra, created=created, updated=updated) for created, updated, fields in sown
        )
    return heartbeats(span.chance("heartbeats"), span, ledger=ledger)
