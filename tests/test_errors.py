"""The tree of errors: whole, drawn, and exported."""

import re

import pytest

from source_opsgenie import errors
from source_opsgenie.errors import OpsgenieError

CLASSES = [one for one in vars(errors).values() if isinstance(one, type)]


def drawn() -> dict[str, str]:
    """Each class of the drawing with the one that it hangs on."""
    above: list[str] = []
    found: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if named := re.match(r"((?:│   |├── |└── |    )*)(\w+)(?:\s{2,}|$)", line):
            depth = len(named[1]) // 4
            above[depth:] = [named[2]]
            found[named[2]] = above[depth - 1] if depth else "Exception"
    return found


def test_all_is_whole() -> None:
    """Every class is exported, in the order of the alphabet, and nothing else is."""
    assert sorted(one.__name__ for one in CLASSES) == errors.__all__


def test_drawing_is_the_tree() -> None:
    """The drawing at the top shows each class under the one that it is made from."""
    expected = {one.__name__: one.__bases__[0].__name__ for one in CLASSES}

    assert expected == drawn()


@pytest.mark.parametrize("error", CLASSES)
def test_every_class_says_what_happened(error: type) -> None:
    """Each class is an OpsgenieError with a sentence of its own."""
    assert issubclass(error, OpsgenieError)
    assert (error.__doc__ or "").endswith(".")
