"""The public connector as the platform runs it: its manifest in source-declarative-manifest."""

import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import yaml

from benchmarks.programs import Program
from benchmarks.report import Log

VERSION = "0.3.16"
FOLDER = Path(__file__).parent / ".public"
UV = Path(sys.executable).with_name("uv")
COMMAND = FOLDER / "bin" / "source-declarative-manifest"
MANIFEST = FOLDER / f"manifest-{VERSION}.yaml"
# Every alert of a simulated account is newer.
START_DATE = "2020-01-01T00:00:00Z"


def public_connector(log: Log, environment: Mapping[str, str]) -> Program:
    """Return the public connector; installs it on first use."""
    if not MANIFEST.exists():
        log(f"installing airbyte-source-opsgenie {VERSION} into {FOLDER.name}")
        _install()
    return Program((COMMAND,), ("--manifest-path", str(MANIFEST)), environment)


def _install() -> None:
    """Create an environment with the CDK version that we use and the manifest from the connector's wheel."""
    subprocess.run([UV, "venv", "--quiet", "--clear", FOLDER], check=True)
    _uv_pip(f"airbyte-cdk=={version('airbyte-cdk')}")
    # The wheel requires an old CDK; the platform runs its manifest on the current one.
    _uv_pip("--no-deps", f"airbyte-source-opsgenie=={VERSION}")
    (package,) = FOLDER.glob("lib/python*/site-packages/source_opsgenie")
    manifest = yaml.safe_load((package / "manifest.yaml").read_text(encoding="utf-8"))
    specification = yaml.safe_load((package / "spec.yaml").read_text(encoding="utf-8"))
    spec = {"type": "Spec", "connection_specification": specification["connectionSpecification"]}
    MANIFEST.write_text(yaml.safe_dump(manifest | {"spec": spec}), encoding="utf-8")


def _uv_pip(*args: str) -> None:
    subprocess.run([UV, "pip", "install", "--quiet", "--python", FOLDER / "bin" / "python", *args], check=True)
