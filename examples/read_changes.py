"""Append what changed in an account to one file of JSON lines per stream.

Usage: python read_changes.py CONFIG FOLDER STREAM...
The config is a JSON file with the options of docs/configuration.md, such as {"api_token": "..."}. The same command
reads what changed since. A stream that is not incremental is appended in full, each time.
"""

import json
import sys
from pathlib import Path

from source_opsgenie import Checkpoint, Proof, Row, read


def main(config: str, folder: str, *streams: str) -> None:
    """Read *streams* from where the last run ended; the rows before a checkpoint are written before its state."""
    Path(folder).mkdir(exist_ok=True)
    states = Path(folder) / "states.json"
    state = json.loads(states.read_text()) if states.exists() else {}
    for event in read(json.loads(Path(config).read_text()), *streams, state=state):
        match event:
            case Row(stream, data):
                with (Path(folder) / f"{stream}.jsonl").open("a") as file:
                    file.write(json.dumps(data) + "\n")
            case Checkpoint(stream, reached):
                state[stream] = reached
                states.write_text(json.dumps(state))
            case Proof(stream, text):
                print(f"{stream}: {text}")


if __name__ == "__main__":
    main(*sys.argv[1:])
