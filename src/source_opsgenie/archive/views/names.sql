-- The name of every user, team, schedule, escalation, integration and service, by kind and id.
CREATE VIEW report.names AS
SELECT
    'user' AS kind, id, username AS name, coalesce(nullif(fullName, ''), username) AS label,
    _deleted_at IS NOT NULL AS is_deleted
FROM users
UNION ALL SELECT 'team', id, name, name, _deleted_at IS NOT NULL FROM teams
UNION ALL SELECT 'schedule', id, name, name, _deleted_at IS NOT NULL FROM schedules
UNION ALL SELECT 'escalation', id, name, name, _deleted_at IS NOT NULL FROM escalations
UNION ALL SELECT 'integration', id, name, name, _deleted_at IS NOT NULL FROM integrations
UNION ALL SELECT 'service', id, name, name, _deleted_at IS NOT NULL FROM services;

-- The full name of each username, one row for each: alerts and logs refer to people by username.
CREATE VIEW report.people AS
SELECT name AS username, arg_min(label, is_deleted) AS person FROM report.names WHERE kind = 'user' GROUP BY name;

-- A timestamp of the API, a text in ISO 8601 with Z or an offset, as a TIMESTAMP in UTC.
CREATE MACRO report.utc(iso) AS make_timestamp(epoch_us(TRY_CAST(iso AS TIMESTAMPTZ)));

-- The local time in a time zone at a time in UTC.
CREATE MACRO report.to_local(utc_time, zone) AS timezone(zone, timezone('UTC', utc_time));

-- The time in UTC at a local time in a time zone.
CREATE MACRO report.from_local(local_time, zone) AS make_timestamp(epoch_us(timezone(zone, local_time)));

-- A number of milliseconds in minutes, with one digit after the point.
CREATE MACRO report.minutes(ms) AS round(ms / 60000, 1);
