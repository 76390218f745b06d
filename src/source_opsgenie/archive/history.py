"""The history of the configuration: the earlier versions of its rows, each with the time for which it was held.

`_archive.configuration_history` has a row for each version that was replaced, and for each time that a row was deleted
and came back. The current version stays in the table of its stream, and so does that of a row that is deleted.
`_archive.configuration_since` says since when the current version of such a row is held: its `_synced_at` is later if
only fields that change by themselves were stored since then.
"""

import duckdb

from source_opsgenie.archive.configuration import VOLATILE, changed_fields, key_text
from source_opsgenie.archive.digests import table_recorded
from source_opsgenie.archive.records import fetch_number
from source_opsgenie.archive.tables import DELETED_COLUMN, JSON_COLUMN, SYNCED_COLUMN, identifier
from source_opsgenie.streams import Stream

TABLES = """
    CREATE TABLE IF NOT EXISTS _archive.configuration_history (
        stream VARCHAR, key VARCHAR, _json JSON USING COMPRESSION zstd, valid_from TIMESTAMP, valid_until TIMESTAMP,
        ended_by VARCHAR, fields VARCHAR[]
    );
    CREATE TABLE IF NOT EXISTS _archive.configuration_since (stream VARCHAR, key VARCHAR, since TIMESTAMP);
    COMMENT ON TABLE _archive.configuration_history IS
        'Earlier versions of the rows of the configuration, and since and until when each was held.';
    COMMENT ON COLUMN _archive.configuration_history.key IS 'The values of the key of the row, separated by /.';
    COMMENT ON COLUMN _archive.configuration_history._json IS 'The complete row as the API sent it.';
    COMMENT ON COLUMN _archive.configuration_history.valid_from IS 'When a sync first stored this version, in UTC.';
    COMMENT ON COLUMN _archive.configuration_history.valid_until IS
        'When a sync replaced it, or found that Opsgenie no longer had the row, in UTC.';
    COMMENT ON COLUMN _archive.configuration_history.ended_by IS 'changed, or deleted if the row came back later.';
    COMMENT ON COLUMN _archive.configuration_history.fields IS 'The fields that the next version changed.';
    COMMENT ON TABLE _archive.configuration_since IS
        'Since when the current version of a row is held, if the row has changed before.';
"""


def create(database: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of the history."""
    database.execute(TABLES)


def keep_versions(database: duckdb.DuckDBPyConnection, stream: Stream) -> None:
    """Keep the stored versions of rows of the configuration that `present` is about to replace, or to bring back.

    A version that differs only in fields that change by themselves is the same version.
    """
    if stream.name in VOLATILE and fetch_number(database, _find_replaced(stream)):
        with table_recorded(database, "_archive.configuration_history"):
            database.execute(KEEP, [stream.name])
        database.execute(FORGET, [stream.name])
        database.execute(REMEMBER, [stream.name])


def _find_replaced(stream: Stream) -> str:
    """Create the temporary table `replaced`: the stored versions, when each ended, and what the next one changes."""
    fields = changed_fields(stream, f"held.{JSON_COLUMN}", f"present.{JSON_COLUMN}")
    return f"""
        CREATE OR REPLACE TEMP TABLE replaced AS
        SELECT *, is_deleted OR len(fields) > 0 AS is_ended FROM (
            SELECT
                {key_text(stream, "held")} AS key, held.{JSON_COLUMN}, held.{SYNCED_COLUMN} AS synced_at,
                held.{DELETED_COLUMN} IS NOT NULL AS is_deleted, held.{DELETED_COLUMN} AS deleted_at,
                present.{SYNCED_COLUMN} AS stored_at, {fields} AS fields
            FROM {identifier(stream.name)} AS held JOIN present ON held.rowid = present.place
            WHERE held.{DELETED_COLUMN} IS NOT NULL OR held.rowid IN (SELECT place FROM changed)
        )
    """


KEEP = """
    INSERT INTO _archive.configuration_history BY NAME
    SELECT
        $1 AS stream, replaced.key, _json, coalesce(since, synced_at) AS valid_from,
        coalesce(deleted_at, stored_at) AS valid_until,
        CASE WHEN is_deleted THEN 'deleted' ELSE 'changed' END AS ended_by,
        CASE WHEN NOT is_deleted THEN fields END AS fields
    FROM replaced LEFT JOIN _archive.configuration_since AS known ON known.stream = $1 AND known.key = replaced.key
    WHERE is_ended
"""
FORGET = """
    DELETE FROM _archive.configuration_since
    WHERE stream = $1 AND key IN (SELECT key FROM replaced WHERE is_ended)
"""
REMEMBER = """
    INSERT INTO _archive.configuration_since
    SELECT $1, key, CASE WHEN is_ended THEN stored_at ELSE synced_at END FROM replaced
    WHERE key NOT IN (SELECT key FROM _archive.configuration_since WHERE stream = $1)
"""
