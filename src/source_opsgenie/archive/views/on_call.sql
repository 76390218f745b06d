-- One row for each period in which someone is on call in a rotation, past and future, after overrides and forwarding;
-- a period that goes on in the next month (UTC) has a row in each month.
CREATE VIEW report.on_call_periods AS
WITH period AS (
    SELECT
        t.schedule_id, rotation ->> '$.name' AS rotation, type AS kind, startDate AS starts_at,
        -- What was planned for a schedule ends when a sync finds that it was deleted.
        least(endDate, s._deleted_at) AS ends_at, s.name AS schedule, s.ownerTeam ->> '$.name' AS team,
        -- A past period also lists the users behind a team or an escalation.
        unnest(from_json(
            CASE WHEN recipient ->> '$.type' = 'user' OR coalesce(json_array_length(flattenedRecipients), 0) = 0
                THEN json_array(recipient) ELSE flattenedRecipients END,
            '[{"id": "VARCHAR", "name": "VARCHAR", "type": "VARCHAR"}]'
        )) AS who
    FROM schedule_timelines AS t LEFT JOIN schedules AS s ON s.id = t.schedule_id
    WHERE timeline = 'final' AND t._deleted_at IS NULL
)
SELECT
    coalesce(schedule, schedule_id) AS schedule, team, rotation, coalesce(u.label, who.name) AS person,
    who.name AS username, who.type AS person_type, p.kind, starts_at, ends_at, schedule_id, who.id AS person_id
FROM period AS p LEFT JOIN report.names AS u ON u.kind = 'user' AND u.id = p.who.id
WHERE ends_at > starts_at AND who.id IS NOT NULL;

-- One row for each uninterrupted time that someone is on call in a schedule: periods that touch or overlap are joined.
CREATE VIEW report.on_call AS
WITH numbered AS (
    SELECT *, sum(is_new::INTEGER) OVER (
        PARTITION BY schedule_id, person_id ORDER BY starts_at, ends_at ROWS UNBOUNDED PRECEDING
    ) AS number
    FROM (
        SELECT *, coalesce(starts_at > max(ends_at) OVER (
            PARTITION BY schedule_id, person_id ORDER BY starts_at, ends_at
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), true) AS is_new
        FROM report.on_call_periods
    )
)
SELECT
    any_value(schedule) AS schedule, any_value(team) AS team, any_value(person) AS person,
    any_value(username) AS username, any_value(person_type) AS person_type,
    min(starts_at) AS starts_at, max(ends_at) AS ends_at,
    string_agg(DISTINCT rotation, ', ' ORDER BY rotation) AS rotations,
    string_agg(DISTINCT kind, ', ' ORDER BY kind) AS kinds,
    round(epoch(max(ends_at) - min(starts_at)) / 3600, 2) AS hours
FROM numbered GROUP BY schedule_id, person_id, number ORDER BY schedule, starts_at, person;

-- Who is on call at a time in UTC, for example FROM report.on_call_at('2026-10-31 03:00').
CREATE MACRO report.on_call_at(utc_time) AS TABLE
SELECT schedule, team, rotation, person, username, person_type, kind, starts_at, ends_at FROM report.on_call_periods
WHERE starts_at <= utc_time::TIMESTAMP AND ends_at > utc_time::TIMESTAMP ORDER BY schedule, rotation, person;

-- The times that each person was on call until the last sync, joined over all rotations and schedules (team is NULL),
-- and over those of each team.
CREATE VIEW report.on_call_distinct AS
WITH period AS (
    SELECT
        team, person_id, any_value(person) AS person, any_value(username) AS username, starts_at,
        least(max(ends_at), (SELECT synced_at FROM _archive.streams WHERE stream = 'schedule_timelines')) AS ends_at
    FROM (
        SELECT NULL AS team, person_id, person, username, starts_at, ends_at
        FROM report.on_call_periods WHERE person_type = 'user'
        UNION ALL SELECT coalesce(team, '(no team)'), person_id, person, username, starts_at, ends_at
        FROM report.on_call_periods WHERE person_type = 'user'
    ) GROUP BY team, person_id, starts_at
), numbered AS (
    SELECT *, sum(is_new::INTEGER) OVER (
        PARTITION BY team, person_id ORDER BY starts_at, ends_at ROWS UNBOUNDED PRECEDING
    ) AS number
    FROM (
        SELECT *, coalesce(starts_at > max(ends_at) OVER (
            PARTITION BY team, person_id ORDER BY starts_at, ends_at
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), true) AS is_new
        FROM period WHERE ends_at > starts_at
    )
)
SELECT
    team, person_id, any_value(person) AS person, any_value(username) AS username,
    min(starts_at) AS starts_at, max(ends_at) AS ends_at
