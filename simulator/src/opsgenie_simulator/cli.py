"""The command `opsgenie-simulator`: serve an Opsgenie account on this machine."""

import math
import signal
import ssl
import threading
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from types import FrameType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import click

from opsgenie_simulator.account import Account
from opsgenie_simulator.faults import Faults
from opsgenie_simulator.limits import DOMAINS, OtherClient, RateLimit
from opsgenie_simulator.server import Simulator
from opsgenie_simulator.switches import Switches
from opsgenie_simulator.timestamps import epoch_ms

# A simulator may run for days; the most recent requests are enough.
REQUEST_LOG_SIZE = 10_000

# The headings of the help and their options; the last heading gets all other options.
GROUPS = {
    "Basics": ("port", "alerts", "incidents", "users", "teams", "services", "integrations"),
    "The account": ("seed", "days", "until", "name", "plan", "extra_fields"),
    "Limits, latency, faults and TLS": (
        *("per_second", "per_minute", "other_client", "latency_ms", "faults", "certificate"),
    ),
    "Open questions about the real API, with the most likely answer as default": tuple(
        switch.name for switch in fields(Switches)
    ),
    "Other": (),
}

Command = Callable[..., None]


class GroupedCommand(click.Command):
    """A command whose help groups the options as in GROUPS."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each group under its heading."""
        options = {str(option.name): option.get_help_record(ctx) for option in self.get_params(ctx)}
        for heading, names in GROUPS.items():
            records = [options.pop(name) for name in names or list(options)]
            with formatter.section(heading):
                formatter.write_dl([record for record in records if record])


def switch_options(command: Command) -> Command:
    """Add one option per switch to a command."""
    hints = get_type_hints(Switches)
    for switch in reversed(fields(Switches)):
        command = _option(switch, hints[switch.name])(command)
    return command


def _option(switch: Field[Any], hint: Any) -> Callable[[Command], Command]:
    name, question = switch.name.replace("_", "-"), switch.metadata["question"]
    if hint is bool:
        return click.option(f"--{name}/--no-{name}", default=switch.default, show_default=True, help=question)
    values = click.Choice([str(value) for value in get_args(hint)])
    return click.option(f"--{name}", type=values, default=str(switch.default), show_default=True, help=question)


def parse_switches(options: dict[str, Any]) -> Switches:
    """The switches that the command-line options set."""
    hints = get_type_hints(Switches)
    return Switches(**{name: _switch_value(hints[name], value) for name, value in options.items()})


def _switch_value(hint: Any, text: Any) -> Any:
    if get_origin(hint) is Literal:
        return next(value for value in get_args(hint) if str(value) == text)
    return text


def _number(
    name: str, default: int, *, description: str, low: int = 0, high: int | None = None
) -> Callable[[Command], Command]:
    return click.option(name, default=default, show_default=True, type=click.IntRange(low, high), help=description)


