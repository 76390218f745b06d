"""The page about the simulator, and what it points to."""

import re
from collections import Counter
from pathlib import Path

import opsgenie_simulator
from opsgenie_simulator import reference
from opsgenie_simulator.routes import ROUTES

ROOT = Path(__file__).parents[2]
SOURCE = Path(opsgenie_simulator.__file__).parent


def test_page_is_what_the_generator_prints() -> None:
    """docs/simulator.md is generated; `python -m opsgenie_simulator.reference` prints it."""
    assert "\n".join(reference.page()) + "\n" == (ROOT / "docs" / "simulator.md").read_text()


def test_each_path_has_one_route() -> None:
    """No two routes answer the same path, whatever the ids in it are called."""
    paths = Counter(re.sub(r"{\w+}", "{}", route.path) for route in ROUTES)

    assert [path for path, number in paths.items() if number > 1] == []


def test_facts_that_the_source_names_are_written_down() -> None:
    """Every anchor that the simulator names is a heading of docs/opsgenie-api.md."""
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / "opsgenie-api.md").read_text(), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    texts = [path.read_text() for path in SOURCE.rglob("*.py")] + list(reference.page())
    named = {anchor for text in texts for anchor in re.findall(r"opsgenie-api\.md#([a-z-]+)", text)}

    assert len(named) > 10
    assert not named - anchors


def test_no_address_is_given_as_a_number() -> None:
    """Loopback is written as a name everywhere."""
    texts = {path: path.read_text() for path in SOURCE.rglob("*.py")}

    assert not [path for path, text in texts.items() if re.search(r"\d+\.\d+\.\d+\.\d+|::1", text)]
