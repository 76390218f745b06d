"""The code in docs/python.md, the script and the notebook, run as a reader would run them."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.leaks import run_process

from opsgenie_simulator import Account, Simulator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")


@pytest.fixture
def account() -> Account:
    """An account of a few rows in every list."""
    return Account.seeded(seed=7, alerts=40, incidents=6, users=5, teams=3, services=3, integrations=3)


def run(simulator: Simulator, account: Account, *args: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with the key and the address of the simulator in its environment."""
    environment = {**os.environ, "OPSGENIE_API_TOKEN": account.full_key, "OPSGENIE_API_URL": simulator.url}
    return run_process(sys.executable, *args, cwd=cwd, env=environment)


def test_the_code_of_the_page_runs(simulator: Simulator, account: Account, tmp_path: Path) -> None:
    """The blocks of the page, one after the other, read the account and print the proofs."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    code = "\n".join([*blocks, "print(len(rows['alerts']), len(rows['teams']), len(changes))"])
    done = run(simulator, account, "-c", code, cwd=tmp_path)
    lines = done.stdout.splitlines()

    assert "" == done.stderr
    assert [] != [line for line in lines if line.startswith("alerts: 40 counted, 40 read, 0 unexplained")]
    assert "team_members ('team_id', 'user_id') replace" in lines
    assert f"{len(account.alerts)} {len(account.teams)} {len(account.users)}" == lines[-1]


def test_the_script_appends_what_changed(simulator: Simulator, account: Account, tmp_path: Path) -> None:
    """The script writes each row once, and the second run appends the alert that is new."""
    (tmp_path / "config.json").write_text(json.dumps({"api_token": account.full_key}))
    command = (ROOT / "examples" / "read_changes.py", "config.json", ".", "alerts", "alert_logs")
    first = run(simulator, account, *command, cwd=tmp_path)
    new = account.create_alert(message="new")["id"]
    second = run(simulator, account, *command, cwd=tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "alerts.jsonl").read_text().splitlines()]

    assert (0, 0) == (first.returncode, second.returncode)
    assert 41 == len(rows)
    assert new == rows[-1]["id"]
    assert any(line.startswith("alerts: 1 changed since ") for line in second.stdout.splitlines())


def test_the_notebook_runs(simulator: Simulator, account: Account, tmp_path: Path) -> None:
    """The cells of the notebook run in order, and the last one is a table of the teams."""
    notebook = json.loads((ROOT / "examples" / "opsgenie.ipynb").read_text(encoding="utf-8"))
    *cells, last = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    *lines, table = last.splitlines()
    done = run(simulator, account, "-c", "\n".join([*cells, *lines, f"print({table})"]), cwd=tmp_path)

    assert "" == done.stderr
    assert [] == [cell for cell in notebook["cells"] if cell.get("outputs")]
    assert [] == [team["name"] for team in account.teams.values() if team["name"] not in done.stdout]


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").glob("*_opsgenie.py")))
def test_examples_are_linked(name: str) -> None:
    """The page links each example of another program."""
    assert f"(../examples/{name})" in PAGE


def test_a_source_is_created_for_each_account(tmp_path: Path) -> None:
    """The requests to Airbyte's API have a source for each config, with the config as it is."""
    for name in ("acme", "globex"):
        (tmp_path / f"{name}.json").write_text(json.dumps({"api_token": f"key-of-{name}"}))
    command = ROOT / "examples" / "kubernetes" / "connections.py"
    done = run_process(sys.executable, command, tmp_path, "workspace", "definition")
    bodies = [json.loads(line) for line in done.stdout.splitlines()]

    assert ["Opsgenie acme", "Opsgenie globex"] == [body["name"] for body in bodies]
    assert {"api_token": "key-of-globex"} == bodies[1]["configuration"]
    assert {("workspace", "definition")} == {(body["workspaceId"], body["definitionId"]) for body in bodies}
