"""The files that Airbyte's registry reads: metadata.yaml and the icon."""

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
    """The entry for the breaking change of the current major version."""
    major = METADATA["dockerImageTag"].split(".")[0]
    change: dict[str, Any] = METADATA["releases"]["breakingChanges"][f"{major}.0.0"]
    return change


def test_connector_keeps_its_identity() -> None:
    """The registry identifies the connector by its id and its image, which never change."""
    expected = ("06bdb480-2598-40b8-8b0f-fc2e2d2abdda", "airbyte/source-opsgenie")
    actual = (METADATA["definitionId"], METADATA["dockerRepository"])

    assert expected == actual


def test_image_tag_is_the_release_of_the_package() -> None:
    """The version of the package is the image tag, or a pre-release of it."""
    release = re.fullmatch(r"(\d+\.\d+\.\d+)((a|b|rc|\.dev)\d+)?", version("source-opsgenie"))

    assert release
    assert release[1] == METADATA["dockerImageTag"]


def test_spec_and_metadata_have_the_same_documentation_url() -> None:
    """The documentation URL of the spec is the one in the metadata."""
    assert DOCUMENTATION == METADATA["documentationUrl"]


def test_tags_are_one_language_and_one_cdk() -> None:
    """The registry builds a connector with exactly one language tag and one CDK tag."""
    expected = [("cdk", "python"), ("language", "python")]
    actual = sorted(tuple(tag.split(":")) for tag in METADATA["tags"])

    assert expected == actual


def test_suggested_streams_exist() -> None:
    """The streams that the platform preselects for a new connection are in the table."""
    unknown = set(METADATA["suggestedStreams"]["streams"]) - set(STREAMS)

    assert not unknown


def test_allowed_hosts_are_those_of_the_api() -> None:
    """The platform allows connections to the API in both regions, and to no other host."""
    expected = ["api.eu.opsgenie.com", "api.opsgenie.com"]
    actual = sorted(METADATA["allowedHosts"]["hosts"])

    assert expected == actual


def test_major_version_has_a_breaking_change() -> None:
    """The entry of a major version has a message, an upgrade deadline and an action at the deadline."""
    change = breaking_change()

    assert change["message"].endswith(".")
    assert date.fromisoformat(change["upgradeDeadline"])
    assert change["deadlineAction"] in {"auto_upgrade", "disable"}


def test_breaking_change_is_scoped_to_existing_streams() -> None:
    """The streams in the scope of a breaking change are in the table and in its message."""
    message = breaking_change()["message"]
    scopes = [scope for impact in breaking_change()["scopedImpact"] for scope in impact["impactedScopes"]]
    unknown = [scope for scope in scopes if scope not in STREAMS or scope not in message]

    assert scopes
    assert not unknown


def test_base_image_is_pinned() -> None:
    """The base image is pinned by tag and by digest."""
    pattern = r"docker\.io/airbyte/python-connector-base:\d+\.\d+\.\d+@sha256:[0-9a-f]{64}"

    assert re.fullmatch(pattern, METADATA["connectorBuildOptions"]["baseImage"])


def test_icon_is_square() -> None:
    """The icon is an SVG whose size and view box are square."""
    icon = ElementTree.parse(ROOT / "icon.svg").getroot()
    left, top, width, height = icon.attrib["viewBox"].split()

    assert icon.tag == SVG
    assert icon.attrib["width"] == icon.attrib["height"]
    assert (left, top, width) == ("0", "0", height)
