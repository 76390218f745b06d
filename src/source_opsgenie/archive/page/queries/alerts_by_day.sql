-- Alerts by priority and day of creation (UTC); "week" is the column of the day in a calendar of its year.
SELECT
    createdAt::DATE AS day, year(createdAt) AS year, isodow(createdAt) AS weekday,
    (dayofyear(createdAt) + isodow(date_trunc('year', createdAt)) - 2) // 7 AS week, priority, count(*) AS alerts
FROM main.alerts WHERE _deleted_at IS NULL AND createdAt IS NOT NULL GROUP BY ALL ORDER BY day, priority
