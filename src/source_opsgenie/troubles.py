"""Everything that may come instead of a good answer, and what is decided about it: one table, one row for each."""

from enum import Enum

from source_opsgenie.errors import (
    Gone,
    Incomplete,
    KeyRefused,
    Misshapen,
    NotGranted,
    NotInPlan,
    OpsgenieError,
    Refused,
    Unreachable,
    WrongHost,
)

BAD_REQUEST, SERVER_ERROR = 400, 500
NETWORK = "Check the network, the proxy and the endpoint, then run again."
LATER = "Opsgenie, or something before it, is in trouble: run again later."
NOT_THE_API = (
    "This is not Opsgenie's API: write api.opsgenie.com or api.eu.opsgenie.com as endpoint. "
    "If that is what you wrote, something on the way answers for it: a proxy, or a network that wants a login."
)
QUIETER = "Run again at a quieter time."
REPORT = "Please report it, with this message."

# What may pass, so that the request is sent again; who must act on the rest is told at once.
MAY_PASS: tuple[type[OpsgenieError], ...] = (Unreachable, WrongHost)


class Trouble(Enum):
    """What comes, the error that it ends in, and what a person can do."""

    # There is no connection, or none that may be used.
    NO_NAME = ("the host's name cannot be resolved", Unreachable, NETWORK)
    NO_CONNECTION = ("the connection is refused, or takes too long", Unreachable, NETWORK)
    PROXY = (
        "the proxy does not let the request through, or 407",
        Unreachable,
        f"Ask whoever runs the proxy. {NETWORK}",
    )
    UNTRUSTED = (
        "the host's certificate is not one that this machine trusts",
        WrongHost,
        "Is the clock of this machine right? If a proxy opens TLS, name the file of its authority in SSL_CERT_FILE. "
        "The key was not sent.",
    )
    NO_TLS = ("TLS fails in another way", Unreachable, NETWORK)

    # There is a connection, and no whole answer.
    RESET = ("the connection ends before the answer, or within its headers", Unreachable, NETWORK)
    SILENCE = ("nothing comes for too long: no first byte, or no next one", Unreachable, NETWORK)
    BROKEN_OFF = ("the body breaks off", Unreachable, NETWORK)
    ENDLESS = ("the answer comes, and takes too long", Unreachable, NETWORK)
    TOO_LARGE = ("the body is too large, as it comes or unpacked", Misshapen, REPORT)
    NOT_UNPACKED = ("the body cannot be unpacked", Unreachable, LATER)

    # A status (docs/opsgenie-api.md#errors).
    MOVED = ("1xx to 3xx but 200: a redirect is never followed", WrongHost, NOT_THE_API)
    KEY_UNKNOWN = (
        "401",
        KeyRefused,
        "Opsgenie does not know this key here: copy it once more, see that it is switched on, and that the endpoint "
        "is the account's own region (api.eu.opsgenie.com for an account in Europe).",
    )
    KEY_MALFORMED = ("422 about the key", KeyRefused, "This is not the form of a key: copy it from Opsgenie once more.")
    NOT_IN_PLAN = (
        "402",
        NotInPlan,
        "The account's plan has no such feature (incidents and services need Standard or Enterprise, log files "
        "Enterprise).",
    )
    NOT_GRANTED = (
        "403, also in the middle of a read",
        NotGranted,
        "The key lacks a right: give it Read and Configuration Access, or leave these streams out.",
    )
    GONE = (
        "404; of what hangs on a row, only if the row itself is still there",
        Gone,
        "It does not exist, or not any more.",
    )
    TOO_MANY = (
        "429, with any headers or none",
        Unreachable,
        "Others use the account's limit up. Lower rate_limit_share, or run again at a quieter time.",
    )
    NEVER = (
        "400, 405, 410, 422, any other 4xx; 501",
        Refused,
        "The API will not answer this; if it comes from your alert_query, mend that; else report it.",
    )
    OVERLOADED = ("408, 425, any other 5xx, whatever the body", Unreachable, LATER)

    # A body with status 200.
    A_PAGE = ("a page of HTML, or other text that is no JSON", WrongHost, NOT_THE_API)
    BROKEN_JSON = ("JSON that is cut off, empty, invalid or not in UTF-8", Unreachable, LATER)
    NO_OBJECT = ("JSON that is no object", Misshapen, REPORT)

    # An envelope (docs/opsgenie-api.md#envelope).
    NO_DATA = ("no `data`", Misshapen, REPORT)
    NO_ROWS = ("`data` of another type, or rows that are no objects", Misshapen, REPORT)
    NO_KEY = ("a row without its id, or without a moment that it needs", Misshapen, REPORT)
    NO_COUNT = ("a count that is negative or no number", Misshapen, REPORT)
    WRONG_COUNT = (
        "counts that do not agree with each other or with the rows",
        Incomplete,
        QUIETER,
    )
    RESTLESS = ("a list that changes during each of three passes", Incomplete, QUIETER)
    TOO_MANY_ROWS = ("a list with more rows than can be seen from both of its ends", Incomplete, REPORT)
    NOT_AS_ASKED = ("rows outside what was asked for, or in another order; a page that repeats", Misshapen, REPORT)
    NO_LINES = ("a file of logs with a line that is no JSON object", Misshapen, REPORT)
    NO_DATE = ("no answer tells the date, and a stream is asked by weeks", Misshapen, REPORT)
    NO_LINK = ("a link to a file that is no address over https", Misshapen, REPORT)
    NO_NEXT = ("a `next` that cannot be followed, or leads back", Misshapen, REPORT)

    def __init__(self, what: str, error: type[OpsgenieError], remedy: str) -> None:
        self.what = what
        self.error = error
        self.remedy = remedy

    def told(self, what: str) -> OpsgenieError:
        """The error that this ends in: *what* was asked and came back, and what to do."""
        return self.error(f"{what}. {self.remedy}")

    @property
    def again(self) -> str:
        """Whether the request is sent again, in words."""
        if self is Trouble.TOO_MANY:
            return "when it may be"
        return "yes" if issubclass(self.error, MAY_PASS) else "no"


# What each status means that has a meaning of its own; the rest goes by its hundred.
STATUSES: dict[int, Trouble] = {
    401: Trouble.KEY_UNKNOWN,
    402: Trouble.NOT_IN_PLAN,
    403: Trouble.NOT_GRANTED,
    404: Trouble.GONE,
    407: Trouble.PROXY,
    408: Trouble.OVERLOADED,
    425: Trouble.OVERLOADED,
    429: Trouble.TOO_MANY,
    501: Trouble.NEVER,
}


def trouble_of(status: int) -> Trouble:
    """The trouble that a *status* other than 200 tells of."""
    if status in STATUSES:
        return STATUSES[status]
    if status < BAD_REQUEST:
        return Trouble.MOVED
    return Trouble.NEVER if status < SERVER_ERROR else Trouble.OVERLOADED
