-- The hours of a restriction in words, such as "monday 08:00 to friday 18:00"; NULL if there is none.
CREATE MACRO report.hours_text(restriction) AS CASE WHEN json_type(restriction) = 'OBJECT'
THEN array_to_string(list_transform(
    from_json(
        coalesce(json_extract(restriction, '$.restrictions'), json_array(json_extract(restriction, '$.restriction'))),
        '[{"startDay": "VARCHAR", "startHour": "INTEGER", "startMin": "INTEGER",
           "endDay": "VARCHAR", "endHour": "INTEGER", "endMin": "INTEGER"}]'
    ),
    lambda part: concat_ws(' ',
        part.startDay, format('{:02d}:{:02d}', part.startHour, part.startMin), 'to',
        part.endDay, format('{:02d}:{:02d}', part.endHour, part.endMin))
), ', ') END;

-- The conditions of a filter in words, such as "match-all-conditions: message contains disk".
CREATE MACRO report.criteria_text(criteria) AS concat_ws(': ', criteria ->> '$.type', nullif(array_to_string(
    list_transform(
        from_json(
            json_extract(criteria, '$.conditions'),
            '[{"field": "VARCHAR", "key": "VARCHAR", "not": "BOOLEAN", "operation": "VARCHAR",
               "expectedValue": "VARCHAR"}]'
        ),
        lambda part: concat_ws(' ',
            part.field, part.key, CASE WHEN part."not" THEN 'not' END, part.operation, part.expectedValue)
    ), '; '), ''));

-- The name of a recipient, with its kind in parentheses unless it is a user; "no one" for none.
CREATE MACRO report.recipient_text(kind, label, recipient) AS CASE
    WHEN kind = 'none' THEN 'no one'
    ELSE coalesce(label, recipient ->> '$.name', recipient ->> '$.username', recipient ->> '$.id')
        || CASE WHEN kind = 'user' THEN '' ELSE ' (' || kind || ')' END
END;

-- The steps of each escalation in order: who is notified, after which delay, unless the alert was acknowledged or
-- closed.
CREATE VIEW report.escalation_steps AS
SELECT
    e.escalation, e.team, e.step, TRY_CAST(e.rule ->> '$.delay.timeAmount' AS BIGINT) AS delay,
    e.rule ->> '$.delay.timeUnit' AS delay_unit,
    e.rule ->> '$.condition' AS condition, e.rule ->> '$.notifyType' AS notify_type,
    report.recipient_text(e.rule ->> '$.recipient.type', n.label, e.rule -> '$.recipient') AS recipient, e.repeat
FROM (
    SELECT
        name AS escalation, ownerTeam ->> '$.name' AS team, unnest(from_json(rules, '["JSON"]')) AS rule,
        generate_subscripts(from_json(rules, '["JSON"]'), 1) AS step,
        CASE WHEN ("repeat" ->> '$.count') IS NOT NULL
            THEN format('{} times, every {} minutes', "repeat" ->> '$.count', "repeat" ->> '$.waitInterval')
        END AS repeat
    FROM escalations WHERE _deleted_at IS NULL
) AS e
LEFT JOIN report.names AS n ON n.kind = (e.rule ->> '$.recipient.type') AND n.id = (e.rule ->> '$.recipient.id')
ORDER BY escalation, step;

-- The routing rules of each team in order; the first rule that matches an alert decides who is notified.
CREATE VIEW report.routing_rules AS
SELECT
    coalesce(t.name, r.team_id) AS team, r."order" AS position, r.name AS rule,
    report.criteria_text(r.criteria) AS criteria, report.hours_text(r.timeRestriction) AS hours,
    r.timezone AS time_zone,
    report.recipient_text(r.notify ->> '$.type', n.label, r.notify) AS notifies
FROM team_routing_rules AS r
LEFT JOIN teams AS t ON t.id = r.team_id
LEFT JOIN report.names AS n ON n.kind = (r.notify ->> '$.type') AND n.id = (r.notify ->> '$.id')
WHERE r._deleted_at IS NULL ORDER BY team, position;

