"""The upgrade from the public connector, as the platform runs it: its manifest in source-declarative-manifest."""

import json
import os
import ssl
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from benchmarks.server import Certificate, create_certificate
from tests.clients.conftest import python_of
from tests.support.leaks import run_process
from tests.support.verbs import Output

from opsgenie_simulator import Account, Call, Response, Simulator
from opsgenie_simulator.middleware import Respond
from source_opsgenie.airbyte.upgrade import NEW_KEYS

pytestmark = pytest.mark.clients
# Nothing of a simulated account is older.
START_DATE = "2020-01-01T00:00:00Z"
PAGE, LISTED = 20, 40


def end_early(call: Call, respond: Respond) -> Response:
    """Let a list of alerts in pages of the default size end without an error, as Opsgenie does after 20,000."""
    response = respond(call)
    is_default_size = call.path == "/v2/alerts" and call.query.get("limit", str(PAGE)) == str(PAGE)
    if not is_default_size or int(call.query.get("offset", 0)) < LISTED - PAGE:
        return response
    body = orjson.loads(response.body)
    body.get("paging", {}).pop("next", None)
    return replace(response, body=orjson.dumps(body))


@pytest.fixture
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """A certificate for localhost: the public connector requires https."""
    return create_certificate(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def account() -> Account:
    """An account of which the public connector reads only a part."""
    return Account.seeded(seed=7, alerts=60, incidents=6, users=6, teams=3, services=3, integrations=3)


@pytest.fixture
def simulator(account: Account, certificate: Certificate) -> Iterator[Simulator]:
    """A simulator over https."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.certificate)
    with Simulator(account, tls=context, middleware=(end_early,)) as simulator:
        yield simulator


def manifest(folder: Path) -> Path:
    """The public connector's manifest with its spec, as its wheel has them."""
    (package,) = python_of("public").parents[1].glob("lib/python*/site-packages/source_opsgenie")
    spec = yaml.safe_load((package / "spec.yaml").read_text())["connectionSpecification"]
    content = yaml.safe_load((package / "manifest.yaml").read_text())
    path = folder / "manifest.yaml"
    path.write_text(yaml.safe_dump(content | {"spec": {"type": "Spec", "connection_specification": spec}}))
    return path


def run(certificate: Certificate, command: str, *args: str | Path) -> Output:
    """Run a command next to the interpreter, which trusts *certificate*."""
    program = Path(sys.executable).with_name(command)
    done = run_process(program, *args, env=os.environ | certificate.environment)
    return Output("\n".join(line for line in done.stdout.splitlines() if line.startswith("{")), done.returncode)


def configured(catalog: dict[str, Any]) -> dict[str, Any]:
    """The catalog as a platform configures it: incremental where that is possible, with the keys of the source."""
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": stream["supported_sync_modes"][-1],
                "destination_sync_mode": "append_dedup",
                "primary_key": stream.get("source_defined_primary_key"),
                "cursor_field": stream.get("default_cursor_field"),
            }
            for stream in catalog["streams"]
        ]
    }


def test_ours_continues_where_the_public_connector_ended(
    simulator: Simulator, account: Account, certificate: Certificate, tmp_path: Path
) -> None:
    """Config, catalog and state are taken over: what it missed is read, and the tables with other keys are named."""
    files = {name: tmp_path / f"{name}.json" for name in ("config", "catalog", "state")}
    endpoint = simulator.url.removeprefix("https://")
    files["config"].write_text(
        json.dumps({"api_token": account.full_key, "endpoint": endpoint, "start_date": START_DATE})
    )
    public = ("--manifest-path", manifest(tmp_path), "--config", files["config"])
    (found,) = run(certificate, "source-declarative-manifest", "discover", *public).of_type("CATALOG")
    files["catalog"].write_text(json.dumps(configured(found["catalog"])))
    before = run(certificate, "source-declarative-manifest", "read", *public, "--catalog", files["catalog"])
    files["state"].write_text(json.dumps(before.last_states()))
    new = account.create_alert(message="new")["id"]
    arguments = [part for name, path in files.items() for part in (f"--{name}", path)]
    after = run(certificate, "source-opsgenie", "read", *arguments)
    files["state"].write_text(json.dumps(after.last_states()))
    later = run(certificate, "source-opsgenie", "read", *arguments)
    warnings = [one["log"]["message"] for one in after.of_type("LOG") if one["log"]["level"] == "WARN"]

    assert (0, 0, 0) == (before.exit_code, after.exit_code, later.exit_code)
    assert LISTED == len({row["id"] for row in before.records("alerts")})
    assert set(account.alerts) == {row["id"] for row in after.records("alerts")}
    assert new in {row["alert_id"] for row in after.records("alert_logs")}
    assert set(account.users) == {row["id"] for row in after.records("users")}
    assert [] == later.records("alerts")
    assert [True] == [all(name in text for name in NEW_KEYS) for text in warnings if "Drop " in text]
