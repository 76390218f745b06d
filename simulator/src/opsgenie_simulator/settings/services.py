"""Incident rules, incident templates and audiences of services (docs/opsgenie-api.md#service-settings)."""

from collections.abc import Sequence
from itertools import cycle, islice

from opsgenie_simulator.randomness import happens, random_uuid, seeded_random
from opsgenie_simulator.records import Body

FIELDS = ("message", "priority", "tags", "extra-properties")
AUDIENCE_FIELDS = ("country", "tag", "customProperty")


def properties(service: Body) -> Body:
    """Fields that no captured service has: who can see it, and custom keys and values."""
    rng = seeded_random(f"properties {service['id']}")
    return {
        "visibility": rng.choice(("TEAM_MEMBERS", "OPSGENIE_USERS")),
        "extraProperties": {"cost-center": str(rng.randint(100, 999))} if happens(rng, 0.5) else {},
    }


def incident_rules(service: Body) -> list[Body]:
    """The rules that create incidents of a service from alerts; some services have none."""
    rng = seeded_random(f"incident rules {service['id']}")
    return [
        {
            "id": random_uuid(rng),
            "order": order,
            "conditionMatchType": "match-any-condition" if order else "match-all-conditions",
            "conditions": [_condition(field, at) for at, field in enumerate(islice(cycle(FIELDS), order, order + 2))],
            "incidentProperties": _properties(service, is_full=bool(order)),
        }
        for order in range(rng.choice((0, 1, 2, 3)))
    ]


def incident_templates(service: Body) -> list[Body]:
    """The incident templates of a service; some services have none."""
    rng = seeded_random(f"incident templates {service['id']}")
    return [
        {
            "id": random_uuid(rng),
            "name": f"{service['name']}: {name}",
            "incidentProperties": _properties(service, is_full=happens(rng, 0.5)),
        }
        for name in ("outage", "slow responses")[: rng.choice((0, 1, 2))]
    ]


def templates(services: Sequence[Body]) -> list[Body]:
    """The incident templates of the account, one for every second service."""
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
    """The responders and stakeholders of a service's incidents; *team* is the service's own."""
    members = [member["user"]["id"] for member in (team or {}).get("members", ())]
    rng = seeded_random(f"audience {service['id']}")
    field = rng.choice(AUDIENCE_FIELDS)
    condition = {"matchField": field, "value": "eu"} | ({"key": "region"} if field == "customProperty" else {})
    return {
        "responder": {"teams": [team["id"]], "individuals": members[:1]} if team else {},
        "stakeholder": {
            "individuals": members[1:3],
            "conditionMatchType": "match-any-condition",
            "conditions": [condition] if happens(rng, 0.6) else [],
        },
    }


def _condition(field: str, order: int) -> Body:
    # Only conditions on extra properties have a key.
    key = {"key": "region"} if field == "extra-properties" else {}
    return {"field": field, **key, "not": bool(order), "operation": "contains", "expectedValue": "eu", "order": order}


def _properties(service: Body, *, is_full: bool) -> Body:
    stakeholder = {"enable": True, "message": f"{service['name']} is disturbed"}
    properties: Body = {"message": f"{service['name']}: {{{{message}}}}", "priority": "P2"}
    if is_full:
        stakeholder = {**stakeholder, "description": "We are working on it."}
        properties |= {"description": "{{description}}", "tags": ["from-rule"], "details": {"tier": "1"}}
    return {**properties, "stakeholderProperties": stakeholder}
