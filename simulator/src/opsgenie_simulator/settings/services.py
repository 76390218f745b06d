"""How incidents come about on a service, and who is told (docs/opsgenie-api.md#service-settings)."""

from collections.abc import Sequence
from itertools import cycle, islice

from opsgenie_simulator.randomness import happens, random_uuid, seeded_random
from opsgenie_simulator.records import Body

FIELDS = ("message", "priority", "tags", "extra-properties")
TOLD = ("country", "tag", "customProperty")


def incident_rules(service: Body) -> list[Body]:
    """The rules by which alerts become incidents of a service; some services have none."""
    chance = seeded_random(f"incident rules {service['id']}")
    return [
        {
            "id": random_uuid(chance),
            "order": order,
            "conditionMatchType": "match-any-condition" if order else "match-all-conditions",
            "conditions": [_condition(field, at) for at, field in enumerate(islice(cycle(FIELDS), order, order + 2))],
            "incidentProperties": _properties(service, is_full=bool(order)),
        }
        for order in range(chance.choice((0, 1, 2, 3)))
    ]


def incident_templates(service: Body) -> list[Body]:
    """The templates for incidents of a service; some services have none."""
    chance = seeded_random(f"incident templates {service['id']}")
    return [
        {
            "id": random_uuid(chance),
            "name": f"{service['name']}: {name}",
            "incidentProperties": _properties(service, is_full=happens(chance, 0.5)),
        }
        for name in ("outage", "slow answers")[: chance.choice((0, 1, 2))]
    ]


def templates(services: Sequence[Body]) -> list[Body]:
    """The account's own templates for incidents, one for every second service."""
    return [
        {
            "id": random_uuid(seeded_random(f"template {service['id']}")),
            "name": f"Incident of {service['name']}",
            **_properties(service, is_full=bool(position % 4)),
            **({"impactedServices": [service["id"]]} if position % 4 else {}),
        }
        for position, service in enumerate(services)
        if position % 2 == 0
    ]


def audience_templates(service: Body, team: Body | None) -> Body:
    """Who responds to incidents of a service and who is told of them; *team* is the service's own."""
    members = [member["user"]["id"] for member in (team or {}).get("members", ())]
    chance = seeded_random(f"audience {service['id']}")
    field = chance.choice(TOLD)
    condition = {"matchField": field, "value": "eu"} | ({"key": "region"} if field == "customProperty" else {})
    return {
        "responder": {"teams": [team["id"]], "individuals": members[:1]} if team else {},
        "stakeholder": {
            "individuals": members[1:3],
            "conditionMatchType": "match-any-condition",
            "conditions": [condition] if happens(chance, 0.6) else [],
        },
    }


def _condition(field: str, order: int) -> Body:
    # Only conditions on extra properties have a key.
    key = {"key": "region"} if field == "extra-properties" else {}
    return {"field": field, **key, "not": bool(order), "operation": "contains", "expectedValue": "eu", "order": order}


def _properties(service: Body, *, is_full: bool) -> Body:
    told = {"enable": True, "message": f"{service['name']} is disturbed"}
    properties: Body = {"message": f"{service['name']}: {{{{message}}}}", "priority": "P2"}
    if is_full:
        told = {**told, "description": "We are working on it."}
        properties |= {"description": "{{description}}", "tags": ["from-rule"], "details": {"tier": "1"}}
    return {**properties, "stakeholderProperties": told}
