"""One Dagster asset for each Opsgenie account: a partition is an account, and its file is an archive.

OPSGENIE_ACCOUNTS is a folder with one config per account, such as acme.json, for example a mounted secret.
OPSGENIE_ARCHIVES is the folder of the archives. Start with: dagster dev -f dagster_opsgenie.py
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg

CONFIGS = Path(os.environ["OPSGENIE_ACCOUNTS"])
ARCHIVES = Path(os.environ["OPSGENIE_ARCHIVES"])
COMMAND = Path(sys.executable).with_name("opsgenie-archive")
# The exit code of a sync that may succeed later (docs/errors.md).
UNREACHABLE = 4
ACCOUNTS = dg.StaticPartitionsDefinition(sorted(path.stem for path in CONFIGS.glob("*.json")))


# An account that cannot be reached now is tried again; each attempt resumes where the last one ended.
@dg.asset(partitions_def=ACCOUNTS, retry_policy=dg.RetryPolicy(max_retries=2, delay=600))
def opsgenie_archive(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """The archive of one account: a first run reads everything, each later one what changed."""
    account = context.partition_key
    archive, report = ARCHIVES / f"{account}.duckdb", ARCHIVES / f"{account}.report.json"
    arguments = ("sync", "--config", CONFIGS / f"{account}.json", "--to", archive, "--report", report, "--quiet")
    done = subprocess.run((COMMAND, *arguments), capture_output=True, text=True, check=False)
    for line in filter(None, done.stderr.splitlines()):
        context.log.warning(line)
    if done.returncode:
        text = f"The sync of {account} ended with exit code {done.returncode}. {done.stderr.strip()}"
        raise dg.Failure(text, allow_retries=done.returncode == UNREACHABLE)
    return dg.MaterializeResult(metadata=_figures(json.loads(report.read_text())))


def _figures(report: dict[str, object]) -> dict[str, object]:
    """What Dagster shows of each run."""
    return {name: report[name] for name in ("rows", "requests", "seconds")}


@dg.schedule(cron_schedule="0 2 * * *", target=[opsgenie_archive])
def nightly(context: dg.ScheduleEvaluationContext) -> list[dg.RunRequest]:
    """One run for each account; dagster.yaml limits how many run at once."""
    night = context.scheduled_execution_time.isoformat()
    return [dg.RunRequest(run_key=f"{night} {key}", partition_key=key) for key in ACCOUNTS.get_partition_keys()]


definitions = dg.Definitions(assets=[opsgenie_archive], schedules=[nightly])
