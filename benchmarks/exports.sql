-- An archive of many alerts, each with details.
INSERT INTO teams BY NAME
SELECT 'team' || n AS id, 'Team ' || n AS name, '{}'::JSON AS _json, now()::TIMESTAMP AS _synced_at FROM range(20) r(n);
INSERT INTO users BY NAME
SELECT 'user' || n AS id, format('user{}@acme.example', n) AS username, 'Person ' || n AS "fullName",
    'Europe/Berlin' AS "timeZone", '{}'::JSON AS _json, now()::TIMESTAMP AS _synced_at
FROM range(200) r(n);
INSERT INTO alerts BY NAME
SELECT *, to_json(row) AS _json FROM (
    SELECT uuid()::VARCHAR AS id, n::VARCHAR AS "tinyId", 'host/' || n AS alias, 'Disk is almost full on web-' || n % 50 AS message,
        if(n % 20 = 0, 'open', 'closed') AS status, n % 3 = 0 AS acknowledged, true AS "isSeen", false AS snoozed,
        json_array('production', 'tag' || n % 30) AS tags, 1 + n % 5 AS "count", 'Prometheus' AS source,
        TIMESTAMP '2020-01-01' + to_seconds(n * 180) AS "createdAt", "createdAt" + INTERVAL 10 MINUTE AS "updatedAt",
        format('user{}@acme.example', n % 200) AS owner, 'P' || 1 + n % 5 AS priority, 'team' || n % 20 AS "ownerTeamId",
        json_array(json_object('id', 'team' || n % 20)) AS teams,
        json_array(json_object('type', 'team', 'id', 'team' || n % 20)) AS responders,
        json_object('id', 'one', 'name', 'Prometheus', 'type', 'API') AS integration,
        json_object('ackTime', 60000 + n % 100000, 'closeTime', 3600000 + n % 1000000,
            'acknowledgedBy', format('user{}@acme.example', n % 200), 'closedBy', 'System') AS report,
        now()::TIMESTAMP AS _synced_at
    FROM range($alerts) r(n)
) AS row;
INSERT INTO alert_details BY NAME
SELECT id, repeat('What to do about it. ', 15) AS description, 'web-1' AS entity, '{"region": "eu-west-1"}'::JSON AS details,
    _json, _synced_at
FROM alerts;
