"""The streams about how an account is set up: integrations, heartbeats, maintenance, roles, and the account itself."""

from source_opsgenie.api.pacing import Domain
from source_opsgenie.streams.fields import Field, flag, list_of, list_of_texts, nested, text, timestamp, whole_number
from source_opsgenie.streams.shapes import RECIPIENT, conditions, owner_team
from source_opsgenie.streams.stream import Content, Detail, Parent, Rows, Stream


def actions(name: str, what: str, *inner: Field) -> Field:
    """The actions of one kind that an integration takes."""
    return list_of(
        name,
        f"Which events {what}.",
        text("type", "What is done: one of create, close, acknowledge, addNote, ignore."),
        text("name", "Name of the action."),
        whole_number("order", "Place of the action: the first one that matches is taken."),
        nested(
            "filter",
            "The events that it takes.",
            text(
                "conditionMatchType",
                "How conditions are joined: one of match-all, match-any-condition, match-all-conditions.",
            ),
            conditions(),
        ),
        *inner,
    )


ON_ALERT = (
    text("alias", "Alias of the alert, in the integration's own template language, as are the other texts."),
    text("user", "User named as who did it."),
    text("note", "Note to add."),
)

INTEGRATIONS = Stream(
    name="integrations",
    description="Every integration; its settings, which may hold secrets of other products, only where that is asked.",
    path="/v2/integrations",
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/integration-api#list-integrations",
    detail=Detail(completes_rows=True, option="integration_settings"),
    fields=(
        text("id", "Names the integration for ever; alerts name it in integration."),
        text("name", "Name of the integration, unique in the account."),
        flag("enabled", "Whether the integration is switched on."),
        text("type", "Product that the integration speaks to, for example API, Email, CloudWatch, Datadog."),
        text("teamId", "Id of the owning team; absent or an empty text where no team does.", refers_to="teams"),
        text("version", "Version of its kind; no documented or captured answer has this field."),
        flag("advanced", "Whether advanced settings are in use; seen in no documented answer."),
        owner_team("The team that owns it; with integration_settings only, as are the fields below."),
        flag("isGlobal", "Whether it belongs to the whole account."),
        list_of_texts("_readOnly", "Names of the settings that cannot be changed."),
        flag("suppressNotifications", "Whether its alerts notify nobody."),
        list_of("responders", "Who is made a responder of its alerts.", *RECIPIENT),
        list_of_texts("tags", "Labels that its alerts get."),
        text("priority", "Priority that its alerts get."),
        flag("allowReadAccess", "Whether its key may read; for integrations that have a key."),
        flag("allowWriteAccess", "Whether its key may write."),
        flag("allowDeleteAccess", "Whether its key may delete."),
        flag("allowConfigurationAccess", "Whether its key may see the account's configuration."),
    ),
)

INTEGRATION_ACTIONS = Stream(
    name="integration_actions",
    description="What each integration does with the events that it gets: one row for each integration.",
    path="/v2/integrations/{integration_id}/actions",
    key=("integration_id",),
    docs_url="https://docs.opsgenie.com/docs/integration-api#list-integration-actions",
    parent=Parent("integrations", {"integration_id": "id"}),
    rows=Rows(content=Content.ONE_ROW),
    fields=(
        text("integration_id", "Id of the integration; added by this connector."),
        nested(
            "_parent",
            "The integration, as the API repeats it.",
            text("id", "Id of the integration.", refers_to="integrations"),
            text("name", "Name of the integration."),
            flag("enabled", "Whether the integration is switched on."),
            text("type", "Product that the integration speaks to."),
            text("teamId", "Id of the owning team.", refers_to="teams"),
        ),
        actions("ignore", "are ignored"),
        actions(
            "create",
            "create an alert",
            *ON_ALERT,
            text("message", "What the alert says."),
            text("description", "Long text about the alert."),
            text("source", "Where the alert came from."),
            text("entity", "What the alert is about."),
            text("priority", "Urgency of the alert: one of P1, P2, P3, P4, P5."),
            text("customPriority", "Urgency, taken out of the event."),
            list_of_texts("tags", "Labels of the alert."),
            list_of_texts("alertActions", "Custom actions on offer."),
            nested("extraProperties", "Free keys and texts of the alert."),
            list_of("recipients", "An older form of responders.", *RECIPIENT),
            list_of("responders", "Who is made a responder.", *RECIPIENT),
            flag("appendAttachments", "Whether files of the event are attached."),
            flag("ignoreAlertActionsFromPayload", "Whether actions in the event are left out."),
            flag("ignoreExtraPropertiesFromPayload", "Whether extra properties in the event are left out."),
            flag("ignoreRecipientsFromPayload", "Whether recipients in the event are left out."),
            flag("ignoreRespondersFromPayload", "Whether responders in the event are left out."),
            flag("ignoreTagsFromPayload", "Whether tags in the event are left out."),
            flag("ignoreTeamsFromPayload", "Whether teams in the event are left out."),
        ),
        actions("close", "close an alert", *ON_ALERT),
        actions("acknowledge", "acknowledge an alert", *ON_ALERT),
        actions("addNote", "add a note to an alert", *ON_ALERT),
    ),
)

