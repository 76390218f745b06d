-- What could not be read and is requested again by the next sync, the oldest first.
SELECT stream, part, left(reason, $characters + 1) AS reason, since, attempts FROM _archive.owed ORDER BY stream, since, part LIMIT $owed
