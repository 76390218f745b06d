"""What Airbyte's registry reads about the connector: metadata.yaml and the icon."""

import re
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import yaml

from source_opsgenie.config import DOCUMENTATION
from source_opsgenie.streams import STREAMS

ROOT = Path(__file__).parents[2]
METADATA: dict[str, Any] = yaml.safe_load((ROOT / "metadata.yaml").read_text())["data"]
SVG = "{http://www.w3.org/2000/svg}svg"  # ignore-https-check


def breaking_change() -> dict[str, Any]:
    """What the metadata say about the major version that they announce."""
    major = METADATA["dockerImageTag"].split(".")[0]
    change: dict[str, Any] = METADATA["releases"]["breakingChanges"][f"{major}.0.0"]
    return change


def test_connector_keeps_its_identity() -> None:
    """The registry knows the connector by its id and its image, and neither ever changes."""
    expected = ("06bdb480-2598-40b8-8b0f-fc2e2d2abdda", "airbyte/source-opsgenie")
    actual = (METADATA["definitionId"], METADATA["dockerRepository"])

    assert expected == actual


def test_image_is_tagged_for_the_release_that_the_package_leads_to() -> None:
    """The version of the package is the image's tag, or a stage on the way to it."""
    release = re.fullmatch(r"(\d+\.\d+\.\d+)((a|b|rc|\.dev)\d+)?", version("source-opsgenie"))

    assert release
    assert release[1] == METADATA["dockerImageTag"]


def test_spec_names_the_same_page() -> None:
    """The page that the spec leads to is the one that the registry knows."""
    assert DOCUMENTATION == METADATA["documentationUrl"]


def test_tags_name_one_language_and_one_cdk() -> None:
    """Every tag is a pair, and the registry builds by exactly one language and one CDK."""
    expected = [("cdk", "python"), ("language", "python")]
    actual = sorted(tuple(tag.split(":")) for tag in METADATA["tags"])

    assert expected == actual


def test_suggested_streams_exist() -> None:
    """Streams that the platform ticks for a new connection are in the table."""
    unknown = set(METADATA["suggestedStreams"]["streams"]) - set(STREAMS)

    assert not unknown


def test_hosts_are_those_of_the_api() -> None:
    """The platform lets the connector reach the API in both regions, and nothing else."""
    expected = ["api.eu.opsgenie.com", "api.opsgenie.com"]
    actual = sorted(METADATA["allowedHosts"]["hosts"])

    assert expected == actual


def test_major_version_announces_what_breaks() -> None:
    """A major version has an entry that says what breaks, until when, and what happens then."""
    change = breaking_change()

    assert change["message"].endswith(".")
    assert date.fromisoformat(change["upgradeDeadline"])
    assert change["deadlineAction"] in {"auto_upgrade", "disable"}


def test_breaking_change_is_scoped_to_streams_that_exist() -> None:
    """The streams that a breaking change is scoped to are in the table, and its message names each."""
    message = breaking_change()["message"]
    scopes = [scope for impact in breaking_change()["scopedImpact"] for scope in impact["impactedScopes"]]
    strangers = [scope for scope in scopes if scope not in STREAMS or scope not in message]

    assert scopes
    assert not strangers


def test_base_image_is_pinned() -> None:
    """The image that the connector is built on is named by tag and by digest."""
    pattern = r"docker\.io/airbyte/python-connector-base:\d+\.\d+\.\d+@sha256:[0-9a-f]{64}"

    assert re.fullmatch(pattern, METADATA["connectorBuildOptions"]["baseImage"])


def test_icon_is_square() -> None:
    """The icon is an SVG, as wide as it is high, in its size and in its view box."""
    icon = ElementTree.parse(ROOT / "icon.svg").getroot()
    left, top, width, height = icon.attrib["viewBox"].split()

    assert icon.tag == SVG
    assert icon.attrib["width"] == icon.attrib["height"]
    assert (left, top, width) == ("0", "0", height)
