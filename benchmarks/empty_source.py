"""A source without streams, on the CDK alone: the startup cost of any source."""

import logging
import sys
from collections.abc import Iterable, Mapping
from typing import Any

import airbyte_cdk.models as airbyte
from airbyte_cdk import Source
from airbyte_cdk.entrypoint import launch


class EmptySource(Source):
    """A source that accepts any config and has no streams."""

    def spec(self, logger: logging.Logger) -> airbyte.ConnectorSpecification:  # noqa: ARG002 -- the CDK's signatures
        """Accept any config."""
        return airbyte.ConnectorSpecification(connectionSpecification={"type": "object", "properties": {}})

    def check(
        self,
        logger: logging.Logger,  # noqa: ARG002
        config: Mapping[str, Any],  # noqa: ARG002
    ) -> airbyte.AirbyteConnectionStatus:
        """Always succeed."""
        return airbyte.AirbyteConnectionStatus(airbyte.Status.SUCCEEDED)

    def discover(self, logger: logging.Logger, config: Mapping[str, Any]) -> airbyte.AirbyteCatalog:  # noqa: ARG002
        """Return an empty catalog."""
        return airbyte.AirbyteCatalog(streams=[])

    def read(
        self,
        logger: logging.Logger,  # noqa: ARG002
        config: Mapping[str, Any],  # noqa: ARG002
        catalog: airbyte.ConfiguredAirbyteCatalog,  # noqa: ARG002
        state: list[airbyte.AirbyteStateMessage] | None = None,  # noqa: ARG002
    ) -> Iterable[airbyte.AirbyteMessage]:
        """Return no messages."""
        return ()


if __name__ == "__main__":
    launch(EmptySource(), sys.argv[1:])
