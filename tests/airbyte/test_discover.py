import sys
from pathlib import Path

import orjson
import pytest
from tests.support.leaks import run_process
from tests.support.verbs import Verbs

SCRIPT = Path(sys.executable).with_name("source-opsgenie")


def test_the_catalog_needs_no_cdk(source: Verbs) -> None:
    """The command prints what SourceOpsgenie returns to programs that call it, and does not import the CDK."""
    config = source.file("config", source.config)
    program = f"import sys; sys.argv[1:] = ['discover', '--config', {config!r}]; "
    program += "from source_opsgenie.airbyte.run import main\ntry: main()\n"
    program += "finally: print('airbyte_cdk' in sys.modules, file=sys.stderr)"
    done = run_process(sys.executable, "-c", program)
    message = orjson.loads(done.stdout)

    assert "False\n" == done.stderr
    assert [message] == source.run("discover", "--config", config).of_type("CATALOG")


@pytest.mark.parametrize("content", [None, "[]", "{"])
def test_discover_reports_an_unusable_config(content: str | None, tmp_path: Path) -> None:
    """A config that is missing, not an object, or not JSON is an error that names the file."""
    path = tmp_path / "config.json"
    if content is not None:
        path.write_text(content)
    done = run_process(SCRIPT, "discover", "--config", path)
    message = orjson.loads(done.stdout.splitlines()[-1])

    assert (1, "") == (done.returncode, done.stderr)
    assert str(path) in message["trace"]["error"]["message"]
