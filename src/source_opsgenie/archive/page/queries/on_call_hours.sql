-- Hours on call by person and year until the last sync, of the people with the most hours of each year; overlaps are
-- counted once, and business hours are Monday to Friday, 9 to 17, in the person's time zone.
SELECT year, person, username, round(hours, 1) AS hours, round(business, 1) AS business_hours, round(off, 1) AS off_hours
FROM (
    SELECT
        year(month) AS year, person, username, sum(hours) AS hours, sum(business_hours) AS business,
        sum(off_hours) AS off
    FROM report.on_call_hours GROUP BY ALL
)
QUALIFY row_number() OVER (PARTITION BY year ORDER BY hours DESC, username) <= $people
ORDER BY year DESC, hours DESC, username
