"""What users of the public connector do once: drop the tables of the streams whose primary keys changed."""

from collections.abc import Mapping

import airbyte_cdk.models as airbyte

from source_opsgenie.reading.state import is_ours
from source_opsgenie.streams import STREAMS

# Their keys gained the id of the parent (metadata.yaml, breakingChanges).
NEW_KEYS = ("alert_logs", "alert_recipients", "user_teams")


def upgrade_warning(
    catalog: airbyte.ConfiguredAirbyteCatalog, blobs: Mapping[str, airbyte.AirbyteStateBlob | None]
) -> str:
    """Name the tables to drop, if a state or the *catalog* is the public connector's; empty otherwise."""
    names = [stream.stream.name for stream in catalog.streams if stream.stream.name in NEW_KEYS]
    foreign = any(vars(blob) and not is_ours(vars(blob)) for blob in blobs.values() if blob)
    if not names or not (foreign or any(map(_has_old_key, catalog.streams))):
        return ""
    tables = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return (
        f"This connection was made with the public Opsgenie connector. Drop {tables} in the destination before the "
        "next sync (in Airbyte: refresh the schema and clear these streams). Their primary keys now contain the id of "
        "the alert or user, so rows of the earlier version would stay beside the same rows with the new key."
    )


def _has_old_key(configured: airbyte.ConfiguredAirbyteStream) -> bool:
    name, key = configured.stream.name, configured.primary_key
    return name in NEW_KEYS and bool(key) and key != [[part] for part in STREAMS[name].key]
