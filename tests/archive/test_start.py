import sys

from tests.support.leaks import run_process

HEAVY = ("airbyte_cdk", "pandas", "duckdb", "rich", "urllib3", "requests")


def loaded_by(arguments: str) -> set[str]:
    """The modules that are loaded once the command was run with *arguments*."""
    program = (
        "import sys; from source_opsgenie.archive.cli import main;"
        f"main({arguments}, standalone_mode=False); print('loaded', *sys.modules)"
    )
    return set(run_process(sys.executable, "-c", program).stdout.splitlines()[-1].split())


def test_help_starts_light() -> None:
    """What only a sync needs is not loaded to show the help."""
    assert set() == loaded_by("['sync', '--help']") & set(HEAVY)


def test_the_archive_does_without_the_cdk() -> None:
    """The whole of the archive loads neither the CDK nor pandas."""
    program = "import sys, source_opsgenie.archive.sync; print(*sys.modules)"
    loaded = set(run_process(sys.executable, "-c", program).stdout.split())

    assert "source_opsgenie.archive.sync" in loaded
    assert set() == loaded & {"airbyte_cdk", "pandas"}
