-- The sources that created the most alerts.
SELECT source, alerts, occurrences FROM report.noisy_sources ORDER BY alerts DESC, source LIMIT $bars