-- The participants of each rotation in the order of their turns, with the length of a turn.
CREATE VIEW report.rotations AS
SELECT
    r.schedule, r.team, r.rotation, r.place, report.recipient_text(r.who ->> '$.type', n.label, r.who) AS participant,
    r.turn, r.hours, r.time_zone, r.starts_at, r.ends_at, r.is_enabled
FROM (
    SELECT
        s.name AS schedule, s.ownerTeam ->> '$.name' AS team, r.name AS rotation,
        format('{} {}', r.length, r.type) AS turn, report.hours_text(r.timeRestriction) AS hours,
        s.timezone AS time_zone, r.startDate AS starts_at, r.endDate AS ends_at,
        s.enabled AS is_enabled, unnest(from_json(r.participants, '["JSON"]')) AS who,
        generate_subscripts(from_json(r.participants, '["JSON"]'), 1) AS place
    FROM schedule_rotations AS r JOIN schedules AS s ON s.id = r.schedule_id WHERE r._deleted_at IS NULL
) AS r LEFT JOIN report.names AS n ON n.kind = (r.who ->> '$.type') AND n.id = (r.who ->> '$.id')
ORDER BY schedule, rotation, place;

-- One row for each user, with role, teams and contacts.
CREATE VIEW report.user_directory AS
SELECT
    coalesce(nullif(u.fullName, ''), u.username) AS person, u.username, u.role ->> '$.name' AS role,
    teams.teams, contacts.contacts, u.timeZone AS time_zone, u.locale,
    u.blocked AS is_blocked, u.verified AS is_verified, u.createdAt AS created_at,
    u._deleted_at IS NOT NULL AS is_deleted
FROM users AS u
LEFT JOIN (
    SELECT user_id, string_agg(DISTINCT name, ', ' ORDER BY name) AS teams FROM (
        SELECT user_id, name FROM user_teams WHERE _deleted_at IS NULL
        UNION SELECT m.user_id, t.name FROM team_members AS m JOIN teams AS t ON t.id = m.team_id
        WHERE m._deleted_at IS NULL
    ) GROUP BY 1
) AS teams ON teams.user_id = u.id
LEFT JOIN (
    SELECT user_id, string_agg(
        concat_ws(' ', method, "to", CASE WHEN (status ->> '$.enabled') = 'false' THEN '(disabled)' END), ', '
        ORDER BY applyOrder, method
    ) AS contacts
    FROM user_contacts WHERE _deleted_at IS NULL GROUP BY 1
) AS contacts ON contacts.user_id = u.id
ORDER BY person, u.username;

-- The name of a row of the configuration, or what comes closest to one.
CREATE MACRO report.configuration_name(record) AS coalesce(
    nullif(record ->> '$.name', ''), nullif(record ->> '$.alias', ''), nullif(record ->> '$.fullName', ''),
    record ->> '$.username', record ->> '$.user.username', nullif(record ->> '$.description', ''), record ->> '$.to'
);

-- Every version of each row of the configuration, with its JSON, since and until when a sync saw it, whether the next
-- one changed it or it was deleted, and the fields that changed; for example
-- FROM report.configuration_versions() WHERE stream = 'escalations' AND name = 'Payments_escalation'.
CREATE MACRO report.configuration_versions() AS TABLE
SELECT
    v.stream, p.label AS parent, coalesce(report.configuration_name(v._json), p.label, v.key) AS name, v.key,
    v.valid_from, v.valid_until, v.ended_by, v.fields, v._json
