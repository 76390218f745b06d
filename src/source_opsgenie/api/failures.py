"""Everything that may come instead of a good answer, and what is decided about it: one table, one row for each."""

from enum import Enum

from source_opsgenie.errors import (
    Forbidden,
    Incomplete,
    MalformedResponse,
    NotFound,
    NotInPlan,
    OpsgenieError,
    Rejected,
    Unauthorized,
    Unreachable,
    WrongHost,
)

BAD_REQUEST, SERVER_ERROR = 400, 500
NETWORK = "Check the network, the proxy and the endpoint, then run again."
LATER = "Opsgenie, or something before it, is in failure: run again later."
NOT_THE_API = (
    "This is not Opsgenie's API: write api.opsgenie.com or api.eu.opsgenie.com as endpoint. "
    "If that is what you wrote, something on the way answers for it: a proxy, or a network that wants a login."
)
QUIETER = "Run again at a quieter time."
REPORT = "Please report it, with this message."

# What may pass, so that the request is sent again; who must act on the rest is told at once.
MAY_PASS: tuple[type[OpsgenieError], ...] = (Unreachable, WrongHost)


class Failure(Enum):
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
    TLS = ("TLS fails in another way", Unreachable, NETWORK)

    # There is a connection, and no whole answer.
    RESET = ("the connection ends before the answer, or within its headers", Unreachable, NETWORK)
    TIMEOUT = ("nothing comes for too long: no first byte, or no next one", Unreachable, NETWORK)
    TRUNCATED = ("the body breaks off", Unreachable, NETWORK)
    TOO_SLOW = ("the answer comes, and takes too long", Unreachable, NETWORK)
    TOO_LARGE = ("the body is too large, as it comes or unpacked", MalformedResponse, REPORT)
    UNDECODABLE = ("the body cannot be unpacked", Unreachable, LATER)

    # A status (docs/opsgenie-api.md#errors).
    REDIRECT = ("1xx to 3xx but 200: a redirect is never followed", WrongHost, NOT_THE_API)
    UNAUTHORIZED = (
        "401",
        Unauthorized,
        "Opsgenie does not know this key here: copy it once more, see that it is switched on, and that the endpoint "
        "is the account's own region (api.eu.opsgenie.com for an account in Europe).",
    )
    KEY_MALFORMED = (
        "422 about the key",
        Unauthorized,
        "This is not the form of a key: copy it from Opsgenie once more.",
    )
    NOT_IN_PLAN = (
        "402",
        NotInPlan,
        "The account's plan has no such feature (incidents and services need Standard or Enterprise, log files "
        "Enterprise).",
    )
    FORBIDDEN = (
        "403, also in the middle of a read",
        Forbidden,
        "The key lacks a right: give it Read and Configuration Access, or leave these streams out.",
    )
    NOT_FOUND = (
        "404; of what hangs on a row, only if the row itself is still there",
        NotFound,
        "It does not exist, or not any more.",
    )
    THROTTLED = (
        "429, with any headers or none",
        Unreachable,
        "Others use the account's limit up. Lower rate_limit_share, or run again at a quieter time.",
    )
    REJECTED = (
        "400, 405, 410, 422, any other 4xx; 501",
        Rejected,
        "The API will not answer this; if it comes from your alert_query, mend that; else report it.",
    )
    OVERLOADED = ("408, 425, any other 5xx, whatever the body", Unreachable, LATER)

    # A body with status 200.
    HTML_PAGE = ("a page of HTML, or other text that is no JSON", WrongHost, NOT_THE_API)
    INVALID_JSON = ("JSON that is cut off, empty, invalid or not in UTF-8", Unreachable, LATER)
    NOT_AN_OBJECT = ("JSON that is no object", MalformedResponse, REPORT)

    # An envelope (docs/opsgenie-api.md#envelope).
    NO_DATA = ("no `data`", MalformedResponse, REPORT)
    NO_ROWS = ("`data` of another type, or rows that are no objects", MalformedResponse, REPORT)
    NO_KEY = ("a row without its id, or without a moment that it needs", MalformedResponse, REPORT)
    NO_COUNT = ("a count that is negative or no number", MalformedResponse, REPORT)
    WRONG_COUNT = (
        "counts that do not agree with each other or with the rows",
        Incomplete,
        QUIETER,
    )
    UNSTABLE_LIST = ("a list that changes during each of three passes", Incomplete, QUIETER)
    TOO_MANY_ROWS = ("a list with more rows than can be seen from both of its ends", Incomplete, REPORT)
    WRONG_ROWS = (
        "rows outside what was asked for, or in another order; a page that repeats",
        MalformedResponse,
        REPORT,
    )
    NO_LINES = ("a file of logs with a line that is no JSON object", MalformedResponse, REPORT)
    NO_DATE = ("no answer tells the date, and a stream is asked by weeks", MalformedResponse, REPORT)
    NO_LINK = ("a link to a file that is no address over https", MalformedResponse, REPORT)
    NO_NEXT = ("a `next` that cannot be followed, or leads back", MalformedResponse, REPORT)

    def __init__(self, what: str, kind: type[OpsgenieError], remedy: str) -> None:
        self.what = what
        self.kind = kind
        self.remedy = remedy

    def error(self, what: str) -> OpsgenieError:
        """The error that this ends in: *what* was asked and came back, and what to do."""
        return self.kind(f"{what}. {self.remedy}")

    @property
    def again(self) -> str:
        """Whether the request is sent again, in words."""
        if self is Failure.THROTTLED:
            return "when it may be"
        return "yes" if issubclass(self.kind, MAY_PASS) else "no"


# What each status means that has a meaning of its own; the rest goes by its hundred.
STATUSES: dict[int, Failure] = {
    401: Failure.UNAUTHORIZED,
    402: Failure.NOT_IN_PLAN,
    403: Failure.FORBIDDEN,
    404: Failure.NOT_FOUND,
    407: Failure.PROXY,
    408: Failure.OVERLOADED,
    425: Failure.OVERLOADED,
    429: Failure.THROTTLED,
    501: Failure.REJECTED,
}


def failure_for(status: int) -> Failure:
    """The failure that a *status* other than 200 tells of."""
    if status in STATUSES:
        return STATUSES[status]
    if status < BAD_REQUEST:
        return Failure.REDIRECT
    return Failure.REJECTED if status < SERVER_ERROR else Failure.OVERLOADED
