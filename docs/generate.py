"""Write the pages, and the parts of pages, that are made from the code; `--check` only says which are stale."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from opsgenie_simulator.reference import page as simulator_page
from source_opsgenie.api.client import ATTEMPTS, FIRST_ATTEMPTS, THROTTLED_ATTEMPTS
from source_opsgenie.api.failures import Failure
from source_opsgenie.api.retry import LONGEST_BACK_OFF_SECONDS, LONGEST_RETRY_SECONDS
from source_opsgenie.api.transport import Bounds
from source_opsgenie.archive.plan import requests_of
from source_opsgenie.config import Config
from source_opsgenie.options import OPTIONS
from source_opsgenie.streams import STREAMS, Field, Stream, ancestry, cost, is_incremental, relations

ROOT = Path(__file__).parent.parent
# Accounts from small to very large, by rows of the list, and limits in requests a minute.
SIZES = (10_000, 100_000, 1_000_000)
LIMITS = (100, 600, 3_000)
HOURS_OF_A_DAY = 24


def streams_page() -> str:
    """The reference of all streams: what each is, what it costs, and what a row holds."""
    return "\n".join(
        [
            "# Streams",
            "",
            "Made from the table in `src/source_opsgenie/streams/` by `make docs`; do not edit it here.",
            "Every row keeps the fields that the API sends, named here or not; what we add says so.",
            "",
            *streams_table(),
            "",
            *diagram(),
            "",
            *(line for stream in STREAMS.values() for line in _stream_section(stream)),
        ]
    )


def streams_table() -> Iterator[str]:
    """One line for each stream."""
    yield "| stream | key | sync | cost | API | needs |"
    yield "|---|---|---|---|---|---|"
    for stream in STREAMS.values():
        sync = "incremental" if is_incremental(stream) else "full refresh"
        yield (
            f"| [{stream.name}](docs/streams.md#{stream.name}) | {', '.join(stream.key)} | {sync} | {cost(stream)} "
            f"| [`{stream.path}`]({stream.page}) | {stream.access.needs} |"
        )


def diagram() -> Iterator[str]:
    """Which stream's rows name which other's, as a diagram."""
    yield from ("## How they hang together", "")
    yield "A line names the field of the stream on its left; a solid one leads to what a row hangs on, and is part of"
    yield "how it is asked for, a dotted one to what it refers to."
    yield from ("", "```mermaid", "erDiagram")
    for one in relations():
        line = "}o--||" if one.is_child else "}o..o|"
        yield f'    {one.stream} {line} {one.other} : "{one.field}"'
    yield "```"


def _stream_section(stream: Stream) -> Iterator[str]:
    version, *_ = stream.path.removeprefix("/").split("/")
    yield from (f"## {stream.name}", "", stream.description, "")
    yield f"- API: [`GET {stream.path}`]({stream.page}), version {version.removeprefix('v')}"
    yield f"- Key: {', '.join(f'`{name}`' for name in stream.key)}"
    yield f"- Sync: {'full refresh and incremental' if is_incremental(stream) else 'full refresh'}"
    yield f"- Cost: {cost(stream)}, in the rate limit of the domain `{stream.domain.value}`"
    if stream.parent:
        yield f"- Hangs on: {', '.join(f'[{one.name}](#{one.name})' for one in ancestry(stream)[:-1])}"
    yield f"- Needs: {stream.access.needs}"
    yield from ("", "| field | type | meaning |", "|---|---|---|")
    for field in stream.fields:
        yield from _field_rows(field, "")
    yield ""


def _field_rows(field: Field, above: str) -> Iterator[str]:
    name = f"{above}{field.name}"
    yield f"| `{name}` | {field.kind.name.lower().replace('_', ' ')} | {field.description} |"
    inner = field.items.inner if field.items else field.inner
    for one in inner:
        yield from _field_rows(one, f"{name}{'[]' if field.items else ''}.")


def options_table() -> Iterator[str]:
    """One line for each option of the config."""
    yield "| option | type | default | meaning |"
    yield "|---|---|---|---|"
    for name, option in OPTIONS.items():
        default = f"`{option['default']}`" if "default" in option else ""
        yield f"| `{name}` | {option['type']} | {default} | {option['description']} |"


def failures_table() -> Iterator[str]:
    """One line for each failure."""
    yield "| failure | retried | error | what to do |"
    yield "|---|---|---|---|"
    for failure in Failure:
        yield f"| {failure.description} | {failure.retried} | `{failure.kind.__name__}` | {failure.remedy} |"


def errors_table() -> Iterator[str]:
    """One line for each error that a failure ends in."""
    yield "| error | meaning |"
    yield "|---|---|"
    for error in dict.fromkeys(failure.kind for failure in Failure):
        yield f"| `{error.__name__}` | {error.__doc__} |"


def bounds_table() -> Iterator[str]:
    """One line for each bound."""
    yield "| bound | at most |"
    yield "|---|---|"
    yield f"| opening a connection | {Bounds().connect:.0f} s |"
    yield f"| waiting for the first byte of a response, or for the next one | {Bounds().silence:.0f} s |"
    yield f"| receiving a complete response | {Bounds().response:.0f} s |"
    yield f"| the size of a response, compressed and decompressed | {Bounds().size // 2**20} MiB |"
    yield f"| attempts of a request without a usable response | {ATTEMPTS} |"
    yield f"| the same, until the API has responded once | {FIRST_ATTEMPTS} |"
    yield f"| waiting between two attempts | {LONGEST_BACK_OFF_SECONDS:.0f} s |"
    yield f"| retrying after the first failure | {LONGEST_RETRY_SECONDS:.0f} s |"
    yield f"| attempts of a throttled request, each after the period that the response names | {THROTTLED_ATTEMPTS} |"


def first_sync_table() -> Iterator[str]:
    """What a first sync of the streams that grow with an account costs: one line for streams that cost the same."""
    yield f"| streams | rows in the list | requests | {' | '.join(f'at {limit:,} a minute' for limit in LIMITS)} |"
    yield "|---|---:|---:|" + "---:|" * len(LIMITS)
    for size in SIZES:
        for requests, names in _by_requests(size).items():
            times = " | ".join(_time(requests, limit=limit) for limit in LIMITS)
            yield f"| {', '.join(names)} | {size:,} | {requests:,} | {times} |"


def _by_requests(size: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for stream in STREAMS.values():
        requests = requests_of(stream, size, Config(api_token="", base_url="")) if ancestry(stream)[0].search else None
        if requests is not None:
            found.setdefault(requests, []).append(stream.name)
    return found


def _time(requests: int, *, limit: int) -> str:
    """How long so many *requests* take in the default share of *limit* requests a minute."""
    hours = requests / (limit * OPTIONS["rate_limit_share"]["default"]) / 60
    if hours < 1:
        return f"{max(1, round(hours * 60))} min"
    return f"{hours:.1f} h" if hours < HOURS_OF_A_DAY else f"{hours / HOURS_OF_A_DAY:.1f} days"


def simulated_page() -> str:
    """What the simulator imitates, in its own words."""
    return "\n".join(simulator_page()) + "\n"


PAGES: dict[str, Callable[[], str]] = {"docs/streams.md": streams_page, "docs/simulator.md": simulated_page}
PARTS: dict[str, Callable[[], Iterator[str]]] = {
    "streams": streams_table,
    "options": options_table,
    "failures": failures_table,
    "errors": errors_table,
    "bounds": bounds_table,
    "first_sync": first_sync_table,
}


def with_parts(text: str, *, folder: str) -> str:
    """The page *text*, what stands between a part's two marks written anew; links hold from *folder*."""

    def part(match: re.Match[str]) -> str:
        lines = "\n".join(PARTS[match["name"]]())
        return f"{match['open']}\n{_linked(lines, folder=folder)}\n{match['close']}"

    pattern = r"(?P<open><!-- generated: (?P<name>\w+) -->)\n.*?(?P<close><!-- end -->)"
    return re.sub(pattern, part, text, flags=re.DOTALL)


def _linked(text: str, *, folder: str) -> str:
    return text.replace("](docs/", "](" if folder == "docs" else "](docs/")


def written() -> Iterator[tuple[Path, str]]:
    """Each file that is made or partly made from the code, and what it should hold."""
    for name, page in PAGES.items():
        yield ROOT / name, _linked(page(), folder="docs")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        if str(path.relative_to(ROOT)) not in PAGES:
            yield path, with_parts(path.read_text(encoding="utf-8"), folder=path.parent.name)


def main() -> None:
    """Write what is stale, or with `--check` say so and fail."""
    stale = [(path, text) for path, text in written() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv:
        sys.exit("\n".join(f"{path.relative_to(ROOT)} is stale: run `make docs`." for path, _ in stale) or 0)
    for path, text in stale:
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
