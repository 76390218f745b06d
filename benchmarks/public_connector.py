"""The public connector as the platform runs it: its manifest in source-declarative-manifest."""

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import yaml

from benchmarks.programs import Program
from benchmarks.report import Log

VERSION = "0.3.16"
MANIFEST = Path(__file__).parent / ".public" / f"manifest-{VERSION}.yaml"
# The platform runs the manifest on the current CDK, whatever the connector's wheel requires.
COMMAND = Path(sys.executable).with_name("source-declarative-manifest")
# Every alert of a simulated account is newer.
START_DATE = "2020-01-01T00:00:00Z"


def public_connector(log: Log, environment: Mapping[str, str]) -> Program:
    """Return the public connector; downloads it on first use."""
    if not MANIFEST.exists():
        log(f"downloading airbyte-source-opsgenie {VERSION}")
        _download()
    return Program((COMMAND,), ("--manifest-path", str(MANIFEST)), environment)


def _download() -> None:
    """Write the manifest from the connector's wheel, with its spec."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--quiet", "--no-deps", "--only-binary=:all:", "--dest", folder]
        command = [sys.executable, "-m", "pip", "download", *options, f"airbyte-source-opsgenie=={VERSION}"]
        subprocess.run(command, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with ZipFile(wheel) as files:
            manifest = yaml.safe_load(files.read("source_opsgenie/manifest.yaml"))
            specification = yaml.safe_load(files.read("source_opsgenie/spec.yaml"))
    spec = {"type": "Spec", "connection_specification": specification["connectionSpecification"]}
    MANIFEST.parent.mkdir(exist_ok=True)
    MANIFEST.write_text(yaml.safe_dump(manifest | {"spec": spec}), encoding="utf-8")
