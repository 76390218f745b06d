"""XLSX: one workbook with a sheet for each relation, written row by row within constant memory."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from source_opsgenie.archive.export.relations import Column, Relation, Written
from source_opsgenie.archive.export.rows import Rows

FILE = "opsgenie.xlsx"
CONTENTS = "contents"
# Limits of the format.
MAX_ROWS = 1_048_576
MAX_NAME = 31
MAX_TEXT = 32_767
MAX_EXACT_INTEGER = 2**53
CUT = " [cut]"
WIDTHS = {"TIMESTAMP": 19, "DATE": 11, "VARCHAR": 24}
DEFAULT_WIDTH = 12
OPTIONS = {
    "constant_memory": True,
    "default_date_format": "yyyy-mm-dd hh:mm:ss",
    # Texts stay texts: nothing from the API becomes a formula, a link or a number.
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


@dataclass(slots=True)
class Book:
    """The workbook being written. *max_rows* is the height of a sheet, its header included."""

    workbook: xlsxwriter.Workbook
    max_rows: int = MAX_ROWS
    names: set[str] = field(default_factory=set)
    formats: dict[str, Format] = field(default_factory=dict)

    def add_sheet(self, name: str, columns: Iterable[Column]) -> Worksheet:
        """Add a sheet with a frozen header."""
        sheet = self.workbook.add_worksheet(self._unused(name))
        for place, column in enumerate(columns):
            sheet.set_column(place, place, WIDTHS.get(column.kind, DEFAULT_WIDTH), self.formats.get(column.kind))
            sheet.write_string(0, place, column.name, self.formats["header"])
        sheet.freeze_panes(1, 0)
        return sheet

    def _unused(self, name: str) -> str:
        """*name*, shortened to what the format allows, and numbered if it is taken."""
        number, found = 1, name[:MAX_NAME]
        while found.lower() in self.names:
            number += 1
            found = f"{name[: MAX_NAME - len(str(number)) - 1]} {number}"
        self.names.add(found.lower())
        return found


def write_xlsx(
    rows: Rows, relations: Iterable[Relation], folder: Path, *, max_rows: int = MAX_ROWS
) -> Iterator[Written]:
    """Write a workbook that starts with a list of its sheets; a relation that fills a sheet gets one a year."""
    chosen = list(relations)
    with xlsxwriter.Workbook(folder / FILE, OPTIONS | {"tmpdir": str(folder)}) as workbook:
        book = Book(workbook, max_rows)
        book.formats = {
            "header": workbook.add_format({"bold": True}),
            "DATE": workbook.add_format({"num_format": "yyyy-mm-dd"}),
            "TIMESTAMP": workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        }
        _write_contents(book, chosen)
        for one in chosen:
            with rows.prepare(one) as relation:
                yield Written(f"{FILE}: {relation.name}", _write_relation(book, rows, relation))


def _write_contents(book: Book, relations: Iterable[Relation]) -> None:
    sheet = book.add_sheet(CONTENTS, (Column("sheet", "VARCHAR"), Column("description", "VARCHAR")))
    for row, relation in enumerate(relations, start=1):
        sheet.write_string(row, 0, relation.name)
        sheet.write_string(row, 1, relation.description)


def _write_relation(book: Book, rows: Rows, relation: Relation) -> int:
    """Write the rows to one sheet, or to one or more for each year."""
    ((total,),) = rows.database.execute(f"SELECT count(*) FROM ({relation.query})").fetchall()
    if total < book.max_rows:
        return _write_rows(book, rows, relation, title=relation.name)
    time = next((column.name for column in relation.columns if column.kind in {"TIMESTAMP", "DATE"}), None)
    if time is None:
        return _write_rows(book, rows, relation, title=relation.name)
    years = f'SELECT DISTINCT year("{time}") AS year FROM ({relation.query}) ORDER BY year NULLS LAST'
    found = [year for (year,) in rows.database.execute(years).fetchall()]
    titles = {year: f"{relation.name} {year or 'undated'}" for year in found}
    return sum(_write_rows(book, rows, _of_year(relation, time, year), title=titles[year]) for year in found)


def _of_year(relation: Relation, time: str, year: int | None) -> Relation:
    condition = f'year("{time}") = {year}' if year is not None else f'"{time}" IS NULL'
    query = f"SELECT * FROM ({relation.query}) WHERE {condition}"
    return Relation(relation.name, relation.description, query, relation.columns)


def _write_rows(book: Book, rows: Rows, relation: Relation, *, title: str) -> int:
    """Write rows to a new sheet, and to further ones once it is full; returns their number."""
    sheet, row, count = book.add_sheet(title, relation.columns), 0, 0
    for batch in rows.fetch(relation):
        for values in batch:
            if row + 1 == book.max_rows:
                sheet.autofilter(0, 0, row, len(relation.columns) - 1)
                sheet, row = book.add_sheet(title, relation.columns), 0
            row, count = row + 1, count + 1
            _write_cells(sheet, row, values)
    sheet.autofilter(0, 0, row, len(relation.columns) - 1)
    return count


def _write_cells(sheet: Worksheet, row: int, values: Iterable[Any]) -> None:
    """Write the cells of one row in their types; an integer that Excel would round becomes a text."""
    for place, value in enumerate(values):
        match value:
            case None:
                continue
            case bool():
                sheet.write_boolean(row, place, value)
            case int() if abs(value) > MAX_EXACT_INTEGER:
                sheet.write_string(row, place, str(value))
            case int() | float() | Decimal():
                sheet.write_number(row, place, float(value))
            case datetime():
                sheet.write_datetime(row, place, value)
            case date():
                sheet.write_datetime(row, place, datetime(value.year, value.month, value.day))
            case _:
                sheet.write_string(row, place, _fitting(str(value)))


def _fitting(text: str) -> str:
    """*text*, cut to the length of a cell."""
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - len(CUT)] + CUT
