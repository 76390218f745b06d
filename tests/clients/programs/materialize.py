"""Materialize the asset for several accounts at once, and print the figures of each run, or its failure."""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

argument = json.loads(sys.argv[1])
os.environ.update(OPSGENIE_ACCOUNTS=argument["accounts"], OPSGENIE_ARCHIVES=argument["archives"])

import dagster as dg  # noqa: E402 -- the example reads the environment when it is imported
from dagster_opsgenie import ACCOUNTS, definitions, opsgenie_archive  # noqa: E402


def materialize(account: str) -> object:
    """The metadata of one partition's run, or the description of its failure."""
    with dg.DagsterInstance.ephemeral() as instance:
        result = dg.materialize([opsgenie_archive], partition_key=account, instance=instance, raise_on_error=False)
    if not result.success:
        return str(result.failure_data_for_node("opsgenie_archive").user_failure_data.description)
    (made,) = result.asset_materializations_for_node("opsgenie_archive")
    return {name: value.value for name, value in made.metadata.items() if hasattr(value, "value")}


names = argument.get("names") or ACCOUNTS.get_partition_keys()
with ThreadPoolExecutor(len(names)) as pool:
    figures = dict(zip(names, pool.map(materialize, names), strict=True))
context = dg.build_schedule_context(
    scheduled_execution_time=datetime(2026, 1, 1, tzinfo=UTC), repository_def=definitions.get_repository_def()
)
scheduled = definitions.resolve_schedule_def("nightly").evaluate_tick(context).run_requests
with dg.DagsterInstance.from_config(argument["instance"]) as queued:
    at_once = queued.run_coordinator.get_run_queue_config().max_concurrent_runs
print(
    json.dumps({"at_once": at_once, "figures": figures, "scheduled": [request.partition_key for request in scheduled]})
)
