-- Alerts by weekday, 1 for Monday, and hour of the day (UTC).
SELECT isodow(createdAt) AS weekday, hour(createdAt) AS hour, count(*) AS alerts
FROM main.alerts WHERE _deleted_at IS NULL AND createdAt IS NOT NULL GROUP BY ALL ORDER BY ALL
