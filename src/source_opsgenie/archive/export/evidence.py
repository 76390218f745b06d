"""Evidence for an audit: the full population of alerts with its logs, counts, the proof, and a summary of one page."""

import hashlib
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import duckdb
import jinja2
import orjson

from source_opsgenie.archive.export.copies import write_csv
from source_opsgenie.archive.export.relations import Relation, Written, parts, relation
from source_opsgenie.archive.export.rows import Rows
from source_opsgenie.archive.status import Status, status_of
from source_opsgenie.distribution import VERSION

POPULATION = "population"
# Each file of the evidence: what it is, and the rows in it.
FILES = {
    POPULATION: ("Every alert, with who acknowledged and closed it and when.", "FROM report.alert_facts"),
    "alert_logs": (
        "The activity log of every alert.",
        'SELECT * EXCLUDE (_json) FROM main.alert_logs ORDER BY alert_id, "offset"',
    ),
    "notified": (
        "The users to notify of each alert.",
        'SELECT * EXCLUDE (_json, "user") FROM main.alert_recipients ORDER BY alert_id, user_id',
    ),
    "incidents": ("Every incident, with its impact and its responders.", "FROM report.incident_facts"),
    "on_call": ("Who was on call, and until when.", "FROM report.on_call"),
    "syncs": ("Every sync into the archive, with its outcome.", "FROM _archive.runs ORDER BY started_at"),
    "owed": ("What could not be read, and why.", "SELECT * EXCLUDE (rows) FROM _archive.owed ORDER BY stream, part"),
    "counts": ("What each sync counted and read.", "FROM report.completeness"),
}
SCOPE = (
    "Every number is of what the API key could see. A key of one team sees only its team, without an error.",
    "Alerts and incidents deleted before the first sync are not in the archive; those deleted later are marked.",
    "A search lists at most 20,000 rows, so the archive was read in windows, and each was counted before and after.",
    "Opsgenie has no list of postmortems and deployments; they are not in the archive.",
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the summary says, as `evidence.json` has it too."""

    made_at: datetime
    archive_sha256: str
    versions: dict[str, str]
    status: Status
    files: tuple[Written, ...]
    scope: tuple[str, ...] = SCOPE


def write_evidence(rows: Rows, folder: Path, *, path: Path) -> Iterator[Written]:
    """Write the population and its logs as CSV, the counts, and the summary as HTML and JSON."""
    status, written = status_of(rows.database, path), []
    for one in write_csv(rows, _relations(rows.database), folder):
        written.append(one)
        yield one
    evidence = Evidence(
        made_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0),
        archive_sha256=_digest(path),
        versions={"opsgenie-archive": VERSION, "DuckDB": duckdb.__version__, "Python": platform.python_version()},
        status=status,
        files=tuple(written),
    )
    (folder / "evidence.json").write_bytes(orjson.dumps(asdict(evidence), option=orjson.OPT_INDENT_2))
    (folder / "evidence.html").write_text(_render(evidence), encoding="utf-8")
    yield Written("evidence.json", 1)
    yield Written("evidence.html", 1)


def _relations(database: duckdb.DuckDBPyConnection) -> Iterator[Relation]:
    for name, (description, query) in FILES.items():
        found = relation(database, name, query, description)
        yield found.divided(parts(database, "alert_facts")) if name == POPULATION else found


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _render(evidence: Evidence) -> str:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    template = files(__package__).joinpath("evidence.html.jinja").read_text(encoding="utf-8")
    descriptions = {f"{name}.csv": text for name, (text, _) in FILES.items()}
    return environment.from_string(template).render(
        evidence=evidence, status=evidence.status, descriptions=descriptions
    )
