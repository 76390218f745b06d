"""Endpoints: the tolerated forms, and those that would send the key elsewhere."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from urllib3.util import parse_url

from source_opsgenie.config import Config, parse_endpoint
from source_opsgenie.errors import ConfigError
from tests.support.leaks import KEY


@pytest.mark.parametrize(
    ("endpoint", "expected"),
    [
        ("api.opsgenie.com", "https://api.opsgenie.com"),
        ("api.eu.opsgenie.com", "https://api.eu.opsgenie.com"),
        ("api.eu.opsgenie.com/", "https://api.eu.opsgenie.com"),
        ("https://api.eu.opsgenie.com", "https://api.eu.opsgenie.com"),
        ("https://api.eu.opsgenie.com//", "https://api.eu.opsgenie.com"),
        ("HTTPS://api.opsgenie.com", "https://api.opsgenie.com"),
        ("https://proxy.example:8443/", "https://proxy.example:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://simulator:8443", "https://simulator:8443"),
        ("localhost", "https://localhost"),
        ("api.sandbox.opsgenie.com", "https://api.sandbox.opsgenie.com"),
    ],
)
def test_a_scheme_and_slashes_are_tolerated(endpoint: str, expected: str) -> None:
    """A scheme and trailing slashes are accepted; plain http is for this machine only."""
    assert expected == parse_endpoint(endpoint)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://",
        "/",
        "api.opsgenie.com/v2",
        "https://api.opsgenie.com/v2/alerts",
        "api.opsgenie.com?x=1",
        "user@api.opsgenie.com",
        "https://user:secret@api.opsgenie.com",
        "@api.opsgenie.com",
        ":secret@api.opsgenie.com",
        "http://api.opsgenie.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "ftp://localhost",
        "https://[::1",
        "api.opsgenie.com:https",
        "api.opsgenie.com:99999",
        "api opsgenie.com",
        "eu",
        "EU",
        "us/",
        "api.atlassian.com",
        "https://acme.atlassian.net",
        "app.opsgenie.com",
        "https://acme.app.opsgenie.com/",
        "opsgenie.com",
        "eu.opsgenie.com",
    ],
)
def test_anything_but_the_host_of_an_api_is_rejected(endpoint: str) -> None:
    """A path, a user, plain http to another machine, a region or a web page is an error that says what to write."""
    with pytest.raises(ConfigError, match=r"^endpoint .* Use api.opsgenie.com or api.eu.opsgenie.com"):
        parse_endpoint(endpoint)


@settings(max_examples=200, deadline=None)
@given(some.text("abc:/@?#[].\\ 1%é", max_size=20))
@example("https://a\\@b")
def test_every_endpoint_is_a_url_or_an_error(endpoint: str) -> None:
    """Any text is an error, or a URL with a host and without a user."""
    try:
        actual = parse_endpoint(endpoint)
    except ConfigError:
        return

    parsed = parse_url(actual)
    assert parsed.host
    assert (parsed.auth, parsed.path, parsed.query) == (None, None, None)


def test_the_environment_overrides_the_endpoint() -> None:
    """OPSGENIE_API_URL overrides the config, under the same rules."""
    options = {"api_token": KEY, "endpoint": "api.eu.opsgenie.com"}
    local = Config.from_mapping(options, environment={"OPSGENIE_API_URL": "http://localhost:1"})
    empty = Config.from_mapping(options, environment={"OPSGENIE_API_URL": ""})

    assert local.base_url == "http://localhost:1"
    assert empty.base_url == "https://api.eu.opsgenie.com"
    with pytest.raises(ConfigError):
        Config.from_mapping(options, environment={"OPSGENIE_API_URL": "http://api.opsgenie.com"})