FROM (
    SELECT stream, key, valid_from, valid_until, ended_by, fields, _json FROM _archive.configuration_history
    UNION ALL
    SELECT
        stream, key, coalesce(since, synced_at), deleted_at, CASE WHEN deleted_at IS NOT NULL THEN 'deleted' END,
        NULL, _json
    FROM $configuration_rows AS held LEFT JOIN _archive.configuration_since USING (stream, key)
) AS v
LEFT JOIN report.names AS p ON p.id = coalesce(
    v._json ->> '$.team_id', v._json ->> '$.schedule_id', v._json ->> '$.service_id', v._json ->> '$.integration_id',
    v._json ->> '$.user_id'
)
ORDER BY v.stream, parent, name, v.key, v.valid_from;

-- The configuration as the last sync before a time in UTC saw it, with the JSON of each row; for example
-- FROM report.configuration_at('2026-10-31 03:00') WHERE stream = 'alert_policies'.
CREATE MACRO report.configuration_at(utc_time) AS TABLE
SELECT stream, parent, name, key, valid_from, valid_until, _json FROM report.configuration_versions()
WHERE valid_from <= utc_time::TIMESTAMP AND (valid_until IS NULL OR valid_until > utc_time::TIMESTAMP);

-- What was added, changed and deleted in the configuration, and which fields changed, at the time (UTC) of the sync
-- that saw it. What the first complete sync of a stream found was not added then, and is not listed.
CREATE VIEW report.configuration_changes AS
WITH version AS (
    SELECT *, lag(ended_by) OVER (PARTITION BY stream, key ORDER BY valid_from) AS before
    FROM report.configuration_versions()
), first_read AS (
    SELECT stream, (SELECT min(started_at) FROM _archive.runs WHERE started_at > first) AS until
    FROM (SELECT stream, min(started_at) AS first FROM _archive.proofs WHERE is_complete GROUP BY stream)
)
SELECT seen_at, stream, parent, name, what, fields, key FROM (
    SELECT valid_until AS seen_at, stream, parent, name, ended_by AS what, array_to_string(fields, ', ') AS fields, key
    FROM version WHERE ended_by IS NOT NULL
    UNION ALL
    SELECT valid_from, stream, parent, name, CASE before WHEN 'deleted' THEN 'restored' ELSE 'added' END, NULL, key
    FROM version LEFT JOIN first_read USING (stream)
    WHERE before = 'deleted' OR (before IS NULL AND valid_from >= until)
) ORDER BY seen_at, stream, parent, name, key, what;

-- Who was a member of which team, with which role, since and until the syncs (UTC) that saw it; until is NULL for
-- members of today.
CREATE VIEW report.team_memberships AS
SELECT
    m.parent AS team, coalesce(u.label, m.name) AS person, m.name AS username, m._json ->> '$.role' AS role,
    m.valid_from AS since, m.valid_until AS until
FROM report.configuration_versions() AS m
LEFT JOIN report.names AS u ON u.kind = 'user' AND u.id = (m._json ->> '$.user_id')
WHERE m.stream = 'team_members' ORDER BY team, person, username, since;

-- Who was a participant of which rotation, in the order of their turns, since and until the syncs (UTC) that saw the
-- rotation like this; until is NULL for rotations of today.
CREATE VIEW report.rotation_participants AS
SELECT
    r.schedule, r.rotation, r.place, report.recipient_text(r.who ->> '$.type', n.label, r.who) AS participant,
    r.since, r.until
FROM (
    SELECT
        parent AS schedule, name AS rotation, valid_from AS since, valid_until AS until,
        unnest(from_json(_json -> '$.participants', '["JSON"]')) AS who,
        generate_subscripts(from_json(_json -> '$.participants', '["JSON"]'), 1) AS place
    FROM report.configuration_versions() WHERE stream = 'schedule_rotations'
) AS r LEFT JOIN report.names AS n ON n.kind = (r.who ->> '$.type') AND n.id = (r.who ->> '$.id')
ORDER BY schedule, rotation, since, place;

-- What the last sync of each stream proved; a stream that was never chosen is not listed.
CREATE VIEW report.completeness AS
SELECT stream, is_complete, synced_at, proof FROM _archive.streams ORDER BY stream;
