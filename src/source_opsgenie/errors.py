"""Every error that ends a stream or a run: one class for each action that someone must take.

OpsgenieError
├── InvalidInput           fix the input; until then nothing can be read
│   ├── ConfigError        the config
│   ├── CatalogError       the catalog
│   ├── StateError         the state
│   ├── ArchiveError       the archive's file
│   │   └── ArchiveLocked  another sync or program that has the file open
│   ├── Unauthorized       the key
│   └── WrongHost          the endpoint, or a proxy on the way to it
├── Forbidden              grant the key a permission, or leave the stream out
├── NotInPlan              upgrade the account's plan, or leave the stream out
├── NotFound               do nothing: it does not exist or was deleted
├── Rejected               change the request: the API will never accept it
├── Unreachable            run again later
├── MalformedResponse      report it: the response cannot be Opsgenie's
└── Incomplete             run again when the account is less busy
"""

__all__ = [
    "ArchiveError",
    "ArchiveLocked",
    "CatalogError",
    "ConfigError",
    "Forbidden",
    "Incomplete",
    "InvalidInput",
    "MalformedResponse",
    "NotFound",
    "NotInPlan",
    "OpsgenieError",
    "Rejected",
    "StateError",
    "Unauthorized",
    "Unreachable",
    "WrongHost",
]


class OpsgenieError(Exception):
    """A read that cannot continue; the text says what was requested, what came back, and what to do.

    *path* is the requested path, *status* the status of the response, *request_id* Opsgenie's id of the request;
    each is empty or None where it is unknown.
    """

    def __init__(self, text: str, *, path: str = "", status: int | None = None, request_id: str = "") -> None:
        super().__init__(text)
        self.path = path
        self.status = status
        self.request_id = request_id


class InvalidInput(OpsgenieError):
    """Input that must be fixed before anything can be read."""


class ConfigError(InvalidInput):
    """The config is missing, unreadable or invalid."""


class CatalogError(InvalidInput):
    """The catalog is missing, unreadable, or names streams or fields that do not exist."""


class StateError(InvalidInput):
    """The state is unreadable, or was not written by this source."""


class ArchiveError(InvalidInput):
    """The archive's file cannot be written, or belongs to another account."""


class ArchiveLocked(ArchiveError):
    """Another sync or another program has the archive's file open."""


class Unauthorized(InvalidInput):
    """The API does not accept the key: it is wrong, malformed, disabled, or of another region."""


class WrongHost(InvalidInput):
    """The host at this address is not the Opsgenie API."""


class Forbidden(OpsgenieError):
    """The key lacks the permission that this request needs."""


class NotInPlan(OpsgenieError):
    """The account's plan does not include this feature."""


class NotFound(OpsgenieError):
    """What was requested does not exist or was deleted."""


class Rejected(OpsgenieError):
    """The API understood the request and will never accept it."""


class Unreachable(OpsgenieError):
    """The API gave no usable response within the time limits; a later run may succeed."""


class MalformedResponse(OpsgenieError):
    """The API responded in a form that cannot be trusted."""


class Incomplete(OpsgenieError):
    """Rows are known to exist but could not be read, or a list kept changing while it was read."""
