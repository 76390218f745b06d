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

-- What the last sync of each stream proved; a stream that was never chosen is not listed.
CREATE VIEW report.completeness AS
SELECT stream, is_complete, synced_at, proof FROM _archive.streams ORDER BY stream;
