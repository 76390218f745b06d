"""Run the README's code for PyAirbyte, and print the number of rows of each table."""

import json
import os
import sys
from pathlib import Path
from typing import Any

argument = json.loads(sys.argv[1])
os.environ["OPSGENIE_API_URL"] = argument["url"]
blocks = Path(argument["readme"]).read_text().split("```python\n")
(block,) = (part.split("```")[0] for part in blocks if part.startswith("import airbyte"))
code = block.replace(".venv/bin/source-opsgenie", argument["executable"]).replace('"..."', repr(argument["key"]))
names: dict[str, Any] = {}
exec(code, names)
print(json.dumps({name: len(names["cache"][name].to_pandas()) for name in names["cache"].streams}))
