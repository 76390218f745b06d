"""Config: tolerated and rejected values, and the secrecy of the key."""

import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from source_opsgenie.clock import parse_timestamp
from source_opsgenie.config import Config, read_json, specification
from source_opsgenie.errors import ConfigError
from source_opsgenie.options import OPTIONS
from tests.support.leaks import KEY

# Option, a value that is invalid for it, and part of the remedy.
INVALID: list[tuple[str, object, str]] = [
    ("api_token", None, "Create a key"),
    ("api_token", "", "Create a key"),
    ("api_token", "  ", "Create a key"),
    ("api_token", 17, "quotes"),
    ("api_token", "a b", "Copy it"),
    ("api_token", "a\nb", "Copy it"),
    ("api_token", "schlüssel", "Copy it"),
    ("endpoint", ["api.opsgenie.com"], "quotes"),
    ("start_date", "yesterday", "Write it like 2022-07-01T00:00:00Z"),
    ("start_date", "2022-02-30T00:00:00Z", "Write it like 2022-07-01T00:00:00Z"),
    ("start_date", 20220701, "quotes"),
    ("start_date", "0001-01-01T00:00:00+12:00", "Write it like 2022-07-01T00:00:00Z"),
    ("alert_query", {"status": "open"}, "quotes"),
    ("rate_limit_share", 0, "above 0 and up to 1"),
    ("rate_limit_share", 1.01, "above 0 and up to 1"),
    ("rate_limit_share", float("nan"), "above 0 and up to 1"),
    ("rate_limit_share", True, "above 0 and up to 1"),
    ("rate_limit_share", "0.5", "above 0 and up to 1"),
    ("max_requests_per_minute", 0, "of 1 or more"),
    ("max_requests_per_minute", 1.5, "of 1 or more"),
    ("max_requests_per_minute", True, "of 1 or more"),
    ("max_concurrent_requests", 0, "from 1 to 64"),
    ("max_concurrent_requests", 65, "from 1 to 64"),
    ("lookback_minutes", -1, "from 0 to 1440"),
    ("lookback_minutes", 1441, "from 0 to 1440"),
    ("lookback_minutes", "10", "from 0 to 1440"),
    ("alert_priorities", "P1", 'like ["P1", "P2"]'),
    ("alert_priorities", ["P1", "P6"], "Use P1, P2, P3, P4, P5"),
    ("alert_teams", ["a", " "], 'like ["Payments", "Platform"]'),
    ("alert_teams", ['a" OR status: open'], "names without quotes"),
    ("alert_status", "acked", "Use open or closed"),
    ("alert_saved_search", 5, "quotes"),
    ("streams_without_permission", "ignore", "Use fail or skip"),
]
ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=30),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
NAMES = some.sampled_from(list(OPTIONS)) | some.text(max_size=20)


def config_of(**options: object) -> Config:
    """The config of *options* and a key, in an empty environment."""
    return Config.from_mapping({"api_token": KEY, **options}, environment={})


def test_key_alone_is_enough() -> None:
    """A config with only a key reads the full history of a US account."""
    actual = config_of()

    assert Config(KEY, "https://api.opsgenie.com") == actual
    assert actual.start_date == ""


def test_every_option_is_applied() -> None:
    """Each option sets its attribute, in the unit in which it is used."""
    expected = Config(
        KEY,
        "https://api.eu.opsgenie.com",
        start_ms=parse_timestamp("2022-07-01T00:00:00Z"),
        alert_query="priority: P1",
        alert_priorities=("P1", "P2"),
        alert_teams=("Ops",),
        alert_status="open",
        alert_saved_search="Mine",
        streams_without_permission="skip",
        rate_limit_share=1.0,
        max_requests_per_minute=20,
        max_concurrent_requests=64,
        lookback=timedelta(0),
    )
    actual = config_of(
        endpoint="api.eu.opsgenie.com",
        start_date="2022-07-01T02:00:00+02:00",
        alert_query=" priority: P1 ",
        alert_priorities=["P2", "P1", "P2"],
        alert_teams=[" Ops"],
        alert_status="open",
        alert_saved_search=" Mine ",
        streams_without_permission="skip",
        rate_limit_share=1,
        max_requests_per_minute=20,
        max_concurrent_requests=64,
        lookback_minutes=0,
    )

    assert expected == actual
    assert actual.start_date == "2022-07-01T00:00:00.000Z"


@pytest.mark.parametrize("name", OPTIONS)
def test_empty_means_default(name: str) -> None:
    """An option that is null or an empty string, as forms send it, counts as absent; only the key is required."""
    for empty in (None, ""):
        if name == "api_token":
            with pytest.raises(ConfigError, match="api_token is missing"):
                config_of(**{name: empty})
        else:
            assert config_of() == config_of(**{name: empty})


def test_whitespace_around_the_key_is_removed() -> None:
    """A key copied with a space before it and a line break after it is valid."""
    assert config_of() == config_of(api_token=f" {KEY}\n")