HEARTBEATS = Stream(
    name="heartbeats",
    description="Every heartbeat: what must report, how often, and whether it has stopped.",
    path="/v2/heartbeats",
    key=("name",),
    domain=Domain.HEARTBEAT,
    docs_url="https://docs.opsgenie.com/docs/heartbeat-api#list-heartbeats",
    rows=Rows(at=("heartbeats",)),
    fields=(
        text("name", "Names the heartbeat; it has no id."),
        text("description", "What reports; may be an empty text."),
        whole_number("interval", "How long it may be silent, in units of intervalUnit."),
        text("intervalUnit", "Unit of the interval: one of minutes, hours, days."),
        flag("enabled", "Whether the heartbeat is switched on."),
        flag("expired", "Whether it has been silent for too long."),
        timestamp("lastPingTime", "When it last reported; absent when it never did."),
        owner_team("The team that owns it; absent when no team does."),
        list_of_texts("alertTags", "Labels of the alert that its silence makes."),
        text("alertPriority", "Urgency of that alert: one of P1, P2, P3, P4, P5."),
        text("alertMessage", "What that alert says; may be an empty text."),
    ),
)

MAINTENANCES = Stream(
    name="maintenances",
    description="Every maintenance, past ones too: when integrations or policies are switched off or on.",
    path="/v1/maintenance",
    params={"type": "all"},
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/maintenance-api#list-maintenance",
    detail=Detail(completes_rows=True),
    fields=(
        text("id", "Names the maintenance: a UUID."),
        text("status", "State of the maintenance: one of active, planned, past, cancelled."),
        text("description", "What it is for; may be an empty text."),
        nested(
            "time",
            "When it is.",
            text("type", "How it was given: one of for-5-minutes, for-30-minutes, for-1-hour, indefinitely, schedule."),
            timestamp("startDate", "When it begins."),
            timestamp("endDate", "When it ends; absent when it does not."),
        ),
        list_of(
            "rules",
            "What is switched meanwhile.",
            text("state", "Which way: one of enabled, disabled."),
            nested(
                "entity",
                "What is switched.",
                text("id", "Id of the integration or policy."),
                text("type", "What it is: one of integration, policy."),
            ),
        ),
    ),
)

CUSTOM_USER_ROLES = Stream(
    name="custom_user_roles",
    description="The roles that the account has made of its own, and how they differ from the built-in ones.",
    path="/v2/roles",
    key=("id",),
    docs_url="https://docs.opsgenie.com/docs/custom-user-role-api",
    detail=Detail(completes_rows=True),
    fields=(
        text("id", "Names the role: a UUID."),
        text("name", "Name of the role."),
        text("extendedRole", "The built-in role that it is made of, such as user, observer, stakeholder."),
        list_of_texts("grantedRights", "Rights that it has beyond that."),
        list_of_texts("disallowedRights", "Rights of that which it lacks."),
    ),
)

ACCOUNT = Stream(
    name="account",
    description="The account itself: its name, its size and its plan, in one row.",
    path="/v2/account",
    key=("name",),
    docs_url="https://docs.opsgenie.com/docs/account-api",
    rows=Rows(content=Content.ONE_ROW),
    fields=(
        text("name", "Name of the account."),
        whole_number("userCount", "How many users it has."),
        nested(
            "plan",
            "What it pays for.",
            text("name", "Name of the plan, for example Free, Essentials, Standard, Enterprise."),
            whole_number("maxUserCount", "How many users it may have."),
            flag("isYearly", "Whether it is paid by the year."),
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
