"""What only large archives need, with the limits lowered: sheets by year, and views computed in parts."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.answers import Answers
from tests.support.spreadsheets import read_workbook, to_datetime

from source_opsgenie.archive.export.redaction import Redaction
from source_opsgenie.archive.export.relations import computed, find_relations, parts
from source_opsgenie.archive.export.rows import Rows
from source_opsgenie.archive.export.spreadsheet import write_xlsx
from source_opsgenie.archive.offline import open_archive

MAX_ROWS = 101


@pytest.fixture
def rows(answers: Answers) -> Iterator[Rows]:
    """The open archive, without redaction."""
    with open_archive(answers.path, notify=print) as database:
        yield Rows(database, Redaction())


def test_a_full_sheet_is_divided_by_year(answers: Answers, rows: Rows, tmp_path: Path) -> None:
    """A view that fills a sheet has one for each year, and further ones for a year that fills its own."""
    found = list(find_relations(rows.database, view_names=["alert_facts", "names"], table_names=[]))
    list(write_xlsx(rows, found, tmp_path, max_rows=MAX_ROWS))
    sheets = read_workbook(tmp_path / "opsgenie.xlsx")
    years = Counter(alert["createdAt"][:4] for alert in answers.alerts)
    named = {name: sheet.rows for name, sheet in sheets.items() if name.startswith("alert_facts")}

    assert "names" in sheets
    assert {"alert_facts 2025", "alert_facts 2026", "alert_facts 2026 2"} <= named.keys()
    assert all(len(of) < MAX_ROWS for of in named.values())
    assert years == sum((Counter({name[12:16]: len(of)}) for name, of in named.items()), Counter())
    assert {2025} == {to_datetime(row["created_at"]).year for row in named["alert_facts 2025"]}


def test_a_view_in_parts_equals_the_view(answers: Answers, rows: Rows) -> None:
    """Every alert is in one of the parts, whatever its id begins with."""
    (relation,) = find_relations(rows.database, view_names=["alert_facts"], table_names=[])
    divided = relation.divided(parts(rows.database, "alert_facts", at_least=1))
    with computed(rows.database, divided) as source:
        found = [row for batch in rows.fetch(source) for row in batch]

    assert () == relation.conditions
    assert source.query != relation.query
    assert sorted(map(str, (tuple(row.values()) for row in answers.rows("alert_facts")))) == sorted(map(str, found))
