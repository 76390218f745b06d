"""The files in examples/kubernetes, as far as they can be checked without a cluster."""

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.project.test_docker import STAGES, parse
from tests.support.leaks import run_process

from source_opsgenie.archive.reporting import ExitCode

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
ASSET = (EXAMPLES / "dagster_opsgenie.py").read_text(encoding="utf-8")
INSTANCE: dict[str, Any] = yaml.safe_load((EXAMPLES / "kubernetes" / "dagster.yaml").read_text())
LAUNCHER = INSTANCE["run_launcher"]["config"]
VALUES: dict[str, Any] = yaml.safe_load((EXAMPLES / "kubernetes" / "values.yaml").read_text())
IMAGE = parse(
    re.sub(r"^FROM (\S+)$", r"FROM \1 AS runs", (EXAMPLES / "kubernetes" / "Dockerfile").read_text(), flags=re.M)
)
# A path of lower-case words, which may begin with a host, and a tag.
IMAGE_NAME = re.compile(r"([a-z0-9.-]+(:\d+)?/)?[a-z0-9]+([._/-][a-z0-9]+)*(:[\w.-]+)?")
QUANTITY = re.compile(r"\d+(m|Mi|Gi)?")


def commands(program: str) -> list[list[str]]:
    """The words of each command of *program* in docs/scale.md."""
    return [shlex.split(line) for line in re.findall(rf"^\$ ({program} .+)$", PAGE, flags=re.MULTILINE)]


def option(words: list[str], name: str) -> str:
    """The value of an option in *words*; empty without it."""
    return words[words.index(name) + 1] if name in words else ""


def test_variables_lead_to_mounted_folders() -> None:
    """A run gets each variable that the asset reads, and each is a folder on a volume of the pod."""
    variables = dict(variable.split("=") for variable in LAUNCHER["env_vars"])
    mounted = {mount["mountPath"]: mount["name"] for mount in LAUNCHER["volume_mounts"]}

    assert set(re.findall(r'os\.environ\["(\w+)"\]', ASSET)) == set(variables)
    assert sorted(variables.values()) == sorted(mounted)
    assert {volume["name"] for volume in LAUNCHER["volumes"]} == set(mounted.values())


def test_the_asset_uses_options_and_codes_that_exist() -> None:
    """`sync` has each option that the asset passes, and the exit code means what the asset takes it for."""
    (arguments,) = re.findall(r'arguments = \("sync", (.+)\)$', ASSET, flags=re.MULTILINE)
    done = run_process(Path(sys.executable).with_name("opsgenie-archive"), "sync", "--help")
    options = re.findall(r'"(--[\w-]+)"', arguments)

    assert len(options) == 4
    assert [] == [option for option in options if f"{option} " not in done.stdout]
    assert [str(int(ExitCode.UNREACHABLE))] == re.findall(r"^UNREACHABLE = (\d+)$", ASSET, flags=re.MULTILINE)


def test_runs_are_queued_as_on_one_machine() -> None:
    """On Kubernetes, as many accounts run at once as on one machine, and never two runs of one account."""
    assert yaml.safe_load((EXAMPLES / "dagster.yaml").read_text())["run_coordinator"] == INSTANCE["run_coordinator"]


def test_the_image_has_what_a_run_needs() -> None:
    """It adds the asset to the image of the archive, whose command starts nothing, and is not run by root."""
    runs = IMAGE["runs"]
    ((asset, _),) = (argument.split() for argument in runs.arguments("COPY"))

    assert "opsgenie-archive" == runs.base
    assert (EXAMPLES / asset).exists()
    assert f"/opt/opsgenie/{asset}" in PAGE
    assert ["root", *STAGES["archive"].arguments("USER")] == runs.arguments("USER")
    assert ["[]"] == runs.arguments("ENTRYPOINT")


def test_the_user_of_the_image_can_write_the_archives() -> None:
    """The volume belongs to the group of the image's user."""
    _, group = IMAGE["runs"].arguments("USER")[-1].split(":")

    assert int(group) == LAUNCHER["run_k8s_config"]["pod_spec_config"]["security_context"]["fs_group"]


def test_the_placeholder_is_not_a_valid_name() -> None:
    """The page builds and pushes the image under the name that a run starts, which fails until it is replaced."""
    tags = [option(words, "--tag") for words in commands("docker build")]
    pushed = [words[-1] for words in commands("docker push")]

    assert LAUNCHER["job_image"] in tags
    assert LAUNCHER["job_image"] in pushed
    assert ["opsgenie-archive"] == [tag for tag in tags if IMAGE_NAME.fullmatch(tag)]
    assert sorted(pushed) == sorted(set(tags) - {"opsgenie-archive"})
    assert IMAGE_NAME.fullmatch(LAUNCHER["job_image"].replace("YOUR-REGISTRY", "registry.example.com:5000"))


@pytest.mark.parametrize("words", commands("docker build"), ids=lambda words: option(words, "--tag"))
def test_images_are_built_from_files_that_exist(words: list[str]) -> None:
    """Each Dockerfile of the page exists, with the stage that is built."""
    file, target = ROOT / option(words, "--file"), option(words, "--target")

    assert file.exists()
    assert (ROOT / words[-1]).is_dir()
    assert not target or target in STAGES


def test_resources_are_quantities() -> None:
    """Requests and limits are of CPU and memory, in units of Kubernetes, and no request exceeds its limit."""
    container = LAUNCHER["run_k8s_config"]["container_config"]["resources"]
    airbyte = VALUES["global"]["workloads"]["resources"]["mainContainer"]
    pairs = [(container["requests"][name], container["limits"][name]) for name in ("cpu", "memory")]
    pairs += [(airbyte[name]["request"], airbyte[name]["limit"]) for name in ("cpu", "memory")]

    assert [] == [pair for pair in pairs if not all(QUANTITY.fullmatch(quantity) for quantity in pair)]
    assert [] == [pair for pair in pairs if amount(pair[0]) > amount(pair[1])]


def amount(quantity: str) -> float:
    """A quantity of Kubernetes as a number."""
    number, unit = re.findall(r"(\d+)(\w*)", quantity)[0]
    return float(number) * {"": 1, "m": 1e-3, "Mi": 2**20, "Gi": 2**30}[unit]
