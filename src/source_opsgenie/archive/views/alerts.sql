-- One row for each alert: who acknowledged and closed it and when, with names instead of ids. Times are UTC.
CREATE VIEW report.alert_facts AS
SELECT
    a.id AS alert_id, a.tinyId AS tiny_id, a.alias, a.message, a.priority, a.status, a.createdAt AS created_at,
    -- ackTime may be set although no one acknowledged the alert; acknowledgedBy is reliable.
    CASE WHEN (a.report ->> '$.acknowledgedBy') <> ''
        THEN a.createdAt + to_milliseconds(TRY_CAST(a.report ->> '$.ackTime' AS BIGINT)) END AS acknowledged_at,
    coalesce(acknowledger.person, nullif(a.report ->> '$.acknowledgedBy', '')) AS acknowledged_by,
    CASE WHEN a.status = 'closed'
        THEN a.createdAt + to_milliseconds(TRY_CAST(a.report ->> '$.closeTime' AS BIGINT)) END AS closed_at,
    CASE WHEN a.status = 'closed' THEN coalesce(closer.person, nullif(a.report ->> '$.closedBy', '')) END AS closed_by,
    coalesce(owner.person, nullif(a.owner, '')) AS owner,
    coalesce(team.name, nullif(a.ownerTeamId, '')) AS team,
    array_to_string(TRY_CAST(a.tags AS VARCHAR[]), ', ') AS tags,
    coalesce(a.integration ->> '$.name', integration.name) AS integration,
    a.integration ->> '$.type' AS integration_type,
    nullif(a.source, '') AS source, a."count" AS occurrences, a.lastOccurredAt AS last_occurred_at,
    a.updatedAt AS updated_at, a.snoozedUntil AS snoozed_until, a.acknowledged AS is_acknowledged, a.isSeen AS is_seen,
    coalesce(a.entity, detail.entity) AS entity, coalesce(a.description, detail.description) AS description,
    coalesce(a.details, detail.details)::VARCHAR AS details, a._deleted_at IS NOT NULL AS is_deleted
FROM alerts AS a
LEFT JOIN alert_details AS detail ON detail.id = a.id
LEFT JOIN teams AS team ON team.id = a.ownerTeamId
LEFT JOIN integrations AS integration ON integration.id = (a.integration ->> '$.id')
LEFT JOIN report.people AS acknowledger ON acknowledger.username = (a.report ->> '$.acknowledgedBy')
LEFT JOIN report.people AS closer ON closer.username = (a.report ->> '$.closedBy')
LEFT JOIN report.people AS owner ON owner.username = a.owner;

-- One row for each alert and tag.
CREATE VIEW report.alert_tags AS
SELECT DISTINCT id AS alert_id, unnest(TRY_CAST(tags AS VARCHAR[])) AS tag FROM alerts WHERE _deleted_at IS NULL;

-- One row for each alert and responder that it was routed to, with the name of the user, team, escalation or schedule.
CREATE VIEW report.alert_responders AS
SELECT
    r.alert_id, r.responder.type AS kind, coalesce(n.label, r.responder.id) AS responder,
    r.responder.id AS responder_id
FROM (
    SELECT id AS alert_id, unnest(from_json(responders, '[{"type": "VARCHAR", "id": "VARCHAR"}]')) AS responder
    FROM alerts WHERE _deleted_at IS NULL
) AS r
LEFT JOIN report.names AS n ON n.kind = r.responder.type AND n.id = r.responder.id;

-- One row for each alert and team that it was routed to: its responders, and the team that owns it.
CREATE VIEW report.alert_teams AS
SELECT routed.alert_id, coalesce(team.name, routed.team_id) AS team, routed.team_id
FROM (
    SELECT id AS alert_id, unnest(from_json(teams, '[{"id": "VARCHAR"}]')).id AS team_id
    FROM alerts WHERE _deleted_at IS NULL
    UNION SELECT alert_id, responder_id FROM report.alert_responders WHERE kind = 'team'
    UNION SELECT id, ownerTeamId FROM alerts WHERE _deleted_at IS NULL AND ownerTeamId <> ''
) AS routed
LEFT JOIN teams AS team ON team.id = routed.team_id;

-- One row for each alert and custom key that its creator set; needs the stream alert_details.
CREATE VIEW report.alert_custom_details AS
SELECT alert_id, entry.key AS key, entry.value AS value
FROM (
    SELECT id AS alert_id, unnest(map_entries(from_json(details, '"MAP(VARCHAR, VARCHAR)"'))) AS entry
    FROM alert_details WHERE _deleted_at IS NULL AND json_type(details) = 'OBJECT'
);
