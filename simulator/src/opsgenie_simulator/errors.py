"""Error responses of the API: their status, and their message as far as it is known."""

from collections.abc import Mapping


class ApiError(Exception):
    """An error response to a request."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: int | None = None,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Respond with *status* and *message*, and with the rest where the API sends it."""
        super().__init__(message)
        self.status, self.message, self.code = status, message, code
        self.errors, self.headers = errors or {}, headers or {}


def bad_parameter(name: str, reason: str) -> ApiError:
    """The 422 for an invalid parameter (docs/opsgenie-api.md#errors)."""
    return ApiError(422, "Request body is not processable. Please check the errors.", errors={name: reason})


def bad_query(reason: str) -> ApiError:
    """The 422 for an invalid search query."""
    return bad_parameter("query", reason)


def not_found(what: str) -> ApiError:
    """The 404 for a record that does not exist or was deleted."""
    return ApiError(404, f"{what} is not found")


def outside_team(message: str = "Team API Keys are not authorized to perform this action.") -> ApiError:
    """The 403 for a team's key that requests another team's records (docs/opsgenie-api.md#key-types)."""
    return ApiError(403, message, code=40301)
