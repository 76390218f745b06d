import os
import sys
from pathlib import Path

import pytest
import trustme
from tests.support.leaks import run_process
from tests.support.tunnel import tls_simulator, tunnel
from tests.support.verbs import Output, Verbs, catalog

from opsgenie_simulator import Account

EU = "api.eu.opsgenie.com"


@pytest.fixture
def account() -> Account:
    """An account in the EU region."""
    return Account.seeded(region="eu")


def run(*args: str, **environment: str) -> tuple[Output, str]:
    """Run the console script in a separate process; returns its stdout and its stderr."""
    script = Path(sys.executable).parent / "source-opsgenie"
    done = run_process(script, *args, env=os.environ | environment)
    return Output(done.stdout, done.returncode), done.stderr


@pytest.mark.parametrize("endpoint", [EU, f"https://{EU}", f"https://{EU}/"])
def test_every_request_goes_to_the_endpoint_only(
    endpoint: str, source: Verbs, account: Account, tmp_path: Path
) -> None:
    """A read with the EU endpoint connects only to that host, over TLS, through the proxy of the environment."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    names = ["alerts", "users", "team_members"]
    with tls_simulator(account, authority, host=EU) as simulator, tunnel(simulator) as proxy:
        output, _ = run(
            "read",
            "--config", source.file("config", {"api_token": account.full_key, "endpoint": endpoint}),
            "--catalog", source.file("catalog", catalog(names, "incremental")),
            HTTPS_PROXY=proxy.url, NO_PROXY="", SSL_CERT_FILE=str(tmp_path / "authority.pem"),
        )  # fmt: skip

    assert output.errors() == []
    assert len(output.records("alerts")) == len(account.alerts)
    assert {f"{EU}:443"} == set(proxy.hosts)
    assert {EU} == {request.host for request in simulator.requests}


def test_an_untrusted_certificate_fails_the_check(source: Verbs, account: Account) -> None:
    """The key is not sent to a host without a trusted certificate."""
    with tls_simulator(account, trustme.CA(), host=EU) as simulator, tunnel(simulator) as proxy:
        config = source.file("config", {"api_token": account.full_key, "endpoint": EU})
        output, _ = run("check", "--config", config, HTTPS_PROXY=proxy.url, NO_PROXY="")

    assert "FAILED" == output.of_type("CONNECTION_STATUS")[0]["connectionStatus"]["status"]
    assert simulator.requests == []


@pytest.mark.parametrize("level", [[], ["--debug"]])
@pytest.mark.parametrize("key", ["full", "wrong", "malformed"])
def test_the_key_is_in_no_output(key: str, level: list[str], source: Verbs, account: Account) -> None:
    """Neither a read nor a failed read prints the key, not even at debug level; only messages are printed."""
    keys = {"full": account.full_key, "wrong": "0badc0de-0000-4000-8000-000000000001", "malformed": "no-key-at-all-0"}
    config = source.file("config", {**source.config, "api_token": keys[key]})
    files = ["--config", config, "--catalog", source.file("catalog", catalog(["alerts", "teams"], "incremental"))]
    output, errors = run("read", *files, *level)

    assert keys[key] not in output.text + errors
    assert errors == ""
    assert "Traceback" not in output.text
    assert (key == "full") == (output.exit_code == 0)
    assert {"DEBUG"} >= {line["type"] for line in output.messages} - {"RECORD", "STATE", "TRACE", "LOG"}


def test_spec_needs_no_config(source: Verbs, tmp_path: Path) -> None:
    """`spec` works without config, network, key and the CDK, in any folder, and prints what the CDK would."""
    output, errors = run("spec", HOME=str(tmp_path), OPSGENIE_API_URL="")
    (message,) = output.of_type("SPEC")

    assert source.run("spec").of_type("SPEC") == output.messages

    assert ["api_token"] == message["spec"]["connectionSpecification"]["required"]
    assert errors == ""
