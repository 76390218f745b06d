"""The docs page of the simulator, and the anchors it links to."""

import re
from collections import Counter
from pathlib import Path

import opsgenie_simulator
from opsgenie_simulator import reference
from opsgenie_simulator.routes import ROUTES

ROOT = Path(__file__).parents[2]
SOURCE = Path(opsgenie_simulator.__file__).parent


def test_page_is_up_to_date() -> None:
    """docs/simulator.md is generated; `python -m opsgenie_simulator.reference` prints it."""
    assert "\n".join(reference.page()) + "\n" == (ROOT / "docs" / "simulator.md").read_text()


def test_each_path_has_one_route() -> None:
    """No two routes answer the same path, whatever the ids in it are called."""
    paths = Counter(re.sub(r"{\w+}", "{}", route.path) for route in ROUTES)

    assert [path for path, number in paths.items() if number > 1] == []


def test_linked_facts_exist() -> None:
    """Every anchor in the simulator's source and page is a heading of docs/opsgenie-api.md."""
    headings = re.findall(r"^#+ (.+)$", (ROOT / "docs" / "opsgenie-api.md").read_text(), re.MULTILINE)
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    texts = [path.read_text() for path in SOURCE.rglob("*.py")] + list(reference.page())
    linked = {anchor for text in texts for anchor in re.findall(r"opsgenie-api\.md#([a-z-]+)", text)}

    assert len(linked) > 10
    assert not linked - anchors


def test_no_address_is_numeric() -> None:
    """Loopback is always written as a name."""
    texts = {path: path.read_text() for path in SOURCE.rglob("*.py")}

    assert not [path for path, text in texts.items() if re.search(r"\d+\.\d+\.\d+\.\d+|::1", text)]
