"""The command line of `source-opsgenie`: Airbyte's verbs, and a help that shows how to use them."""

import argparse
from collections.abc import Sequence
from importlib.metadata import version

DESCRIPTION = """Read an Opsgenie account, and print what it holds in Airbyte's protocol: one JSON message a line.
To copy an account into a local file without Airbyte, use opsgenie-archive."""
EPILOG = """examples:
  echo '{"api_token": "..."}' > config.json      the key; an account in Europe adds "endpoint": "api.eu.opsgenie.com"
  source-opsgenie check --config config.json     what the key can read, and what it cannot
  source-opsgenie discover --config config.json
  source-opsgenie read --config config.json --catalog catalog.json --state state.json

  The catalog is a configured one: the streams to read, each with a sync_mode and a destination_sync_mode.
  The state holds the last state that a read printed for each stream; without it, everything is read.

environment:
  OPSGENIE_API_URL     asked in place of the endpoint that the config names: for tests and the simulator
  HTTPS_PROXY          the proxy that leads to Opsgenie; NO_PROXY names hosts that are reached without it
  SSL_CERT_FILE        certificates in PEM that are trusted beside those of the system, such as a proxy's

exit codes:
  0    every stream that was asked for is whole; or check came to an end: its message says SUCCEEDED or FAILED
  1    a stream is not whole, a file could not be used, or the output could not be written: the last message says why
  2    the arguments are wrong
  130  ended by Ctrl-C; 143 ended by SIGTERM"""
VERBS = {
    "spec": "print which options a config may hold",
    "check": "say whether the key works, and which streams it can read",
    "discover": "print every stream, with its fields and its key",
    "read": "print the rows of the streams in a catalog, and the states from which a later read goes on",
}
FILES = {
    "config": "the options, as a JSON file",
    "catalog": "the streams to read, as a JSON file",
    "state": "where the last read ended, as a JSON file",
}
NEEDS = {"spec": (), "check": ("config",), "discover": ("config",), "read": ("config", "catalog")}
# The CDK's entry point has them for connectors that are written in YAML: taken, and without a meaning here.
OF_THE_CDK = ("--manifest-path", "--components-path")


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """The *arguments* as the CDK's entry point wants them; a help ends the process with 0, a wrong one with 2."""
    whole = argparse.ArgumentParser(
        "source-opsgenie", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    whole.add_argument("--version", action="version", version=f"%(prog)s {version('source-opsgenie')}")
    verbs = whole.add_subparsers(title="verbs", dest="command", metavar="verb", required=True)
    for verb, meaning in VERBS.items():
        one = verbs.add_parser(verb, help=meaning, description=f"{meaning.capitalize()}.")
        one.add_argument("--debug", action="store_true", help="log what is asked of the API")
        for name in NEEDS[verb]:
            one.add_argument(f"--{name}", required=True, metavar="FILE", help=FILES[name])
        if verb == "read":
            one.add_argument("--state", metavar="FILE", help=FILES["state"])
        for option in OF_THE_CDK if NEEDS[verb] else ():
            one.add_argument(option, help=argparse.SUPPRESS)
    return whole.parse_args(arguments)
