-- The account in one row. Times to acknowledge and to close are those of all closed alerts, as Opsgenie counts them.
SELECT
    a.*,
    (SELECT count(*) FROM main.incidents WHERE _deleted_at IS NULL) AS incidents,
    (SELECT count(*) FROM main.incidents WHERE _deleted_at IS NULL AND status = 'open') AS open_incidents,
    (SELECT count(*) FROM main.teams WHERE _deleted_at IS NULL) AS teams,
    (SELECT count(*) FROM main.users WHERE _deleted_at IS NULL) AS users,
    (SELECT count(*) FROM main.schedules WHERE _deleted_at IS NULL) AS schedules,
    (SELECT count(*) FROM main.integrations WHERE _deleted_at IS NULL) AS integrations,
    (SELECT count(*) FROM main.services WHERE _deleted_at IS NULL) AS services,
    (SELECT report.minutes(avg(ack_ms)) FROM report.closed_alerts) AS mtta_minutes,
    (SELECT report.minutes(avg(close_ms)) FROM report.closed_alerts) AS mttr_minutes
FROM (
    SELECT
        count(*) FILTER (_deleted_at IS NULL) AS alerts, count(_deleted_at) AS deleted_alerts,
        count(*) FILTER (_deleted_at IS NULL AND status = 'open') AS open_alerts,
        min(createdAt) FILTER (_deleted_at IS NULL) AS first_alert_at,
        max(createdAt) FILTER (_deleted_at IS NULL) AS last_alert_at
    FROM main.alerts
) AS a
