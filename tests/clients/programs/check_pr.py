"""Run Airbyte's own checks on the pull request in the current folder, and print how each of them ended."""

import json
import sys
from pathlib import Path

from airbyte_ops_mcp.connector_ops.utils import Connector
from airbyte_ops_mcp.connector_qa.checks import ENABLED_CHECKS
from airbyte_ops_mcp.metadata_validator import PRE_UPLOAD_VALIDATORS, ValidatorOptions, validate_and_load

left_out = json.loads(sys.argv[1])["left_out"]
connector = Connector("source-opsgenie")
found = {}
for check in ENABLED_CHECKS:
    name = type(check).__name__
    # Levels of support and releases decide whether a check is required; here, all of them are run.
    if name not in left_out and connector.language in check.applies_to_connector_languages:
        result = check._run(connector)
        found[name] = "" if result.status.name == "PASSED" else result.message
validators = [one for one in PRE_UPLOAD_VALIDATORS if one.__name__ not in left_out]
options = ValidatorOptions(docs_path="docs/integrations/sources/opsgenie.md")
_, problem = validate_and_load(Path(connector.code_directory) / "metadata.yaml", validators, options)
print(json.dumps({**found, "metadata": problem or ""}))
