-- Alerts by priority and month of creation (UTC), and how many of them are still open.
SELECT month, priority, alerts, open, occurrences FROM report.alerts_by_priority ORDER BY month, priority
