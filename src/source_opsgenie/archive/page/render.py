"""Render the page from its template, with everything that it needs inside."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

import jinja2
import orjson

from source_opsgenie.archive.page.escaping import to_json
from source_opsgenie.archive.page.sections import LIMITS, Section
from source_opsgenie.archive.status import Status
from source_opsgenie.distribution import VERSION

FOLDER = files(__package__)
# Read by the template itself; the others are drawn by the script.
ONLY_TEMPLATE = {"glance", "owed"}
# In this order: a script uses those before it.
SCRIPTS = ("page", "charts", "incidents", "alerts")


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows: the *status* of the archive and its *sections* by name."""

    made_at: datetime
    status: Status
    sections: Mapping[str, Section]

    @property
    def glance(self) -> dict[str, Any]:
        """The account in numbers."""
        return next(self.sections["glance"].records())


def render(page: Page) -> Iterator[str]:
    """The *page* as parts of an HTML text without any reference to another file."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = "{:,}".format
    environment.filters["minute"] = "{:%Y-%m-%d %H:%M}".format
    return environment.from_string(_read("page.html.jinja")).generate(
        page=page,
        status=page.status,
        glance=page.glance,
        sections=page.sections,
        limits=LIMITS,
        version=VERSION,
        # Not escaped by the template: these are ours, and JSON without the characters that mean something in HTML.
        style=_read("page.css"),
        script="".join(_read(f"scripts/{name}.js") for name in SCRIPTS),
        vega=_read("vega/vega.js"),
        licence=_read("vega/LICENSE"),
        embedded=[name for name in page.sections if name not in ONLY_TEMPLATE],
        charts=to_json(_charts()),
    )


def _charts() -> dict[str, Any]:
    """The Vega-Lite specification of each chart by its name."""
    charts = FOLDER.joinpath("charts").iterdir()
    return {path.name.removesuffix(".json"): orjson.loads(path.read_bytes()) for path in charts}


def _read(path: str) -> str:
    return FOLDER.joinpath(path).read_text(encoding="utf-8")
