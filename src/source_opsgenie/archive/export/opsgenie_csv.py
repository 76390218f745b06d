"""`finalAlertData.csv`, as Opsgenie's own export of alerts writes it, for the scripts that read that file."""

from collections.abc import Iterator
from pathlib import Path

from source_opsgenie.archive.export.copies import CSV, copy_rows, marked
from source_opsgenie.archive.export.relations import Written, relation
from source_opsgenie.archive.export.rows import Rows
from source_opsgenie.archive.tables import identifier

FILE = "finalAlertData.csv"
DATE_FORMAT = "%Y/%m/%d %H:%M:%S.%f"
# The header of Opsgenie's file, and the value in each column. Opsgenie writes dates in a local time zone, we in UTC.
COLUMNS = {
    "Alert ID": "id",
    "Alias": "alias",
    "TinyID": "tinyId",
    "Message": "message",
    "Status": "status",
    "IsSeen": "isSeen",
    "Acknowledged": "acknowledged",
    "Snoozed": "snoozed",
    "CreatedAt": "epoch_ms(createdAt)",
    "CreatedAtDate": f"strftime(createdAt, '{DATE_FORMAT}') || '+0000'",
    "UpdatedAt": "epoch_ms(updatedAt)",
    "UpdatedAtDate": f"strftime(updatedAt, '{DATE_FORMAT}') || '+0000'",
    "Count": '"count"',
    "Owner": "owner",
    "Teams": "teams",
}
QUERY = """
    SELECT {columns} FROM (
        SELECT a.* EXCLUDE (teams), coalesce(routed.teams, '') AS teams FROM main.alerts AS a
        LEFT JOIN (
            SELECT alert_id, string_agg(team, ',' ORDER BY team) AS teams FROM report.alert_teams GROUP BY 1
        ) AS routed ON routed.alert_id = a.id
        WHERE a._deleted_at IS NULL
    ) ORDER BY createdAt DESC, id
"""


def write_opsgenie_csv(rows: Rows, folder: Path) -> Iterator[Written]:
    """Write the 15 columns, in UTF-8 with a byte order mark; texts are not altered for spreadsheets."""
    header = marked(list(COLUMNS))
    selected = [f"{value} AS {identifier(name)}" for name, value in zip(header, COLUMNS.values(), strict=True)]
    chosen = relation(rows.database, FILE, QUERY.format(columns=", ".join(selected)).strip())
    with rows.prepare(chosen) as found:
        yield copy_rows(rows.database, found.select, folder / FILE, options=CSV)
