-- The newest alerts, those included that Opsgenie has deleted since.
WITH newest AS (SELECT id AS alert_id FROM main.alerts ORDER BY createdAt DESC, id LIMIT $alerts)
SELECT
    alert_id, tiny_id, message, priority, status, created_at, acknowledged_at, acknowledged_by, closed_at, closed_by,
    team, owner, integration, source, alias, entity, tags, occurrences, left(description, $characters + 1) AS description,
    left(details, $characters + 1) AS details, is_deleted
FROM report.alert_facts SEMI JOIN newest USING (alert_id) ORDER BY created_at DESC, alert_id
