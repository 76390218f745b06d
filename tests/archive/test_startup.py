import sys

import pytest
from tests.support.leaks import run_process

from source_opsgenie.archive.cli import main

HEAVY = ("xlsxwriter", "jinja2", "airbyte_cdk", "pandas", "duckdb", "rich", "urllib3", "requests")


def loaded_by(arguments: str) -> set[str]:
    """The modules that the command with *arguments* loads."""
    program = (
        "import sys; from source_opsgenie.archive.cli import main;"
        f"main({arguments}, standalone_mode=False); print('loaded', *sys.modules)"
    )
    return set(run_process(sys.executable, "-c", program).stdout.splitlines()[-1].split())


@pytest.mark.parametrize("verb", sorted(main.commands))
def test_help_loads_little(verb: str) -> None:
    """Showing the help does not load what only the command itself needs."""
    assert set() == loaded_by(f"['{verb}', '--help']") & set(HEAVY)


def test_the_archive_does_not_load_the_cdk() -> None:
    """All of the archive loads neither the CDK nor pandas."""
    program = "import sys, source_opsgenie.archive.sync; print(*sys.modules)"
    loaded = set(run_process(sys.executable, "-c", program).stdout.split())

    assert "source_opsgenie.archive.sync" in loaded
    assert set() == loaded & {"airbyte_cdk", "pandas"}
