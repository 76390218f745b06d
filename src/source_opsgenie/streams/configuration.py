"""Streams about the setup of an account: integrations, heartbeats, maintenances, roles, and the account itself."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import (
    Field,
    boolean,
    details_mark,
    integer,
    list_of,
    list_of_texts,
    nested,
    text,
    timestamp,
)
from source_opsgenie.streams.shapes import INTEGRATION_SETTINGS, RECIPIENT, conditions, owner_team
from source_opsgenie.streams.stream import Content, Detail, Parent, Rows, Stream


def actions(name: str, effect: str, *inner: Field) -> Field:
    """The actions of one type that an integration takes."""
    return list_of(
        name,
        f"Actions that {effect}.",
        text("type", "Type of the action. One of create, close, acknowledge, addNote, ignore."),
        text("name", "Name of the action."),
        integer("order", "Position of the action. The first matching action is taken."),
        nested(
            "filter",
            "Events that the action applies to.",
            text(
                "conditionMatchType",
                "How conditions are combined. One of match-all, match-any-condition, match-all-conditions.",
            ),
            conditions(),
        ),
        *inner,
    )


ON_ALERT = (
    text("alias", "Alias of the alert. This and the other strings are in the integration's own template language."),
    text("user", "User recorded as having performed the action."),
    text("note", "Note to add."),
)

INTEGRATIONS = Stream(
    name="integrations",
    description="Every integration; its settings, which may hold secrets, are read only with integration_settings.",
    path="/v2/integrations",
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/integration-api#list-integrations",
    detail=Detail(completes_rows=True, option="integration_settings"),
    fields=(
        text("id", "Permanent unique id of the integration. Referenced by the field integration of alerts."),
        text("name", "Name of the integration, unique within the account."),
        boolean("enabled", "Whether the integration is enabled."),
        text("type", "Product that the integration connects to, for example API, Email, CloudWatch, Datadog."),
        text("teamId", "Id of the owning team (stream teams). Absent or empty string if none.", refers_to="teams"),
        text("version", "Version of the integration type. Not present in any documented or captured response."),
        boolean("advanced", "Whether advanced settings are in use. Not present in any documented response."),
        owner_team("Owning team. This and the fields below are returned only with integration_settings."),
        boolean("isGlobal", "Whether the integration belongs to the entire account."),
        list_of_texts("_readOnly", "Names of the settings that cannot be changed."),
        *INTEGRATION_SETTINGS,
        details_mark(),
    ),
)

INTEGRATION_ACTIONS = Stream(
    name="integration_actions",
    description="What each integration does with incoming events, one row per integration.",
    path="/v2/integrations/{integration_id}/actions",
    key=("integration_id",),
    docs_url="https://docs.opsgenie.com/docs/integration-api#list-integration-actions",
    parent=Parent("integrations", {"integration_id": "id"}, lists_only_if="advanced"),
    rows=Rows(content=Content.ONE_ROW),
    fields=(
        text("integration_id", "Id of the integration (stream integrations). Added by this connector."),
        nested(
            "_parent",
            "Parent integration, repeated by the API.",
            text("id", "Id of the integration (stream integrations).", refers_to="integrations"),
            text("name", "Name of the integration."),
            boolean("enabled", "Whether the integration is enabled."),
            text("type", "Product that the integration connects to."),
            text("teamId", "Id of the owning team (stream teams).", refers_to="teams"),
        ),
        actions("ignore", "ignore events"),
        actions(
            "create",
            "create an alert",
            *ON_ALERT,
            text("message", "Message of the alert."),
            text("description", "Long description of the alert."),
            text("source", "Source of the alert."),
            text("entity", "Entity that the alert is about."),
            text("priority", "Priority of the alert. One of P1 (highest), P2, P3, P4, P5."),
            text("customPriority", "Priority extracted from the event."),
            list_of_texts("tags", "Tags of the alert."),
            list_of_texts("alertActions", "Available custom actions."),
            nested("extraProperties", "Custom keys and string values of the alert."),
            list_of("recipients", "Older form of responders.", *RECIPIENT),
            list_of("responders", "Responders of the alert.", *RECIPIENT),
            boolean("appendAttachments", "Whether files of the event are attached to the alert."),
            boolean("ignoreAlertActionsFromPayload", "Whether actions in the event are ignored."),
            boolean("ignoreExtraPropertiesFromPayload", "Whether extra properties in the event are ignored."),
            boolean("ignoreRecipientsFromPayload", "Whether recipients in the event are ignored."),
            boolean("ignoreRespondersFromPayload", "Whether responders in the event are ignored."),
            boolean("ignoreTagsFromPayload", "Whether tags in the event are ignored."),
            boolean("ignoreTeamsFromPayload", "Whether teams in the event are ignored."),
        ),
        actions("close", "close an alert", *ON_ALERT),
        actions("acknowledge", "acknowledge an alert", *ON_ALERT),
        actions("addNote", "add a note to an alert", *ON_ALERT),
    ),
)

HEARTBEATS = Stream(
    name="heartbeats",
    description="Every heartbeat: what must report, how often, and whether it has expired.",
    path="/v2/heartbeats",
    key=("name",),
    domain=Domain.HEARTBEAT,
    docs_url="https://docs.opsgenie.com/docs/heartbeat-api#list-heartbeats",
    rows=Rows(at=("heartbeats",)),
    fields=(
        text("name", "Unique name of the heartbeat. Heartbeats have no id."),
        text("description", "Description of the heartbeat. May be an empty string."),
        integer("interval", "Maximum time between pings, in units of intervalUnit."),
        text("intervalUnit", "Unit of the interval. One of minutes, hours, days."),
        boolean("enabled", "Whether the heartbeat is enabled."),
        boolean("expired", "Whether the interval has passed without a ping."),
        timestamp("lastPingTime", "Time of the last ping. Absent if there was none."),
        timestamp("lastPingAt", "Time of the last ping. Undocumented, and absent from most responses."),
        owner_team("Owning team. Absent if none."),
        list_of_texts("alertTags", "Tags of the alert that is created when the heartbeat expires."),
        text("alertPriority", "Priority of that alert. One of P1 (highest), P2, P3, P4, P5."),
        text("alertMessage", "Message of that alert. May be an empty string."),
    ),
)

MAINTENANCES = Stream(
    name="maintenances",
    description="Every maintenance, past ones included: when integrations or policies are enabled or disabled.",
    path="/v1/maintenance",
    params={"type": "all"},
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/maintenance-api#list-maintenance",
    detail=Detail(completes_rows=True),
    fields=(
        text("id", "Unique id of the maintenance (UUID)."),
        text("status", "Status of the maintenance. One of active, planned, past, cancelled."),
        text("description", "Description of the maintenance. May be an empty string."),
        nested(
            "time",
            "Time span of the maintenance.",
            text(
                "type",
                "How the span was given. One of for-5-minutes, for-30-minutes, for-1-hour, indefinitely, schedule.",
            ),
            timestamp("startDate", "Start of the maintenance."),
            timestamp("endDate", "End of the maintenance. Absent if it has no end."),
        ),
        list_of(
            "rules",
            "Integrations and policies that are enabled or disabled during the maintenance.",
            text("state", "State during the maintenance. One of enabled, disabled."),
            nested(
                "entity",
                "Affected integration or policy.",
                text("id", "Id of the integration or policy."),
                text("type", "Entity type. One of integration, policy."),
            ),
        ),
        details_mark(),
    ),
)

CUSTOM_USER_ROLES = Stream(
    name="custom_user_roles",
    description="The account's custom user roles, and how they differ from the built-in ones.",
    path="/v2/roles",
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/custom-user-role-api",
    detail=Detail(completes_rows=True),
    fields=(
        text("id", "Unique id of the role (UUID)."),
        text("name", "Name of the role."),
        text("extendedRole", "Built-in role that this role extends, for example user, observer, stakeholder."),
        list_of_texts("grantedRights", "Permissions granted beyond those of the extended role."),
        list_of_texts("disallowedRights", "Permissions of the extended role that are withheld."),
        details_mark(),
    ),
)

ACCOUNT = Stream(
    name="account",
    description="The account itself, in one row: its name, size and plan.",
    path="/v2/account",
    key=("name",),
    docs_url="https://docs.opsgenie.com/docs/account-api",
    rows=Rows(content=Content.ONE_ROW),
    fields=(
        text("name", "Name of the account."),
        integer("userCount", "Number of users in the account."),
        nested(
            "plan",
            "Plan of the account.",
            text("name", "Name of the plan, for example Free, Essentials, Standard, Enterprise."),
            integer("maxUserCount", "Maximum number of users in the plan."),
            boolean("isYearly", "Whether the plan is billed yearly."),
        ),
    ),
)

CONFIGURATION_STREAMS: tuple[Stream, ...] = (
    INTEGRATIONS,
    INTEGRATION_ACTIONS,
    HEARTBEATS,
    MAINTENANCES,
    CUSTOM_USER_ROLES,
    ACCOUNT,
)
