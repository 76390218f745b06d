import csv
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from tests.support.answers import Answers, utc
from tests.support.archive_command import Command

from opsgenie_simulator import Account
from source_opsgenie.archive.configuration import VOLATILE
from source_opsgenie.streams import STREAMS

# From Opsgenie's own file.
HEADER = (
    "Alert ID,Alias,TinyID,Message,Status,IsSeen,Acknowledged,Snoozed,CreatedAt,CreatedAtDate,UpdatedAt,UpdatedAtDate,"
    "Count,Owner,Teams"
)


def exported(answers: Answers, folder: Path, *arguments: str) -> Path:
    """The folder of an export, which must succeed."""
    result = answers.run("export", "--to", str(folder), *arguments)

    assert (0, "") == (result.exit_code, result.stderr), result.output
    return folder


def test_opsgenie_csv_is_read_as_opsgenies_own(answers: Answers, tmp_path: Path) -> None:
    """The file has Opsgenie's 15 columns, with times in milliseconds and as dates with a zone."""
    content = (exported(answers, tmp_path / "out", "--as", "opsgenie-csv") / "finalAlertData.csv").read_bytes()
    lines = content.decode("utf-8-sig").splitlines(keepends=True)
    rows = {row["Alert ID"]: row for row in csv.DictReader(lines)}

    assert content.startswith(b"\xef\xbb\xbf")
    assert HEADER == lines[0].strip()
    assert rows.keys() == answers.account.alerts.keys()
    for alert in answers.alerts:
        row, created = rows[alert["id"]], utc(alert["createdAt"]).replace(tzinfo=UTC)
        flags = {name: str(alert[name]).lower() for name in ("isSeen", "acknowledged", "snoozed")}

        assert created == datetime.strptime(row["CreatedAtDate"], "%Y/%m/%d %H:%M:%S.%f%z")
        assert created == datetime.fromtimestamp(int(row["CreatedAt"]) / 1000, UTC)
        assert utc(alert["updatedAt"]).replace(tzinfo=UTC) == datetime.fromtimestamp(int(row["UpdatedAt"]) / 1000, UTC)
        assert flags == {"isSeen": row["IsSeen"], "acknowledged": row["Acknowledged"], "snoozed": row["Snoozed"]}
        assert answers.teams_of(alert) == set(filter(None, row["Teams"].split(",")))
        assert [alert["alias"], alert["tinyId"], alert["message"], alert["status"], alert["owner"]] == [
            row[name] for name in ("Alias", "TinyID", "Message", "Status", "Owner")
        ]
        assert alert["count"] == int(row["Count"])


