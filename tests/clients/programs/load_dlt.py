"""Load all streams with dlt, and print the rows of each table and what went wrong."""

import json
import sys

import dlt
from dlt_opsgenie import opsgenie

from source_opsgenie import connect, list_streams

argument = json.loads(sys.argv[1])
pipeline = dlt.pipeline("opsgenie", destination="duckdb", dataset_name="opsgenie_data")
with connect(argument["config"]) as account:
    source = opsgenie(account)
    names = argument.get("streams")
    error = ""
    try:
        pipeline.run(source.with_resources(*names) if names else source)
    except Exception as failed:
        error = str(failed)
rows = {}
with pipeline.sql_client() as client:
    tables = {name for (name,) in client.execute_sql("SELECT table_name FROM information_schema.tables")}
    for stream in list_streams():
        if stream.name in tables:
            key = ", ".join(f'"{pipeline.default_schema.naming.normalize_identifier(name)}"' for name in stream.key)
            rows[stream.name] = client.execute_sql(f"SELECT {key} FROM {stream.name}")
    types = client.execute_sql(
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name IN ('alerts', 'log_file_lines')"
    )
print(json.dumps({"rows": rows, "types": dict(types), "error": error}, default=str))
