import ast
import re
from pathlib import Path

import pytest
from tests.support.leaks import KEY, KEYS, PRINTS_KEYS, find_leaks

from opsgenie_simulator import Account

SECRET = "a key that nobody knows"
TESTS = Path(__file__).parents[1]
FILES = [path for path in sorted(TESTS.rglob("*.py")) if PRINTS_KEYS not in str(path) and path.name != "leaks.py"]
# What takes output away from pytest, which then cannot look at it.
TAKES = re.compile(r"subprocess\.(run|check_output)\(|\.communicate\(|\.readouterr\(|CliRunner\(|stderr\.read\(")
HEARS = re.compile(r"\brecord_output\(")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_whatever_takes_output_hands_it_on(path: Path) -> None:
    """A function that takes what is printed hands it to `record_output`, so that it is searched for keys."""
    text = path.read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)]
    bodies = {node.name: ast.get_source_segment(text, node) or "" for node in functions}

    assert [] == [name for name, body in bodies.items() if TAKES.search(body) and not HEARS.search(body)]


def test_the_keys_of_all_tests_are_searched_for() -> None:
    """The keys of the account that is served, the demo's too, and the one of the tests without an account."""
    account = Account.seeded(seed=7, alerts=3)

    assert {KEY, *(one.token for one in account.keys)} == set(KEYS)


def test_a_key_is_found_wherever_it_stands(tmp_path: Path) -> None:
    """In what was printed, and in a file of bytes."""
    path = tmp_path / "acme.duckdb.wal"
    path.write_bytes(b"\xff" + SECRET.encode() + b"\x00")

    assert ["the output", str(path)] == find_leaks(SECRET, f"so: {SECRET}", files=[path])
    assert [] == find_leaks(KEY, SECRET, files=[path])
