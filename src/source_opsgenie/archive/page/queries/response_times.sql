-- Minutes to acknowledge and to close by month of creation (UTC), as Opsgenie counts them, of the teams with the most
-- closed alerts, and of all alerts in the rows of "All teams".
WITH busiest AS (
    SELECT team FROM report.mtta_mttr GROUP BY team ORDER BY sum(closed_alerts) DESC, team LIMIT $teams
)
SELECT team, month, closed_alerts, mtta_minutes, p95_ack_minutes, mttr_minutes, p95_close_minutes
FROM (
    SELECT 0 AS place, 'All teams' AS team, * FROM report.mtta_mttr_of_account
    UNION ALL BY NAME SELECT 1 AS place, * FROM report.mtta_mttr SEMI JOIN busiest USING (team)
) ORDER BY place, team, month
