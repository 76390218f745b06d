"""Read everything that an Opsgenie account exposes, completely, provably and at the account's own pace."""

from typing import TYPE_CHECKING, Any

from source_opsgenie.distribution import VERSION

if TYPE_CHECKING:
    from source_opsgenie.airbyte.source import SourceOpsgenie

__all__ = ["SourceOpsgenie", "__version__"]

__version__ = VERSION


def __getattr__(name: str) -> Any:
    """Import the Airbyte source on first use: the CDK takes a second or two to import."""
    if name == "SourceOpsgenie":
        from source_opsgenie.airbyte.source import SourceOpsgenie  # noqa: PLC0415 -- see above

        return SourceOpsgenie
    raise AttributeError(name)
