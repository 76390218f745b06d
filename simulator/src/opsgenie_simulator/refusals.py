"""The errors of the API, each with its status and the text that is known of it."""

from collections.abc import Mapping


class Refusal(Exception):
    """An answer other than the one that was asked for."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: int | None = None,
        errors: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Say *message* with *status*; the rest only where the API has it."""
        super().__init__(message)
        self.status, self.message, self.code = status, message, code
        self.errors, self.headers = errors or {}, headers or {}


def bad_parameter(name: str, reason: str) -> Refusal:
    """A parameter that cannot be understood (docs/opsgenie-api.md#errors)."""
    return Refusal(422, "Request body is not processable. Please check the errors.", errors={name: reason})


def bad_query(reason: str) -> Refusal:
    """A query that the search language does not have."""
    return bad_parameter("query", reason)


def not_found(what: str) -> Refusal:
    """A record that is not there, or not any more."""
    return Refusal(404, f"{what} is not found")


def out_of_team(message: str = "Team API Keys are not authorized to perform this action.") -> Refusal:
    """A team's key asked for what is not the team's (docs/opsgenie-api.md#key-types)."""
    return Refusal(403, message, code=40301)