@pytest.mark.parametrize(("name", "value", "remedy"), INVALID)
def test_error_names_option_and_remedy(name: str, value: object, remedy: str) -> None:
    """An invalid value raises an error that names the option and the remedy."""
    with pytest.raises(ConfigError) as caught:
        config_of(**{name: value})

    assert str(caught.value).startswith(name)
    assert remedy in str(caught.value)


@pytest.mark.parametrize(
    ("misspelled", "meant"),
    [
        ("api_tokens", "api_token"),
        ("apiToken", "api_token"),
        ("end_point", "endpoint"),
        ("startdate", "start_date"),
        ("alert_querys", "alert_query"),
        ("max_request_per_minute", "max_requests_per_minute"),
        ("lookback_minute", "lookback_minutes"),
    ],
)
def test_misspelled_option_is_rejected(misspelled: str, meant: str) -> None:
    """A name close to that of an option is rejected, since it would silently have no effect."""
    with pytest.raises(ConfigError, match=rf"^{misspelled} is not an option\. Did you mean {meant}\?$"):
        config_of(**{misspelled: "x"})


def test_unknown_options_are_rejected_together() -> None:
    """One error names every unknown option, with the nearest one or all; a key as a name is not quoted."""
    with pytest.raises(ConfigError) as caught:
        config_of(**{"region": "eu", "shard": 1, "lookback": 5, KEY: ""})
    expected = [
        "A name in the config is not an option. The options are api_token, endpoint, ",
        " lookback is not an option. Did you mean lookback_minutes?",
        " region is not an option. Did you mean endpoint (api.eu.opsgenie.com for an account in Europe)?",
        " shard is not an option. The options are ",
    ]

    assert expected == [text for text in expected if text in str(caught.value)]


def test_options_of_airbyte_are_ignored() -> None:
    """Airbyte adds names that begin with an underscore, which have no effect."""
    assert config_of() == config_of(__airbyte_note="x", _limit=5)


@pytest.mark.parametrize("value", [f"{KEY} {KEY}", f"{KEY}ü", [KEY], {"key": KEY}])
def test_key_is_in_no_message(value: object) -> None:
    """An invalid key is not quoted."""
    with pytest.raises(ConfigError) as caught:
        config_of(api_token=value)

    assert KEY not in str(caught.value)


def test_key_is_not_in_the_repr_of_a_config() -> None:
    """A config in a log shows its address and nothing else."""
    actual = config_of()

    assert "Config('https://api.opsgenie.com')" == repr(actual) == str(actual)


def test_spec_and_config_agree_on_defaults() -> None:
    """A config without an option has the default that the form shows."""
    config = config_of()
    properties = specification()["properties"]
    expected = {name: option["default"] for name, option in properties.items() if "default" in option}
    converted = {
        "endpoint": config.base_url.removeprefix("https://"),
        "lookback_minutes": config.lookback / timedelta(minutes=1),
    }
    actual = {name: converted[name] if name in converted else getattr(config, name) for name in expected}

    assert expected == actual
    assert config == Config(KEY, config.base_url)


def test_spec_describes_every_option_in_order() -> None:
    """Each option has a title, a description and the position of the table; only the key is a secret."""
    properties = specification()["properties"]
    secrets = [name for name, option in properties.items() if option.get("airbyte_secret")]
    undescribed = [
        name for name, option in properties.items() if not option["title"] or not option["description"].endswith(".")
    ]

    assert list(range(len(OPTIONS))) == [option["order"] for option in properties.values()]
    assert ["api_token"] == secrets == specification()["required"]
    assert undescribed == []


def test_config_is_immutable() -> None:
    """Assigning to an attribute raises an error."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        config_of().alert_query = "x"  # type: ignore[misc]


@settings(max_examples=150, deadline=None)
@given(some.dictionaries(NAMES, ANYTHING, max_size=6), some.booleans())
def test_any_json_is_a_config_or_a_config_error(options: dict[str, Any], has_key: bool) -> None:
    """Any JSON object gives a usable config or a ConfigError, never another exception."""
    try:
        config = config_of(**options) if has_key else Config.from_mapping(options, environment={})
    except ConfigError:
        return

    assert config.start_date == "" or parse_timestamp(config.start_date) == config.start_ms
    assert 0 < config.rate_limit_share <= 1
    assert 1 <= config.max_concurrent_requests <= 64


def test_unreadable_file_is_named(tmp_path: Path) -> None:
    """The error for a missing file, a directory or invalid JSON names the path and never quotes the content."""
    invalid = tmp_path / "config.json"
    invalid.write_bytes(b'{"api_token": "' + KEY.encode() + b"\xff")
    for path in (tmp_path / "none.json", tmp_path, invalid):
        with pytest.raises(ConfigError) as caught:
            read_json(path, what="config")

        assert str(path) in str(caught.value)
        assert KEY not in str(caught.value)
