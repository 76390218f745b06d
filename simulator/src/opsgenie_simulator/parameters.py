"""Query parameters of a request, and the cap on how far a list can be paged."""

from collections.abc import Mapping

from opsgenie_simulator.errors import ApiError, bad_parameter
from opsgenie_simulator.switches import Switches

CAP = 20_000


def parse_integer(query: Mapping[str, str], name: str, *, default: int, at_least: int) -> int:
    """The integer given as parameter *name*, or *default*."""
    text = query.get(name, str(default))
    if not text.lstrip("-").isdecimal() or int(text) < at_least:
        raise bad_parameter(name, f"must be an integer of at least {at_least}")
    return int(text)


def parse_choice(query: Mapping[str, str], name: str, *, values: tuple[str, ...]) -> str:
    """The parameter *name*, which is one of *values*; the first is the default."""
    text = query.get(name, values[0])
    if text not in values:
        raise bad_parameter(name, f"must be one of {', '.join(values)}")
    return text


def reachable_rows(total: int, *, offset: int, limit: int, switches: Switches) -> int:
    """How many of *total* rows paging can reach (docs/opsgenie-api.md#the-cap).

    A page beyond the cap is rejected with a 422, or `next` ends there, as the switch `cap` says.
    """
    max_sum = CAP if switches.cap_inclusive else CAP - 1
    if switches.cap == "ends":
        return min(total, max_sum)
    if offset + limit > max_sum:
        raise ApiError(422, "Sum of offset and limit should be lower than 20000")
    return total
