import subprocess
import sys

from leaks import heard

HEAVY = ("airbyte_cdk", "pandas", "duckdb", "rich", "urllib3", "requests")


def loaded_by(arguments: str) -> set[str]:
    """The modules that are loaded once the command was run with *arguments*."""
    program = (
        "import sys; from source_opsgenie.archive.cli import main;"
        f"main({arguments}, standalone_mode=False); print('loaded', *sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(heard(done.stdout).splitlines()[-1].split())


def test_help_starts_light() -> None:
    """What only a sync needs is not loaded to show the help."""
    assert set() == loaded_by("['sync', '--help']") & set(HEAVY)


def test_the_archive_does_without_the_cdk() -> None:
    """The whole of the archive loads neither the CDK nor pandas."""
    program = "import sys, source_opsgenie.archive.sync; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert set() == set(done.stdout.split()) & {"airbyte_cdk", "pandas"}
