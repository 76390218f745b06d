"""A command whose libraries are not installed names them, and the command that installs them."""

import sys
from importlib.metadata import distribution
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.support.leaks import run_process

ROOT = Path(__file__).parents[2]


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A folder to import from that holds the metadata of the distribution and no library."""
    (metadata,) = Path(str(distribution("source-opsgenie").locate_file(""))).glob("source_opsgenie-*.dist-info")
    (tmp_path / metadata.name).symlink_to(metadata)
    return tmp_path


def run(program: str, folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Run the command of a module with what *folder* holds, and without site-packages."""
    start = f"import sys; sys.path[:0] = [{str(ROOT / 'src')!r}, {str(folder)!r}]; from {program} import main; main()"
    done = run_process(sys.executable, "-I", "-S", "-c", start, *arguments)
    return done.returncode, done.stdout, done.stderr


def test_connector_names_the_cdk(base: Path) -> None:
    """`source-opsgenie` without the CDK is one line on stderr, and its help works."""
    expected = (1, "", "Error: airbyte_cdk not installed. Run: pip install source-opsgenie\n")

    assert expected == run("source_opsgenie.airbyte.run", base, "spec")
    assert run("source_opsgenie.airbyte.run", base, "--help")[0] == 0


def test_archive_names_its_libraries(base: Path) -> None:
    """`opsgenie-archive` without its extra is one line on stderr."""
    line = "Error: click, duckdb, jinja2, rich, xlsxwriter not installed. Run: pip install 'source-opsgenie[archive]'\n"

    assert (1, "", line) == run("source_opsgenie.archive.run", base, "--help")


def test_archive_names_what_is_missing_only(base: Path) -> None:
    """Libraries that are there are not named."""
    for module in ("click", "jinja2", "rich", "xlsxwriter"):
        spec = find_spec(module)
        assert spec
        assert spec.origin
        (base / module).symlink_to(Path(spec.origin).parent)
    line = "Error: duckdb not installed. Run: pip install 'source-opsgenie[archive]'\n"

    assert (1, "", line) == run("source_opsgenie.archive.run", base, "--help")
