-- What happened in the newest incidents, in order of time. Of a long story, the logs of its alerts are left out first.
-- A list that is known before the query runs is looked up below the view's joins; a join with it would come after them.
SET VARIABLE newest = (
    SELECT list(incident_id) FROM (
        SELECT incident_id FROM report.incident_facts ORDER BY created_at DESC, incident_id LIMIT $incidents
    )
);
SELECT incident_id, happened_at, what, kind, who, left(text, $characters + 1) AS text
FROM report.incident_story WHERE list_contains(getvariable('newest'), incident_id)
QUALIFY row_number() OVER (
    PARTITION BY incident_id ORDER BY what = 'alert log', happened_at, what, text, who, alert_id
) <= $events
ORDER BY incident_id, happened_at, what, text, who
