"""What single integrations are set to, secrets among it, and what they do (docs/opsgenie-api.md#integration)."""

from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.people import conditions, id_of, meta, to

ACTIONS = ("ignore", "create", "close", "acknowledge", "addNote")
FORWARDED: Body = {
    "action": "tag", "extraField": "tag", "mappedAction": "comment", "extraFieldForMappedAction": "text",
}  # fmt: skip


def settings(integration: Body, team: Body | None) -> Body:
    """An integration by itself: what all types share, and what its own type adds."""
    shared = {name: integration[name] for name in ("id", "name", "type", "enabled")}
    owner = {"ownerTeam": meta(team), "assignedTeam": meta(team)} if team else {}
    return {
        **shared,
        "isGlobal": team is None,
        **owner,
        "_readOnly": ["id", "type"],
        **_incoming(integration, team),
        **OWN.get(integration["type"], _token_based)(integration),
    }


def actions(integration: Body) -> Body:
    """What an integration does with what comes in, by kind; who is not advanced has the plain ones only."""
    parent = {name: integration[name] for name in ("id", "name", "enabled", "type", "teamId") if name in integration}
    number = 2 if integration["advanced"] else 1
    return {"_parent": parent, **{kind: _actions(kind, number) for kind in ACTIONS}}


def _incoming(integration: Body, team: Body | None) -> Body:
    chance = seeded_random(f"settings {integration['id']}")
    responders = [to("team", team)] if team else []
    return {
        "suppressNotifications": False,
        "ignoreTeamsFromPayload": bool(chance.randrange(2)),
        "ignoreRecipientsFromPayload": False,
        "ignoreRespondersFromPayload": False,
        "ignoreTagsFromPayload": False,
        "ignoreExtraPropertiesFromPayload": False,
        "isAdvanced": integration["advanced"],
        "recipients": responders,
        "responders": responders,
        "priority": "P3",
        "customPriority": "",
        "tags": ["from-integration"] if chance.randrange(2) else [],
        "extraProperties": {"origin": integration["name"]} if chance.randrange(2) else {},
        "feature-type": "token-based",
    }


def _token_based(_: Body) -> Body:
    allowed = ("allowReadAccess", "allowWriteAccess", "allowDeleteAccess", "allowConfigurationAccess")
    return dict.fromkeys(allowed[:3], True) | {allowed[3]: False}


def _api(integration: Body) -> Body:
    return {**_token_based(integration), "isDefaultIntegration": integration["name"] == "Default API"}


def _datadog(integration: Body) -> Body:
    given = conditions()
    return {
        **_token_based(integration),
        "alertFilter": {"conditionMatchType": given["type"], "conditions": given["conditions"]},
        "forwardingEnabled": True,
        "forwardingActionMappings": [FORWARDED],
        "callback-type": "bidirectional-callback-new",
        "updatesActionMappings": [FORWARDED],
        "updatesEnabled": True,
        "bidirectional-callback-type": "datadog-callback",
        "token": id_of(f"token {integration['id']}").replace("-", ""),
        "sendToEU": False,
    }


def _email(integration: Body) -> Body:
    # Whoever knows the address can create alerts.
    name = id_of(f"address {integration['id']}")[:8]
    return {"feature-type": "email-based", "emailUsername": name, "emailAddress": f"{name}@acme.opsgenie.example"}


OWN = {"API": _api, "Datadog": _datadog, "Email": _email}


def _actions(kind: str, number: int) -> list[Body]:
    if kind == "ignore" and number == 1:
        return []
    return [_action(kind, order) for order in range(number)]


def _action(kind: str, order: int) -> Body:
    given = conditions()
    condition = [{name: one[name] for name in one if name != "order"} for one in given["conditions"]]
    action: Body = {
        "type": kind,
        "name": f"{kind} {order}",
        "order": order,
        "filter": {
            "conditionMatchType": given["type"] if order else "match-all",
            "conditions": condition if order else [],
        },
    }
    if kind == "ignore":
        return action
    action |= {"user": "{{user}}", "note": "{{note}}", "alias": "{{alias}}"}
    return action | (CREATE if kind == "create" else {})


CREATE: Body = {
    "source": "{{source}}", "message": "{{message}}", "description": "{{description}}", "entity": "{{entity}}",
    "priority": "P3", "customPriority": "", "appendAttachments": True, "alertActions": ["Restart"],
    "ignoreAlertActionsFromPayload": False, "recipients": [{"type": "none"}], "responders": [{"type": "none"}],
    "ignoreRecipientsFromPayload": False, "ignoreTeamsFromPayload": False, "tags": ["made"],
    "ignoreTagsFromPayload": False, "extraProperties": {}, "ignoreExtraPropertiesFromPayload": False,
    "ignoreRespondersFromPayload": False,
}  # fmt: skip
