"""Do what a user of PyAirbyte does: check, discover, read into a cache twice, look at records; print what was found."""

import json
import sys
import urllib.request
from typing import Any

import airbyte as ab

argument = json.loads(sys.argv[1])


def open_source(**options: Any) -> Any:
    """The source with the config of the test and *options*."""
    return ab.get_source(
        "source-opsgenie", local_executable=argument["executable"], config=argument["config"] | options
    )


def keys(cache: Any, streams: dict[str, list[str]]) -> dict[str, Any]:
    """The key columns of each stream's table."""
    found = {}
    for name, key in streams.items():
        if name in cache.streams:
            frame = cache[name].to_pandas()
            found[name] = frame[[part.lower() for part in key]].astype(object).values.tolist()
    return found


cache = ab.DuckDBCache(db_path="cache.duckdb")
found = {}
source = open_source()
source.check()
found["streams"] = source.get_available_streams()
source.select_all_streams()
source.read(cache=cache)
found["first"] = keys(cache, argument["keys"])
for method, url, body in argument["changes"]:
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), method=method)).close()
complete = [name for name in found["streams"] if name in argument["replaced"]]
changing = [name for name in found["streams"] if name not in argument["replaced"]]
source.select_streams(changing)
source.read(cache=cache)
source.select_streams(complete)
source.read(cache=cache, write_strategy="replace")
found["second"] = keys(cache, argument["keys"])
found["records"] = {}
for name in argument["sampled"]:
    # Without a variable, PyAirbyte would cancel the read before its first row.
    records = source.get_records(name, limit=3)
    found["records"][name] = [dict(row) for row in records]
found["failure"] = ""
limited = open_source(api_token=argument["limited_key"])
limited.select_streams(["alerts", "users"])
try:
    limited.read(cache=ab.DuckDBCache(db_path="limited.duckdb"))
except Exception as error:
    found["failure"] = f"{type(error).__name__} {vars(error)}"
print(json.dumps(found, default=str))
