import ast
import re
from pathlib import Path

import pytest
from tests.support.leaks import KEY, KEYS, PRINTS_KEYS, find_leaks

from opsgenie_simulator import Account

SECRET = "a key of no account"
TESTS = Path(__file__).parents[1]
FILES = [path for path in sorted(TESTS.rglob("*.py")) if PRINTS_KEYS not in str(path) and path.name != "leaks.py"]
# Calls that take output away from pytest, which then cannot search it.
CAPTURES = re.compile(r"subprocess\.(run|check_output)\(|\.communicate\(|\.readouterr\(|CliRunner\(|stderr\.read\(")
HANDS_OVER = re.compile(r"\brecord_output\(")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_captured_output_is_searched_for_keys(path: Path) -> None:
    """A function that captures output passes it to `record_output`, so that it is searched for keys."""
    text = path.read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    bodies = {node.name: ast.get_source_segment(text, node) or "" for node in functions}

    assert [] == [name for name, body in bodies.items() if CAPTURES.search(body) and not HANDS_OVER.search(body)]


def test_all_keys_of_the_tests_are_searched_for() -> None:
    """Output is searched for the keys of the simulated account, which the demo uses too, and for the fixed key."""
    account = Account.seeded(seed=7, alerts=3)

    assert {KEY, *(key.token for key in account.keys)} == set(KEYS)


def test_a_key_is_found_in_output_and_in_files(tmp_path: Path) -> None:
    """The search finds a key in printed text and in a binary file, and does not find another key."""
    path = tmp_path / "acme.duckdb.wal"
    path.write_bytes(b"\xff" + SECRET.encode() + b"\x00")

    assert ["the output", str(path)] == find_leaks(SECRET, f"before {SECRET} after", files=[path])
    assert [] == find_leaks(KEY, SECRET, files=[path])