def contents(folder: Path) -> dict[str, bytes]:
    """The content of each file in *folder*."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_config_of_an_unchanged_account_is_identical(archive: Command, account: Account, tmp_path: Path) -> None:
    """Two syncs and exports give the same files; a changed team changes its file alone."""
    found = []
    for name in ("first", "second", "third"):
        archive.sync("--streams", ",".join(VOLATILE))
        archive("export", str(archive.path), "--to", str(tmp_path / name), "--as", "config")
        found.append(contents(tmp_path / name))
        if name == "second":
            team = next(iter(account.teams.values()))
            account.update_team(team["id"], description="Pays the bills")
            account.heartbeats[0]["lastPingTime"] = "2026-10-31T23:59:59Z"
    changed = {path for path in found[1] if found[1][path] != found[2].get(path)}

    assert found[0] == found[1]
    assert {f"teams/{team['name'].lower()}.json", "SHA256SUMS"} == changed


def test_config_has_a_file_for_each_entity(answers: Answers, tmp_path: Path) -> None:
    """Each row is one file of sorted JSON, named after itself and its parents; no two rows share one."""
    folder = exported(answers, tmp_path / "out", "--as", "config")
    for name in sorted({path.parts[0] for path in (p.relative_to(folder) for p in folder.glob("*/**/*.json"))}):
        ((rows,),) = [tuple(row.values()) for row in answers.rows(f"SELECT count(*) FROM {name}")]

        assert rows == len(list((folder / name).rglob("*.json"))), name
    rule = json.loads((folder / "team_routing_rules" / "payments" / "default-routing-rule.json").read_bytes())

    assert ["criteria", "id", "isDefault", "name", "notify", "order", "team_id"] == list(rule)
    assert (folder / "integration_actions" / "cloudwatch-2.json").is_file()
    assert (folder / "alert_policies" / "account").is_dir()


def test_evidence_has_the_population_and_its_proof(answers: Answers, tmp_path: Path) -> None:
    """The population has every alert, and the summary says whether it is complete and how that was proven."""
    folder = exported(answers, tmp_path / "out", "--as", "evidence")
    with (folder / "population.csv").open(encoding="utf-8-sig", newline="") as file:
        population = {row["alert_id"] for row in csv.DictReader(file)}
    evidence = json.loads((folder / "evidence.json").read_bytes())
    page = (folder / "evidence.html").read_text(encoding="utf-8")

    assert answers.account.alerts.keys() == population
    assert hashlib.sha256(answers.path.read_bytes()).hexdigest() == evidence["archive_sha256"]
    assert {"opsgenie-archive", "DuckDB", "Python"} == evidence["versions"].keys()
    assert "Yes: of every stream that was chosen, all rows that the key can see were read." in page
    assert "303 counted, 303 read" in page
    assert "A key of one team sees only its team" in page
    assert set(re.findall(r"<td>(\w+)\.csv</td>", page)) == {path.stem for path in folder.glob("*.csv")}


def test_evidence_names_what_is_missing(archive: Command, tmp_path: Path) -> None:
    """Streams that could not be read and those that were never chosen are named, and texts are escaped."""
    key = archive.simulator.account.key_without_configuration_access
    archive("sync", "--to", str(archive.path), "--streams", "alerts,teams", key=key)
    with duckdb.connect(str(archive.path)) as database:
        database.execute("UPDATE _archive.streams SET proof = '<b>300</b>' WHERE stream = 'alerts'")
    archive("export", str(archive.path), "--to", str(tmp_path / "out"), "--as", "evidence")
    page = (tmp_path / "out" / "evidence.html").read_text(encoding="utf-8")

    assert "No. Incomplete: teams." in page
    assert "&lt;b&gt;300&lt;/b&gt;" in page
    assert "Never read, because they were not chosen: account, " in page


@pytest.mark.parametrize(
    "arguments",
    [("--tables", "all", "--views", "all"), ("--as", "config"), ("--as", "evidence"), ("--as", "opsgenie-csv")],
)
def test_nothing_personal_is_left_after_a_redaction(
    answers: Answers, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    """No name, address or phone number of the account is in any file or file name."""
    folder = exported(answers, tmp_path / "out", *arguments, "--redact")
    users = answers.account.users.values()
    personal = {user["username"] for user in users} | {user["fullName"] for user in users}
    personal |= {row["to"] for row in answers.rows('SELECT "to" FROM user_contacts')}
    content = "".join(text.decode() + path for path, text in contents(folder).items())

    assert [] == [value for value in personal if value.lower() in content.lower()]
    assert "redacted-" in content


def test_redaction_is_consistent_and_reported(answers: Answers, tmp_path: Path) -> None:
    """The same person has the same hash everywhere, two people have two, and the summary counts what was replaced."""
    arguments = ("--views", "user_directory", "--tables", "user_contacts,users", "--redact", "--json")
    result = answers.run("export", "--to", str(tmp_path / "out"), *arguments)
    touched = json.loads(result.stdout)["redacted"]
    people = len(answers.account.users)
    with duckdb.connect() as database:
        (counts,) = database.execute(
            f"SELECT count(DISTINCT username), count(*) FROM '{tmp_path}/out/user_directory.csv' "
            f'JOIN (SELECT DISTINCT "to" FROM \'{tmp_path}/out/user_contacts.csv\') ON "to" = username'
        ).fetchall()

    assert (people, people) == counts
    assert people == touched["user_directory.username"] == touched["users.fullName"]
    assert not [name for name in touched if name.split(".")[0] not in {*STREAMS, "user_directory"}]
