"""Every failure that may come instead of a good response, and what to do about it: one table, one row for each."""

from enum import Enum

from source_opsgenie import errors

BAD_REQUEST, SERVER_ERROR = 400, 500
NETWORK = "Check the network, the proxy and the endpoint, then run again."
LATER = "Opsgenie, or something in front of it, is failing. Run again later."
NOT_THE_API = (
    "This is not the Opsgenie API. Set endpoint to api.opsgenie.com or api.eu.opsgenie.com. "
    "If it is set to one of them, a proxy or a network's login page responds in its place."
)
LESS_BUSY = "Run again when the account is less busy."
REPORT = "Please report it, with this message."

# Errors that may pass: the request is sent again.
TRANSIENT: tuple[type[errors.OpsgenieError], ...] = (errors.Unreachable, errors.WrongHost)


# Errors that affect everything, unless a request that worked before still works.
SUSPICIOUS: tuple[type[errors.OpsgenieError], ...] = (errors.Unreachable, errors.Unauthorized, errors.WrongHost)


class Failure(Enum):
    """A failure: its description, the error that it ends in, and the remedy."""

    # There is no usable connection.
    NO_NAME = ("the host name cannot be resolved", errors.Unreachable, NETWORK)
    NO_CONNECTION = ("the connection is refused, or takes too long", errors.Unreachable, NETWORK)
    PROXY = (
        "the proxy rejects the request, with 407 or otherwise",
        errors.Unreachable,
        f"Ask the proxy's administrator. {NETWORK}",
    )
    UNTRUSTED = (
        "this machine does not trust the host's certificate",
        errors.WrongHost,
        "Check this machine's clock. If a proxy decrypts TLS, set SSL_CERT_FILE to the file of its CA certificate. "
        "The key was not sent.",
    )
    TLS = ("TLS fails for another reason", errors.Unreachable, NETWORK)

    # There is a connection, but no complete response.
    RESET = ("the connection closes before the response, or within its headers", errors.Unreachable, NETWORK)
    TIMEOUT = ("the first byte of the response, or the next one, takes too long", errors.Unreachable, NETWORK)
    TRUNCATED = ("the response ends within its body", errors.Unreachable, NETWORK)
    TOO_SLOW = ("the response arrives, but takes too long", errors.Unreachable, NETWORK)
    TOO_LARGE = ("the body is too large, compressed or decompressed", errors.MalformedResponse, REPORT)
    UNDECODABLE = ("the body cannot be decompressed", errors.Unreachable, LATER)

    # A status (docs/opsgenie-api.md#errors).
    REDIRECT = ("1xx to 3xx except 200; redirects are never followed", errors.WrongHost, NOT_THE_API)
    UNAUTHORIZED = (
        "401",
        errors.Unauthorized,
        "Opsgenie does not know this key. Check that it is complete and enabled, and that endpoint is the account's "
        "own region (api.eu.opsgenie.com for an account in Europe).",
    )
    KEY_MALFORMED = ("422 about the key", errors.Unauthorized, "This is not a valid key. Copy it from Opsgenie again.")
    NOT_IN_PLAN = (
        "402",
        errors.NotInPlan,
        "The account's plan does not include this feature (incidents and services need Standard or Enterprise, "
        "log files need Enterprise).",
    )
    FORBIDDEN = (
        "403, also in the middle of a read",
        errors.Forbidden,
        "The key lacks a permission. Give it Read and Configuration Access, or leave these streams out.",
    )
    WRONG_KEY_TYPE = (
        "403 with code 40301",
        errors.Forbidden,
        "The key is of a type that may not do this, or lacks a permission. Use the key of an API integration that "
        "belongs to no team, with Read and Configuration Access.",
    )
    INTERMEDIARY = (
        "401 or 403 with a page that is not JSON, and without X-Request-Id",
        errors.Unreachable,
        "Something before Opsgenie (a proxy, a firewall, its CDN) rejected the request; the key is not the cause. Run "
        "again later, or ask the network's administrator to allow requests to Opsgenie.",
    )
    NOT_FOUND = (
        "404; for child records, only while their parent exists",
        errors.NotFound,
        "It does not exist or was deleted.",
    )
    THROTTLED = (
        "429, with any headers or none",
        errors.Unreachable,
        "Other clients are using up the account's rate limit. Lower rate_limit_share, or run again when the account "
        "is less busy.",
    )
    REJECTED = (
        "400, 405, 410, 422, any other 4xx; 501",
        errors.Rejected,
        "The API will never accept this request. If it contains your alert_query, fix the query; otherwise report it.",
    )
    OVERLOADED = ("408, 425, any other 5xx, with any body", errors.Unreachable, LATER)

    # A body with status 200.
    HTML_PAGE = ("an HTML page, or other text that is not JSON", errors.WrongHost, NOT_THE_API)
    INVALID_JSON = ("JSON that is truncated, empty, invalid or not in UTF-8", errors.Unreachable, LATER)
    NOT_AN_OBJECT = ("JSON that is not an object", errors.MalformedResponse, REPORT)

    # An envelope (docs/opsgenie-api.md#envelope).
    NO_DATA = ("no `data`", errors.MalformedResponse, REPORT)
    NO_ROWS = ("`data` of another type, or rows that are not objects", errors.MalformedResponse, REPORT)
    NO_KEY = ("a row without its id, or without a timestamp that it needs", errors.MalformedResponse, REPORT)
    NO_COUNT = ("a count that is negative or not a number", errors.MalformedResponse, REPORT)
    WRONG_COUNT = ("counts that contradict each other or the rows", errors.Incomplete, LESS_BUSY)
    UNSTABLE_LIST = ("a list that changes during each of three passes", errors.Incomplete, LESS_BUSY)
    TOO_MANY_ROWS = ("a list with more rows than can be listed from both of its ends", errors.Incomplete, REPORT)
    WRONG_ROWS = ("rows outside the requested range or out of order; a repeated page", errors.MalformedResponse, REPORT)
    NO_LINES = ("a log file with a line that is not a JSON object", errors.MalformedResponse, REPORT)
    NO_DATE = ("no Date header in any response, though a stream is read by months", errors.MalformedResponse, REPORT)
    NO_LINK = ("a link to a file that is not an https address", errors.MalformedResponse, REPORT)
    NO_NEXT = ("a `next` that cannot be followed, or leads back", errors.MalformedResponse, REPORT)

    def __init__(self, description: str, kind: type[errors.OpsgenieError], remedy: str) -> None:
        self.description = description
        self.kind = kind
        self.remedy = remedy

    def error(
        self, text: str, *, path: str = "", status: int | None = None, request_id: str = ""
    ) -> errors.OpsgenieError:
        """The error that this ends in; *text* says what was requested and what came back."""
        return self.kind(f"{text}. {self.remedy}", path=path, status=status, request_id=request_id)

    @property
    def retried(self) -> str:
        """Whether the request is sent again: yes, no, or after the period that a throttled response names."""
        if self is Failure.THROTTLED:
            return "after the given period"
        return "yes" if issubclass(self.kind, TRANSIENT) else "no"

    @property
    def affects(self) -> str:
        """How much cannot be read because of it; everything else is."""
        if issubclass(self.kind, SUSPICIOUS):
            return "all, if a request that worked before fails too; else one part"
        return "the stream" if self.kind is errors.NotInPlan else "one part"


# The statuses with a meaning of their own; the others go by their first digit.
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
    """The failure that a *status* other than 200 means."""
    if status in STATUSES:
        return STATUSES[status]
    if status < BAD_REQUEST:
        return Failure.REDIRECT
    return Failure.REJECTED if status < SERVER_ERROR else Failure.OVERLOADED
