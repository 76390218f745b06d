"""What an import brings along; the layers themselves are held by import-linter."""

import sys

import pytest
from tests.support.leaks import run_process


@pytest.mark.parametrize(
    ("module", "others"),
    [
        ("source_opsgenie.reading.events", ["urllib3", "source_opsgenie.api.client"]),
        ("source_opsgenie.api.client", ["source_opsgenie.streams", "source_opsgenie.reading"]),
        ("source_opsgenie.archive.cli", ["airbyte_cdk", "duckdb", "rich", "urllib3"]),
        ("source_opsgenie.airbyte.cli", ["airbyte_cdk", "duckdb", "click"]),
        ("source_opsgenie.airbyte.run", ["airbyte_cdk", "duckdb", "urllib3", "source_opsgenie.streams"]),
        ("source_opsgenie", ["airbyte_cdk", "source_opsgenie.airbyte", "source_opsgenie.library", "orjson", "urllib3"]),
        ("source_opsgenie.library.read", ["airbyte_cdk", "source_opsgenie.airbyte", "source_opsgenie.archive"]),
    ],
)
def test_imports_stay_small(module: str, others: list[str]) -> None:
    """A value, the client, and the help of a command are imported without the libraries that they do not need."""
    code = f"import sys, {module}; print([name for name in {others} if name in sys.modules])"

    assert run_process(sys.executable, "-c", code).stdout == "[]\n"
