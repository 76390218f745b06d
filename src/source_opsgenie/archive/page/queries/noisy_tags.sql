-- The tags that occur on the most alerts.
SELECT tag, alerts, occurrences FROM report.noisy_tags ORDER BY alerts DESC, tag LIMIT $bars
