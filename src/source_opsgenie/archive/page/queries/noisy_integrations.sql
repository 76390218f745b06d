-- The integrations that created the most alerts.
SELECT integration, integration_type, alerts, occurrences, closed_unacknowledged_percent
FROM report.noisy_integrations ORDER BY alerts DESC, integration, integration_type LIMIT $bars
