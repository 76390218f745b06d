"""The error classes: drawn as a tree, exported, and with values beside their text."""

import re

import pytest

from source_opsgenie import errors
from source_opsgenie.api.failures import Failure
from source_opsgenie.errors import NotFound, OpsgenieError

CLASSES = [value for value in vars(errors).values() if isinstance(value, type)]


def drawn_tree() -> dict[str, str]:
    """Each class in the drawing with its parent."""
    parents: list[str] = []
    found: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if match := re.match(r"((?:│   |├── |└── |    )*)(\w+)(?:\s{2,}|$)", line):
            depth = len(match[1]) // 4
            parents[depth:] = [match[2]]
            found[match[2]] = parents[depth - 1] if depth else "Exception"
    return found


def test_every_class_is_exported() -> None:
    """`__all__` holds every class in alphabetical order, and nothing else."""
    assert sorted(error.__name__ for error in CLASSES) == errors.__all__


def test_the_drawing_is_the_tree() -> None:
    """The drawing at the top shows each class under its parent."""
    expected = {error.__name__: error.__bases__[0].__name__ for error in CLASSES}

    assert expected == drawn_tree()


@pytest.mark.parametrize("error", CLASSES)
def test_every_class_says_what_happened(error: type) -> None:
    """Each class is an OpsgenieError with a sentence of its own."""
    assert issubclass(error, OpsgenieError)
    assert (error.__doc__ or "").strip().endswith(".")


def test_an_error_carries_values_beside_its_text() -> None:
    """Path, status and request id are attributes; without them, they are empty, None and empty."""
    error = NotFound("deleted", path="/v2/alerts/x", status=404, request_id="r-1")
    bare = NotFound("deleted")

    assert ("deleted", "/v2/alerts/x", 404, "r-1") == (str(error), error.path, error.status, error.request_id)
    assert ("deleted", "", None, "") == (str(bare), bare.path, bare.status, bare.request_id)


@pytest.mark.parametrize("failure", Failure, ids=lambda failure: failure.name)
def test_every_failure_hands_its_values_to_its_error(failure: Failure) -> None:
    """The error of a failure ends in the remedy and carries the given values."""
    error = failure.error("GET /x returned 404", path="/x", status=404, request_id="r-1")

    assert (failure.kind, f"GET /x returned 404. {failure.remedy}") == (type(error), str(error))
    assert ("/x", 404, "r-1") == (error.path, error.status, error.request_id)
