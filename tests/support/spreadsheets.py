"""Read a workbook, as far as its format is documented: the cells of each sheet, its filter and its frozen header."""

import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

NS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
# Day 0 of the format.
EPOCH = datetime(1899, 12, 30)


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet, its header included; *filtered* is the range of its filter."""

    rows: list[dict[str, Any]]
    filtered: str
    is_frozen: bool
    has_formulas: bool


def read_workbook(path: Path) -> dict[str, Sheet]:
    """The sheets of the workbook at *path*, by name and in their order."""
    with zipfile.ZipFile(path) as archive:
        root = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        names = [str(sheet.get("name")) for sheet in root.findall("x:sheets/x:sheet", NS)]
        pages = [archive.read(f"xl/worksheets/sheet{number}.xml") for number in range(1, len(names) + 1)]
    return {name: _parse(ElementTree.fromstring(page)) for name, page in zip(names, pages, strict=True)}


def to_datetime(days: float) -> datetime:
    """A time of the format, to the millisecond."""
    return EPOCH + timedelta(milliseconds=round(days * 86_400_000))


def _parse(root: ElementTree.Element) -> Sheet:
    header, *rows = [_cells(row) for row in root.findall("x:sheetData/x:row", NS)] or [{}]
    found = root.find("x:autoFilter", NS)
    return Sheet(
        rows=[{name: row.get(column) for column, name in header.items()} for row in rows],
        filtered=str(found.get("ref")) if found is not None else "",
        is_frozen=root.find("x:sheetViews/x:sheetView/x:pane[@state='frozen']", NS) is not None,
        has_formulas=root.find(".//x:f", NS) is not None,
    )


def _cells(row: ElementTree.Element) -> dict[str, Any]:
    return {str(cell.get("r")).rstrip("0123456789"): _value(cell) for cell in row.findall("x:c", NS)}


def _value(cell: ElementTree.Element) -> Any:
    if cell.get("t") == "inlineStr":
        return "".join(text.text or "" for text in cell.iterfind(".//x:t", NS))
    number = cell.findtext("x:v", None, NS)
    if number is None:
        return None
    return number == "1" if cell.get("t") == "b" else float(number)
