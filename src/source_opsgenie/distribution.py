"""The installed distribution: its version, and the libraries that only one of the two commands needs."""

import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec


def _read_version() -> str:
    try:
        return version("source-opsgenie")
    except PackageNotFoundError:
        return version("opsgenie-archive")  # the distribution without airbyte/, and so without the CDK


VERSION = _read_version()


def require(*modules: str, install: str) -> None:
    """End the program with the command that installs what is missing, if one of *modules* is."""
    if missing := [module for module in modules if find_spec(module) is None]:
        sys.exit(f"Error: {', '.join(missing)} not installed. Run: pip install {install}")
