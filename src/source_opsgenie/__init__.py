"""Read everything that an Opsgenie account exposes, completely, provably and at the account's own pace."""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from source_opsgenie.airbyte.source import SourceOpsgenie

__all__ = ["SourceOpsgenie", "__version__"]

try:
    __version__ = version("source-opsgenie")
except PackageNotFoundError:
    __version__ = version("opsgenie-archive")  # the distribution without airbyte/, and so without the CDK


def __getattr__(name: str) -> Any:
    """Import the Airbyte source on first use: the CDK takes a second or two to import."""
    if name == "SourceOpsgenie":
        from source_opsgenie.airbyte.source import SourceOpsgenie  # noqa: PLC0415 -- see above

        return SourceOpsgenie
    raise AttributeError(name)
