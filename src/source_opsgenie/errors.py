"""Everything that can go wrong, one class for each thing that someone must do.

OpsgenieError
├── InvalidInput         what we were given must be mended: nothing can be read
│   ├── ConfigError    the config
│   ├── CatalogError   the catalog
│   ├── StateError     the state
│   ├── ArchiveError   the archive's file
│   ├── Unauthorized     the API does not know the key
│   └── WrongHost      what answers is not Opsgenie's API
├── Forbidden       the key lacks a right: other streams can be read
├── NotInPlan        the account's plan lacks the feature: other streams can be read
├── NotFound             what was asked for is not there (any more)
├── Rejected          the API will never answer this request
├── Unreachable      no answer within our patience: try again later
├── MalformedResponse        an answer that cannot be Opsgenie's: report it
└── Incomplete       rows that cannot be listed, or a list that does not hold still
"""

__all__ = [
    "ArchiveError",
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
    """A read that cannot go on; its text says what was asked, what came back, and what to do."""


class InvalidInput(OpsgenieError):
    """What we were given must be mended before anything can be read."""


class ConfigError(InvalidInput):
    """The config is missing, unreadable, or says something that we cannot follow."""


class CatalogError(InvalidInput):
    """The catalog is missing, unreadable, or names what does not exist."""


class StateError(InvalidInput):
    """The state is unreadable, or not one that this source wrote."""


class ArchiveError(InvalidInput):
    """The archive's file cannot be written, or belongs to another account."""


class Unauthorized(InvalidInput):
    """The API does not know the key: wrong, malformed, switched off, or of another region."""


class WrongHost(InvalidInput):
    """What answers at this address is not Opsgenie's API."""


class Forbidden(OpsgenieError):
    """The key lacks the right that this request needs."""


class NotInPlan(OpsgenieError):
    """The account's plan has no such feature."""


class NotFound(OpsgenieError):
    """What was asked for is not there, or not any more."""


class Rejected(OpsgenieError):
    """The API understood the request and will never answer it."""


class Unreachable(OpsgenieError):
    """The API gave no usable answer within our patience; a later try may succeed."""


class MalformedResponse(OpsgenieError):
    """The API answered in a shape that we cannot trust."""


class Incomplete(OpsgenieError):
    """Rows are known to exist that could not be read, or a list did not hold still."""
