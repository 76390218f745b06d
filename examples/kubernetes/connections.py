"""The requests that create an Airbyte source for each account, to be sent to Airbyte's API.

Usage: python connections.py FOLDER WORKSPACE DEFINITION > sources.jsonl
FOLDER has one config per account, such as acme.json. Each line is the body of POST /v1/sources; it contains the key.
Send each line with: curl --json @- --oauth2-bearer "$TOKEN" "$AIRBYTE/v1/sources"
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def sources(folder: Path, workspace: str, *, definition: str) -> Iterator[dict[str, Any]]:
    """The body of the request for each config in *folder*."""
    for path in sorted(folder.glob("*.json")):
        yield {
            "name": f"Opsgenie {path.stem}",
            "workspaceId": workspace,
            "definitionId": definition,
            "configuration": json.loads(path.read_text(encoding="utf-8")),
        }


if __name__ == "__main__":
    for body in sources(Path(sys.argv[1]), sys.argv[2], definition=sys.argv[3]):
        print(json.dumps(body))
