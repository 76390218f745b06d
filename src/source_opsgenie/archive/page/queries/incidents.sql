-- The newest incidents.
SELECT
    incident_id, tiny_id, message, priority, status, created_at, impact_from, impact_until, impact_minutes, team,
    services, responders, tags, alerts, left(description, $characters + 1) AS description, is_deleted
FROM report.incident_facts ORDER BY created_at DESC, incident_id LIMIT $incidents
