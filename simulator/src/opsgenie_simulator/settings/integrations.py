"""Settings of single integrations, with their secrets, and their actions (docs/opsgenie-api.md#integration)."""

from opsgenie_simulator.randomness import seeded_random
from opsgenie_simulator.records import Body
from opsgenie_simulator.settings.inventory import condition_filter, derive_id, id_and_name, recipient

ACTIONS = ("ignore", "create", "close", "acknowledge", "addNote")
FORWARDED: Body = {
    "action": "tag", "extraField": "tag", "mappedAction": "comment", "extraFieldForMappedAction": "text",
}  # fmt: skip


def settings(integration: Body, team: Body | None) -> Body:
    """A single integration: the fields that all types share, and those of its own type."""
    shared = {name: integration[name] for name in ("id", "name", "type", "enabled")}
    owner = {"ownerTeam": id_and_name(team), "assignedTeam": id_and_name(team)} if team else {}
    return {
        **shared,
        "isGlobal": team is None,
        **owner,
        "_readOnly": ["id", "type"],
        **_incoming(integration, team),
        **TYPES.get(integration["type"], _token_based)(integration),
    }


def actions(integration: Body) -> Body:
    """The actions of an integration on incoming data, by kind; an advanced one has more."""
    parent = {name: integration[name] for name in ("id", "name", "enabled", "type", "teamId") if name in integration}
    number = 2 if integration["advanced"] else 1
    return {"_parent": parent, **{kind: _actions(kind, number) for kind in ACTIONS}}


def _incoming(integration: Body, team: Body | None) -> Body:
    rng = seeded_random(f"settings {integration['id']}")
    responders = [recipient("team", team)] if team else []
    return {
        "suppressNotifications": False,
        "ignoreTeamsFromPayload": bool(rng.randrange(2)),
        "ignoreRecipientsFromPayload": False,
        "ignoreRespondersFromPayload": False,
        "ignoreTagsFromPayload": False,
        "ignoreExtraPropertiesFromPayload": False,
        "isAdvanced": integration["advanced"],
        "recipients": responders,
        "responders": responders,
        "priority": "P3",
        "customPriority": "",
        "tags": ["from-integration"] if rng.randrange(2) else [],
        "extraProperties": {"origin": integration["name"]} if rng.randrange(2) else {},
        "feature-type": "token-based",
    }


def _token_based(_: Body) -> Body:
    allowed = ("allowReadAccess", "allowWriteAccess", "allowDeleteAccess", "allowConfigurationAccess")
    return dict.fromkeys(allowed[:3], True) | {allowed[3]: False}


def _api(integration: Body) -> Body:
    return {**_token_based(integration), "isDefaultIntegration": integration["name"] == "Default API"}


def _datadog(integration: Body) -> Body:
    criteria = condition_filter()
    return {
        **_token_based(integration),
        "alertFilter": {"conditionMatchType": criteria["type"], "conditions": criteria["conditions"]},
        "forwardingEnabled": True,
        "forwardingActionMappings": [FORWARDED],
        "callback-type": "bidirectional-callback-new",
        "updatesActionMappings": [FORWARDED],
        "updatesEnabled": True,
        "bidirectional-callback-type": "datadog-callback",
        "token": derive_id(f"token {integration['id']}").replace("-", ""),
        "sendToEU": False,
    }


def _email(integration: Body) -> Body:
    # The address is a secret: a mail to it creates an alert.
    name = derive_id(f"address {integration['id']}")[:8]
    return {"feature-type": "email-based", "emailUsername": name, "emailAddress": f"{name}@acme.opsgenie.example"}


TYPES = {"API": _api, "Datadog": _datadog, "Email": _email}


def _actions(kind: str, number: int) -> list[Body]:
    if kind == "ignore" and number == 1:
        return []
    return [_action(kind, order) for order in range(number)]


def _action(kind: str, order: int) -> Body:
    criteria = condition_filter()
    conditions = [
        {name: value for name, value in condition.items() if name != "order"} for condition in criteria["conditions"]
    ]
    action: Body = {
        "type": kind,
        "name": f"{kind} {order}",
        "order": order,
        "filter": {
            "conditionMatchType": criteria["type"] if order else "match-all",
            "conditions": conditions if order else [],
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
