"""The message of `spec`, without the CDK: importing it takes more than a second, and clients run `spec` often."""

from typing import Any

from source_opsgenie.config import DOCUMENTATION, specification

SYNC_MODES = ("append", "overwrite", "append_dedup")


def spec_message() -> dict[str, Any]:
    """The options that a config can contain, as Airbyte's protocol writes them."""
    return {
        "type": "SPEC",
        "spec": {
            "connectionSpecification": specification(),
            "documentationUrl": DOCUMENTATION,
            "supportsIncremental": True,
            "supportsNormalization": False,
            "supportsDBT": False,
            "supported_destination_sync_modes": list(SYNC_MODES),
        },
    }