FROM numbered GROUP BY team, person_id, number;

-- Hours on call by person, team and month until the last sync, with business hours from and until an hour of the day,
-- Monday to Friday. Overlaps are counted once. Days, months and business hours are those of the person's time zone. The
-- rows without a team count all schedules. For example FROM report.on_call_hours_between(8, 18).
CREATE MACRO report.on_call_hours_between(from_hour, until_hour) AS TABLE
WITH zoned AS (
    SELECT d.*, coalesce(z.name, 'UTC') AS zone FROM report.on_call_distinct AS d
    LEFT JOIN users AS u ON u.id = d.person_id LEFT JOIN pg_timezone_names() AS z ON z.name = u.timeZone
), dated AS (
    SELECT *, unnest(generate_series(
        date_trunc('day', report.to_local(starts_at, zone)), report.to_local(ends_at, zone), INTERVAL 1 DAY
    )) AS day
    FROM zoned
), measured AS (
    SELECT *,
        epoch(
            least(ends_at, report.from_local(day + INTERVAL 1 DAY, zone))
            - greatest(starts_at, report.from_local(day, zone))
        ) AS seconds,
        CASE WHEN isodow(day) <= 5 THEN greatest(0, epoch(
            least(ends_at, report.from_local(day + to_hours(until_hour), zone))
            - greatest(starts_at, report.from_local(day + to_hours(from_hour), zone))
        )) ELSE 0 END AS business_seconds
    FROM dated
)
SELECT
    person, username, team, date_trunc('month', day)::DATE AS month, round(sum(seconds) / 3600, 2) AS hours,
    round(sum(business_seconds) / 3600, 2) AS business_hours,
    round(sum(seconds - business_seconds) / 3600, 2) AS off_hours,
    any_value(zone) AS time_zone, person_id
FROM measured WHERE seconds > 0
GROUP BY person, username, team, month, person_id ORDER BY person, username, team, month;

-- Hours on call by person and month until the last sync. Overlapping rotations and schedules are counted once. Months
-- and business hours (Monday to Friday, 9 to 17) are those of the person's time zone.
CREATE VIEW report.on_call_hours AS
SELECT person, username, month, hours, business_hours, off_hours, time_zone
FROM report.on_call_hours_between(9, 17) WHERE team IS NULL;

-- Hours on call by team, person and month until the last sync; overlapping rotations and schedules of the team are
-- counted once. Months and business hours (Monday to Friday, 9 to 17) are those of the person's time zone.
CREATE VIEW report.on_call_hours_by_team AS
SELECT team, person, username, month, hours, business_hours, off_hours, time_zone
FROM report.on_call_hours_between(9, 17) WHERE team IS NOT NULL ORDER BY team, person, username, month;

-- What each month asked of each team: people on call and their hours until the last sync, how many of these were off
-- hours, the alerts that were routed to it, and the median minutes until someone acknowledged one. Months of hours are
-- those of each person's time zone, and months of alerts are in UTC.
CREATE VIEW report.team_months AS
WITH duty AS (
    SELECT
        team, month, count(*) AS people_on_call, round(sum(hours), 1) AS on_call_hours,
        round(sum(off_hours), 1) AS off_hours
    FROM report.on_call_hours_by_team GROUP BY ALL
)
SELECT team, month, people_on_call, on_call_hours, off_hours, alerts, acknowledged, median_ack_minutes
FROM duty FULL JOIN report.response_times USING (team, month) ORDER BY month, team;

-- How often each person was added to an alert as a recipient, by month (UTC) and by their own clock: outside 8 to 20
-- o'clock or at the weekend, and at night from 23 to 7. Needs the stream alert_recipients.
CREATE VIEW report.interruptions AS
SELECT
    date_trunc('month', notified_at)::DATE AS month, person, username, count(*) AS alerts,
    count(*) FILTER (hour(local) NOT BETWEEN 8 AND 19 OR isodow(local) > 5) AS outside_office_hours,
    count(*) FILTER (hour(local) < 7 OR hour(local) >= 23) AS at_night
FROM (
    SELECT
        coalesce(nullif(u.fullName, ''), r.user_username) AS person, r.user_username AS username,
        r.createdAt AS notified_at, report.to_local(r.createdAt, coalesce(z.name, 'UTC')) AS local
    FROM alert_recipients AS r
    LEFT JOIN users AS u ON u.id = r.user_id LEFT JOIN pg_timezone_names() AS z ON z.name = u.timeZone
    WHERE r._deleted_at IS NULL
) GROUP BY ALL ORDER BY month, alerts DESC, username;
