"""The examples of property tests: the same in each run of the suite, new ones in `make explore`."""

import re
import sys
from pathlib import Path

import pytest
from hypothesis import settings

import opsgenie_simulator
import source_opsgenie

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize(("profile", "is_fixed"), [("suite", True), ("explore", False)])
def test_profiles_store_nothing(profile: str, is_fixed: bool) -> None:
    """Only the suite draws the same examples each time; neither profile keeps any, nor fails if it is slow."""
    chosen = settings.get_profile(profile)

    assert (is_fixed, None, None) == (chosen.derandomize, chosen.database, chosen.deadline)


def test_the_profile_decides() -> None:
    """No test chooses for itself whether its examples are random or stored."""
    own = re.compile(r"(derandomize|database)=")
    paths = [path for path in TESTS.rglob("test_*.py") if path.name != "test_examples.py"]

    assert len(paths) > 80
    assert [] == [path.name for path in paths if "settings(" in path.read_text() and own.search(path.read_text())]


@pytest.mark.parametrize("package", [source_opsgenie, opsgenie_simulator])
def test_all_modules_are_loaded(package: object) -> None:
    """Every module is loaded, however few tests run: examples contain the constants of the modules that are loaded."""
    (folder,) = package.__path__  # type: ignore[attr-defined]
    paths = [path for path in Path(folder).rglob("*.py") if path.stem not in {"__init__", "__main__"}]
    loaded = {getattr(module, "__file__", None) for module in list(sys.modules.values())}

    assert len(paths) > 40
    assert [] == [path for path in paths if str(path) not in loaded]
