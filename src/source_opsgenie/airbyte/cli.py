"""The command line of `source-opsgenie`: Airbyte's verbs, and a help text with examples."""

import argparse
from collections.abc import Sequence

from source_opsgenie.distribution import VERSION

DESCRIPTION = """Read an Opsgenie account and print its data as Airbyte protocol messages, one JSON message per line.
To copy an account into a local file without Airbyte, use opsgenie-archive."""
EPILOG = """examples:
  echo '{"api_token": "..."}' > config.json      the API key; for an EU account, add "endpoint": "api.eu.opsgenie.com"
  source-opsgenie check --config config.json     what the key can read, and what it cannot
  source-opsgenie discover --config config.json
  source-opsgenie read --config config.json --catalog catalog.json --state state.json

  The catalog is a configured catalog: the streams to read, each with a sync_mode and a destination_sync_mode.
  The state is the last state that an earlier read printed for each stream. Without it, everything is read.

environment:
  OPSGENIE_API_URL     overrides the endpoint of the config; for tests and the simulator
  HTTPS_PROXY          the proxy for requests to Opsgenie; NO_PROXY lists the hosts that bypass it
  SSL_CERT_FILE        certificates (PEM) to trust in addition to the system's, such as those of a proxy

exit codes:
  0    every requested stream is complete; for check: its message says SUCCEEDED or FAILED
  1    a stream is incomplete, a file is unusable, or the output cannot be written; the last message says why
  2    the arguments are invalid
  130  interrupted by Ctrl-C; 143 terminated by SIGTERM (as a shell reports these signals)"""
VERBS = {
    "spec": "print the options that a config can contain",
    "check": "check the API key and list the streams that it can read",
    "discover": "print all streams with their fields and primary keys",
    "read": "print the rows of the streams in a catalog, and the states to resume from",
}
FILES = {
    "config": "JSON file with the options",
    "catalog": "JSON file with the streams to read",
    "state": "JSON file with the state of the previous read",
}
REQUIRED_FILES = {"spec": (), "check": ("config",), "discover": ("config",), "read": ("config", "catalog")}
# The CDK's entry point has these options for connectors written in YAML. They are accepted and ignored.
CDK_OPTIONS = ("--manifest-path", "--components-path")


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse *arguments* into the namespace that the CDK's entry point expects.

    `--help` exits with 0, invalid arguments exit with 2.
    """
    parser = argparse.ArgumentParser(
        "source-opsgenie", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    verbs = parser.add_subparsers(title="verbs", dest="command", metavar="verb", required=True)
    for verb, summary in VERBS.items():
        verb_parser = verbs.add_parser(verb, help=summary, description=f"{summary.capitalize()}.")
        verb_parser.add_argument("--debug", action="store_true", help="log every request to the API")
        for name in REQUIRED_FILES[verb]:
            verb_parser.add_argument(f"--{name}", required=True, metavar="FILE", help=FILES[name])
        if verb == "read":
            verb_parser.add_argument("--state", metavar="FILE", help=FILES["state"])
        for option in CDK_OPTIONS if REQUIRED_FILES[verb] else ():
            verb_parser.add_argument(option, help=argparse.SUPPRESS)
    return parser.parse_args(arguments)