def _timestamp(_context: click.Context, _option: click.Parameter, value: str) -> int:
    try:
        return epoch_ms(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is not a timestamp; write it like 2026-11-01T00:00:00Z") from None


@click.command(cls=GroupedCommand, context_settings={"max_content_width": 110})
@_number("--port", 8080, description="Port to listen on, on this machine only; 0 takes any free port.", high=65535)
@_number("--seed", 7, description="The same seed and numbers of records give the same account and the same keys.")
@_number("--alerts", 300, description="Number of alerts.")
@_number("--incidents", 40, description="Number of incidents.")
@_number("--users", 12, description="Number of users.")
@_number("--teams", 4, description="Number of teams.")
@_number("--services", 6, description="Number of services.")
@_number("--integrations", 5, description="Number of integrations.")
@_number("--days", 365, description="Number of days over which alerts and incidents are spread.", low=1)
@click.option(
    "--until", default="2026-11-01T00:00:00Z", show_default=True, callback=_timestamp, help="End of the history."
)
@click.option("--name", default="acme", show_default=True, help="Name of the account.")
@click.option(
    "--plan",
    type=click.Choice(["Free", "Essentials", "Standard", "Enterprise"]),
    default="Enterprise",
    show_default=True,
    help="Plan of the account; the first two have neither incidents nor services.",
)
@click.option("--extra-fields", is_flag=True, help="Add an unknown field to every record.")
@_number("--latency-ms", 0, description="Delay of every response, in milliseconds.")
@_number(
    "--faults",
    0,
    description="Percentage of responses to break at random, with faults that a retry overcomes.",
    high=100,
)
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Serve HTTPS with the certificate and the private key in this PEM file.",
)
@_number("--per-second", 0, description="Requests per second in each domain; 0 means no limit.")
@_number("--per-minute", 0, description="Requests per minute in each domain; 0 means no limit.")
@click.option(
    "--other-client",
    type=(click.Choice(DOMAINS), click.FloatRange(0, min_open=True), float, float, float),
    multiple=True,
    metavar="DOMAIN PER_SECOND START END EVERY",
    help="Another client, which uses the limit of a domain from START until END, in seconds from now, and again after"
    " each EVERY seconds; 0 means never again. May be repeated.",
)
@switch_options
def main(
    *,
    port: int,
    latency_ms: int,
    faults: int,
    certificate: Path | None,
    per_second: int,
    per_minute: int,
    other_client: tuple[tuple[str, float, float, float, float], ...],
    **options: Any,
) -> None:
    """Simulate the Opsgenie REST API on this machine.

    Point a client at the printed address instead of https://api.opsgenie.com and give it one of the printed
    keys. All records are invented, and kept in memory until Ctrl-C.

    The behaviour of the real API is not known in every detail. Each open question is an option; a reliable client
    works with every value of it.
    """
    names = {switch.name for switch in fields(Switches)}
    switches = parse_switches({name: value for name, value in options.items() if name in names})
    account = Account.seeded(**{name: value for name, value in options.items() if name not in names})
    limits = {domain: _limits(per_second, per_minute) for domain in DOMAINS} if per_second or per_minute else {}
    simulator = Simulator(
        account,
        switches=switches,
        limits=limits,
        other_clients=[OtherClient(*client[:4], every=client[4] or math.inf) for client in other_client],
        latency_ms=latency_ms,
        faults=Faults(share=faults / 100, seed=options["seed"]),
        port=port,
        request_log_size=REQUEST_LOG_SIZE,
        tls=_tls(certificate) if certificate else None,
    )
    try:
        simulator.start()
    except OSError as error:
        raise click.ClickException(f"cannot listen on port {port}: {error.strerror}; try --port 0") from None
    stopping = _stop_signal()
    _print_summary(account, simulator.url)
    stopping.wait()
    simulator.stop()
    click.echo("Stopped.")


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate)
    except ssl.SSLError as error:
        message = f"{str(certificate)!r} does not contain a certificate with its private key in PEM format"
        raise click.BadParameter(message, param_hint="--certificate") from error
    return context


def _limits(per_second: int, per_minute: int) -> tuple[RateLimit, ...]:
    limits = (RateLimit(per_second, 1), RateLimit(per_minute, 60))
    return tuple(limit for limit in limits if limit.limit)


def _print_summary(account: Account, url: str) -> None:
    kinds = ("alerts", "incidents", "users", "teams", "services", "integrations")
    sizes = ", ".join(f"{len(getattr(account, kind)):,} {kind}" for kind in kinds)
    click.echo(f"Account {account.name!r} ({account.plan}) with {sizes}")
    click.echo(f"Listening on {url}\n")
    click.echo("Keys, all invented:")
    for token, description in (
        (account.full_key, "all permissions"),
        (account.key_without_configuration_access, "without Configuration Access"),
        (account.team_key, "of the first team"),
        (account.management_key, "created on the API key management page"),
    ):
        click.echo(f"  {token}  {description}")
    click.echo(f"\nTry:\n  curl -H 'Authorization: GenieKey {account.full_key}' '{url}/v2/alerts?limit=2'")
    click.echo("\nFor opsgenie-archive and source-opsgenie, in another terminal:")
    click.echo(f"  export OPSGENIE_API_TOKEN={account.full_key}\n  export OPSGENIE_API_URL={url}")
    click.echo("\nPress Ctrl-C to stop.")


def _stop_signal() -> threading.Event:
    stopping = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopping.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return stopping
