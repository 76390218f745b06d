"""Read everything that an Opsgenie account exposes, completely, provably and at the account's own pace."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from source_opsgenie.distribution import VERSION

if TYPE_CHECKING:
    from source_opsgenie.airbyte.source import SourceOpsgenie
    from source_opsgenie.errors import OpsgenieError
    from source_opsgenie.library.events import Checkpoint, Event, Proof, Row, StreamInfo
    from source_opsgenie.library.read import connect, list_streams, read

__all__ = [
    "Checkpoint",
    "Event",
    "OpsgenieError",
    "Proof",
    "Row",
    "SourceOpsgenie",
    "StreamInfo",
    "__version__",
    "connect",
    "list_streams",
    "read",
]

__version__ = VERSION

# Imported on first use: the CDK takes a second or two, and the Python API a fifth of that.
MODULES = {"OpsgenieError": "errors", "SourceOpsgenie": "airbyte.source"}


def __getattr__(name: str) -> Any:
    """Import what `__all__` names on first use."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{MODULES.get(name, 'library.read')}"), name)
