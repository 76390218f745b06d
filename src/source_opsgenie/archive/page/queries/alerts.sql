-- The newest alerts, those included that Opsgenie has deleted since.
-- A time that is known before the query runs bounds what the view joins.
SET VARIABLE since = (
    SELECT min(createdAt) FROM (SELECT createdAt FROM main.alerts ORDER BY createdAt DESC LIMIT $alerts)
);
SELECT
    alert_id, tiny_id, message, priority, status, created_at, acknowledged_at, acknowledged_by, closed_at, closed_by,
    team, owner, integration, source, alias, entity, tags, occurrences, left(description, $characters + 1) AS description,
    left(details, $characters + 1) AS details, is_deleted
FROM report.alert_facts WHERE created_at >= getvariable('since') OR created_at IS NULL
ORDER BY created_at DESC, alert_id LIMIT $alerts
