-- One row for each incident and impacted service.
CREATE VIEW report.incident_services AS
SELECT i.incident_id, coalesce(s.name, i.service_id) AS service, i.service_id
FROM (SELECT id AS incident_id, unnest(TRY_CAST(impactedServices AS VARCHAR[])) AS service_id FROM incidents) AS i
LEFT JOIN services AS s ON s.id = i.service_id;

-- One row for each incident and responder, with the name of the user or team.
CREATE VIEW report.incident_responders AS
SELECT
    i.incident_id, i.responder.type AS kind, coalesce(n.label, i.responder.id) AS responder,
    i.responder.id AS responder_id
FROM (
    SELECT id AS incident_id, unnest(from_json(responders, '[{"type": "VARCHAR", "id": "VARCHAR"}]')) AS responder
    FROM incidents
) AS i LEFT JOIN report.names AS n ON n.kind = i.responder.type AND n.id = i.responder.id;

-- One row for each incident, with the names of its team and services, the minutes of impact, and the number of alerts.
CREATE VIEW report.incident_facts AS
SELECT
    i.id AS incident_id, i.tinyId AS tiny_id, i.message, i.priority, i.status,
    i.createdAt AS created_at, i.updatedAt AS updated_at,
    coalesce(i.impactStartDate, i.createdAt) AS impact_from, i.impactEndDate AS impact_until,
    round(epoch(i.impactEndDate - coalesce(i.impactStartDate, i.createdAt)) / 60, 1) AS impact_minutes,
    coalesce(t.name, nullif(i.ownerTeam, '')) AS team, services.services, responders.responders,
    array_to_string(TRY_CAST(i.tags AS VARCHAR[]), ', ') AS tags, coalesce(linked.alerts, 0) AS alerts,
    i.description, i.links ->> '$.web' AS link, i._deleted_at IS NOT NULL AS is_deleted
FROM incidents AS i
LEFT JOIN teams AS t ON t.id = i.ownerTeam
LEFT JOIN (
    SELECT incident_id, string_agg(service, ', ' ORDER BY service) AS services FROM report.incident_services GROUP BY 1
) AS services ON services.incident_id = i.id
LEFT JOIN (
    SELECT incident_id, string_agg(responder, ', ' ORDER BY responder) AS responders
    FROM report.incident_responders GROUP BY 1
) AS responders ON responders.incident_id = i.id
LEFT JOIN (
    SELECT l.incident_id, count(*) AS alerts FROM incident_alerts AS l JOIN incidents AS i ON i.id = l.incident_id
    WHERE l._deleted_at IS NULL OR i._deleted_at IS NOT NULL GROUP BY 1
) AS linked ON linked.incident_id = i.id;

-- Everything about an incident in order of time: itself, its timeline, log, notes and alerts, and the log and notes of
-- these; for example FROM report.incident_story WHERE tiny_id = '56'.
CREATE VIEW report.incident_story AS
WITH linked AS (
    SELECT l.incident_id, a.id AS alert_id, a.createdAt, a.owner, a.message
    FROM incident_alerts AS l JOIN alerts AS a ON a.id = l.alert_id JOIN incidents AS i ON i.id = l.incident_id
    -- A deleted incident keeps the alerts that it had.
    WHERE l._deleted_at IS NULL OR i._deleted_at IS NOT NULL
), event AS (
    SELECT
        id AS incident_id, createdAt AS happened_at, 'incident' AS what, 'created' AS kind, NULL AS who,
        message AS text, NULL AS alert_id
    FROM incidents
    UNION ALL SELECT incident_id, eventTime, 'timeline', type, actor ->> '$.name',
        concat_ws(': ', title ->> '$.content', description ->> '$.content'), NULL FROM incident_timeline_entries
    UNION ALL SELECT incident_id, createdAt, 'note', 'note', owner, note, NULL FROM incident_notes
    UNION ALL SELECT incident_id, createdAt, 'log', type, owner, log, NULL FROM incident_logs
    UNION ALL SELECT incident_id, createdAt, 'alert', 'created', nullif(owner, ''), message, alert_id FROM linked
    UNION ALL SELECT l.incident_id, n.createdAt, 'alert note', 'note', n.owner, n.note, l.alert_id
        FROM linked AS l JOIN alert_notes AS n USING (alert_id)
    UNION ALL SELECT l.incident_id, g.createdAt, 'alert log', g.type, g.owner, g.log, l.alert_id
        FROM linked AS l JOIN alert_logs AS g USING (alert_id)
)
SELECT
    i.tinyId AS tiny_id, i.message AS incident, i.priority, e.happened_at, e.what, e.kind,
    coalesce(p.person, e.who) AS who, e.text, e.incident_id, e.alert_id
FROM event AS e JOIN incidents AS i ON i.id = e.incident_id LEFT JOIN report.people AS p ON p.username = e.who
ORDER BY i.createdAt, e.incident_id, e.happened_at, e.what, e.text, e.who, e.alert_id;
