-- The times to acknowledge and to close each alert that is closed, in milliseconds, as Opsgenie's reports count them:
-- an alert that was closed without an acknowledgement counts as acknowledged when it was closed.
CREATE VIEW report.closed_alerts AS
SELECT
    id AS alert_id, date_trunc('month', createdAt)::DATE AS month, priority,
    coalesce(TRY_CAST(report ->> '$.ackTime' AS BIGINT), TRY_CAST(report ->> '$.closeTime' AS BIGINT)) AS ack_ms,
    TRY_CAST(report ->> '$.closeTime' AS BIGINT) AS close_ms
FROM alerts WHERE status = 'closed' AND _deleted_at IS NULL;

-- MTTA and MTTR in minutes by team and month of creation (UTC), as Opsgenie's reports define them: closed alerts only,
-- and an alert counts for every team that it was routed to.
CREATE VIEW report.mtta_mttr AS
SELECT
    coalesce(t.team, '(no team)') AS team, c.month, count(*) AS closed_alerts,
    report.minutes(avg(c.ack_ms)) AS mtta_minutes, report.minutes(quantile_cont(c.ack_ms, 0.95)) AS p95_ack_minutes,
    report.minutes(avg(c.close_ms)) AS mttr_minutes,
    report.minutes(quantile_cont(c.close_ms, 0.95)) AS p95_close_minutes
FROM report.closed_alerts AS c LEFT JOIN report.alert_teams AS t USING (alert_id)
GROUP BY ALL ORDER BY ALL;

-- MTTA and MTTR of the account in minutes by month of creation (UTC), as Opsgenie's reports define them.
CREATE VIEW report.mtta_mttr_of_account AS
SELECT
    month, count(*) AS closed_alerts,
    report.minutes(avg(ack_ms)) AS mtta_minutes, report.minutes(quantile_cont(ack_ms, 0.95)) AS p95_ack_minutes,
    report.minutes(avg(close_ms)) AS mttr_minutes, report.minutes(quantile_cont(close_ms, 0.95)) AS p95_close_minutes
FROM report.closed_alerts GROUP BY ALL ORDER BY ALL;

-- Median and 95th percentile in minutes by team and month of creation (UTC), without Opsgenie's rules: only alerts that
-- someone acknowledged count as acknowledged, open ones included.
CREATE VIEW report.response_times AS
SELECT
    coalesce(t.team, '(no team)') AS team, date_trunc('month', f.created_at)::DATE AS month,
    count(*) AS alerts, count(f.acknowledged_at) AS acknowledged, count(f.closed_at) AS closed,
    report.minutes(median(epoch_ms(f.acknowledged_at) - epoch_ms(f.created_at))) AS median_ack_minutes,
    report.minutes(quantile_cont(epoch_ms(f.acknowledged_at) - epoch_ms(f.created_at), 0.95)) AS p95_ack_minutes,
    report.minutes(median(epoch_ms(f.closed_at) - epoch_ms(f.created_at))) AS median_close_minutes,
    report.minutes(quantile_cont(epoch_ms(f.closed_at) - epoch_ms(f.created_at), 0.95)) AS p95_close_minutes
FROM report.alert_facts AS f LEFT JOIN report.alert_teams AS t USING (alert_id)
WHERE NOT f.is_deleted GROUP BY ALL ORDER BY ALL;
