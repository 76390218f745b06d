"""`opsgenie-simulator`: an Opsgenie account on this machine, from the command line."""

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
from opsgenie_simulator.limits import DOMAINS, RateLimit
from opsgenie_simulator.server import Simulator
from opsgenie_simulator.switches import Switches
from opsgenie_simulator.timestamps import epoch_ms

# Of a simulator that stands for days, the last requests are enough.
REQUEST_LOG_SIZE = 10_000

# The headings of the help, and the options under each; those that no heading names stand under the last one.
GROUPS = {
    "To begin with": ("port", "alerts", "incidents", "users", "teams", "services", "integrations"),
    "The account": ("seed", "days", "until", "name", "plan", "extra_fields"),
    "What makes it harder": ("per_second", "per_minute", "latency_ms", "faults", "certificate"),
    "Open questions about the real API, each set to the best guess": tuple(one.name for one in fields(Switches)),
    "Others": (),
}

Command = Callable[..., None]


class Grouped(click.Command):
    """A command whose help puts its options under GROUPS."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each group under its heading."""
        options = {str(option.name): option.get_help_record(ctx) for option in self.get_params(ctx)}
        for heading, names in GROUPS.items():
            told = [options.pop(name) for name in names or list(options)]
            with formatter.section(heading):
                formatter.write_dl([record for record in told if record])


def switch_options(command: Command) -> Command:
    """Give a command one option for each switch."""
    hints = get_type_hints(Switches)
    for switch in reversed(fields(Switches)):
        command = _option(switch, hints[switch.name])(command)
    return command


def _option(switch: Field[Any], hint: Any) -> Callable[[Command], Command]:
    name, question = switch.name.replace("_", "-"), switch.metadata["question"]
    if hint is bool:
        return click.option(f"--{name}/--no-{name}", default=switch.default, show_default=True, help=question)
    positions = click.Choice([str(position) for position in get_args(hint)])
    return click.option(f"--{name}", type=positions, default=str(switch.default), show_default=True, help=question)


def switches_from(options: dict[str, Any]) -> Switches:
    """The switches that the options of the command line stand for."""
    hints = get_type_hints(Switches)
    return Switches(**{name: _position(hints[name], value) for name, value in options.items()})


def _position(hint: Any, value: Any) -> Any:
    if get_origin(hint) is Literal:
        return next(position for position in get_args(hint) if str(position) == value)
    return value


def _number(
    name: str, default: int, *, meaning: str, low: int = 0, high: int | None = None
) -> Callable[[Command], Command]:
    return click.option(name, default=default, show_default=True, type=click.IntRange(low, high), help=meaning)


def _moment(_context: click.Context, _option: click.Parameter, value: str) -> int:
    try:
        return epoch_ms(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no moment; write it like 2026-11-01T00:00:00Z") from None


@click.command(cls=Grouped, context_settings={"max_content_width": 110})
@_number("--port", 8080, meaning="Where to listen, on this machine only; 0 takes any free port.", high=65535)
@_number("--seed", 7, meaning="The same seed and sizes give the same account and the same keys.")
@_number("--alerts", 300, meaning="How many alerts.")
@_number("--incidents", 40, meaning="How many incidents.")
@_number("--users", 12, meaning="How many users.")
@_number("--teams", 4, meaning="How many teams.")
@_number("--services", 6, meaning="How many services.")
@_number("--integrations", 5, meaning="How many integrations.")
@_number("--days", 365, meaning="Over how many days alerts and incidents are spread.", low=1)
@click.option(
    "--until", default="2026-11-01T00:00:00Z", show_default=True, callback=_moment, help="When the history ends."
)
@click.option("--name", default="acme", show_default=True, help="The account's name.")
@click.option(
    "--plan",
    type=click.Choice(["Free", "Essentials", "Standard", "Enterprise"]),
    default="Enterprise",
    show_default=True,
    help="The account's plan; the first two have neither incidents nor services.",
)
@click.option("--extra-fields", is_flag=True, help="Give every record a field that nobody knows.")
@_number("--latency-ms", 0, meaning="How much later every answer comes.")
@_number("--faults", 0, meaning="How many answers of a hundred come broken, in ways that pass.", high=100)
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Speak https, with the certificate and the private key in this PEM file.",
)
@_number("--per-second", 0, meaning="Requests that each domain allows in a second; 0 is no limit.")
@_number("--per-minute", 0, meaning="Requests that each domain allows in a minute; 0 is no limit.")
@switch_options
def main(
    *,
    port: int,
    latency_ms: int,
    faults: int,
    certificate: Path | None,
    per_second: int,
    per_minute: int,
    **options: Any,
) -> None:
    """Stand in for the Opsgenie REST API on this machine.

    Point a client at the printed address instead of https://api.opsgenie.com and give it one of the printed
    keys. Everything is invented, and kept in memory until Ctrl-C.

    Nobody outside knows how the real API behaves in every case. Each open question has an option: a client that
    is to be trusted works in every position of it.
    """
    names = {switch.name for switch in fields(Switches)}
    switches = switches_from({name: value for name, value in options.items() if name in names})
    account = Account.seeded(**{name: value for name, value in options.items() if name not in names})
    limits = {domain: _limits(per_second, per_minute) for domain in DOMAINS} if per_second or per_minute else {}
    simulator = Simulator(
        account,
        switches=switches,
        limits=limits,
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
    ended = _told_to_end()
    _announce(account, simulator.url)
    ended.wait()
    simulator.stop()
    click.echo("stopped")


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate)
    except ssl.SSLError as problem:
        message = f"{str(certificate)!r} holds no certificate with its private key, as PEM"
        raise click.BadParameter(message, param_hint="--certificate") from problem
    return context


def _limits(per_second: int, per_minute: int) -> tuple[RateLimit, ...]:
    each = (RateLimit(per_second, 1), RateLimit(per_minute, 60))
    return tuple(limit for limit in each if limit.limit)


def _announce(account: Account, url: str) -> None:
    kinds = ("alerts", "incidents", "users", "teams", "services", "integrations")
    sizes = ", ".join(f"{len(getattr(account, kind)):,} {kind}" for kind in kinds)
    click.echo(f"The account {account.name!r} ({account.plan}) with {sizes}")
    click.echo(f"stands at {url}\n")
    click.echo("Keys, all invented:")
    for token, rights in (
        (account.full_key, "all rights"),
        (account.key_without_configuration_access, "without configuration access"),
        (account.team_key, "of one team"),
        (account.management_key, "of the API key management page"),
    ):
        click.echo(f"  {token}  {rights}")
    click.echo(f"\nTry:\n  curl -H 'Authorization: GenieKey {account.full_key}' '{url}/v2/alerts?limit=2'")
    click.echo("\nCtrl-C stops it.")


def _told_to_end() -> threading.Event:
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    return ended
