-- Alerts and their occurrences by week (from Monday, UTC), in total and by priority.
CREATE VIEW report.alerts_by_week AS
SELECT
    date_trunc('week', createdAt)::DATE AS week, count(*) AS alerts,
    count(*) FILTER (priority = 'P1') AS p1, count(*) FILTER (priority = 'P2') AS p2,
    count(*) FILTER (priority = 'P3') AS p3, count(*) FILTER (priority = 'P4') AS p4,
    count(*) FILTER (priority = 'P5') AS p5, sum("count")::BIGINT AS occurrences
FROM alerts WHERE _deleted_at IS NULL GROUP BY 1 ORDER BY 1;

-- Alerts by priority and month of creation (UTC), and how many of them are still open.
CREATE VIEW report.alerts_by_priority AS
SELECT
    date_trunc('month', createdAt)::DATE AS month, priority, count(*) AS alerts,
    count(*) FILTER (status = 'open') AS open, sum("count")::BIGINT AS occurrences
FROM alerts WHERE _deleted_at IS NULL GROUP BY ALL ORDER BY ALL;

-- Alerts by team and month of creation (UTC); an alert counts for every team that it was routed to.
CREATE VIEW report.alerts_by_team AS
SELECT
    coalesce(t.team, '(no team)') AS team, date_trunc('month', a.createdAt)::DATE AS month, count(*) AS alerts,
    count(*) FILTER (a.status = 'open') AS open, sum(a."count")::BIGINT AS occurrences
FROM alerts AS a LEFT JOIN report.alert_teams AS t ON t.alert_id = a.id
WHERE a._deleted_at IS NULL GROUP BY ALL ORDER BY ALL;

-- Alerts by hour of the day in a time zone, for example FROM report.alerts_by_hour_in('Europe/Berlin').
CREATE MACRO report.alerts_by_hour_in(zone) AS TABLE
SELECT hour(report.to_local(createdAt, zone)) AS hour, count(*) AS alerts, sum("count")::BIGINT AS occurrences
FROM alerts WHERE _deleted_at IS NULL GROUP BY 1 ORDER BY 1;

-- Alerts by weekday in a time zone, 1 for Monday, for example FROM report.alerts_by_weekday_in('Europe/Berlin').
CREATE MACRO report.alerts_by_weekday_in(zone) AS TABLE
SELECT
    isodow(report.to_local(createdAt, zone)) AS day, any_value(dayname(report.to_local(createdAt, zone))) AS weekday,
    count(*) AS alerts, sum("count")::BIGINT AS occurrences
FROM alerts WHERE _deleted_at IS NULL GROUP BY 1 ORDER BY 1;

-- Alerts by hour of the day (UTC).
CREATE VIEW report.alerts_by_hour AS FROM report.alerts_by_hour_in('UTC');

-- Alerts by weekday (UTC), 1 for Monday.
CREATE VIEW report.alerts_by_weekday AS FROM report.alerts_by_weekday_in('UTC');

-- The integrations that created the most alerts: in total, in the 28 days before the newest alert, and closed without
-- anyone having acknowledged them.
CREATE VIEW report.noisy_integrations AS
SELECT
    coalesce(integration, '(none)') AS integration, integration_type, count(*) AS alerts,
    sum(occurrences)::BIGINT AS occurrences,
    count(*) FILTER (created_at > (SELECT max(createdAt) FROM alerts) - INTERVAL 28 DAY) AS alerts_last_28_days,
    round(100.0 * count(*) FILTER (acknowledged_by IS NULL AND status = 'closed') / count(*), 1)
        AS closed_unacknowledged_percent
FROM report.alert_facts WHERE NOT is_deleted GROUP BY ALL ORDER BY alerts DESC, integration;

-- The sources that created the most alerts.
CREATE VIEW report.noisy_sources AS
SELECT coalesce(nullif(source, ''), '(none)') AS source, count(*) AS alerts, sum("count")::BIGINT AS occurrences
FROM alerts WHERE _deleted_at IS NULL GROUP BY 1 ORDER BY alerts DESC, source;

-- The tags that occur on the most alerts.
CREATE VIEW report.noisy_tags AS
SELECT t.tag, count(*) AS alerts, sum(a."count")::BIGINT AS occurrences
FROM report.alert_tags AS t JOIN alerts AS a ON a.id = t.alert_id GROUP BY 1 ORDER BY alerts DESC, tag;

-- The messages that occur on the most alerts, with numbers and hexadecimal ids replaced by #.
CREATE VIEW report.noisy_messages AS
SELECT
    regexp_replace(message, '[0-9a-fA-F]{8,}|\d+', '#', 'g') AS message, count(*) AS alerts,
    sum("count")::BIGINT AS occurrences, min(createdAt) AS first_at, max(createdAt) AS last_at
FROM alerts WHERE _deleted_at IS NULL GROUP BY 1 ORDER BY alerts DESC, message;
