"""`make release`: the version and the date that it writes, and what it refuses to release."""

import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from tests.support.leaks import run_process

ROOT = Path(__file__).parents[2]
FILES = ("CHANGELOG.md", "metadata.yaml", "pyproject.toml", "simulator/pyproject.toml")
CHANGES = "# Changelog\n\n## 1.0.0.dev0 (unreleased)\n\n- Fixed it.\n"


def git(folder: Path, *args: str) -> str:
    """Run git in *folder*; returns what it prints."""
    return run_process("git", *args, cwd=folder).stdout


def release(folder: Path, step: str, version: str) -> CompletedProcess[str]:
    """Run a step of a release in *folder*."""
    return run_process(sys.executable, ROOT / "tools" / "release.py", step, version, cwd=folder)


def write(folder: Path, changes: str) -> None:
    """Write the changelog and commit everything."""
    (folder / "CHANGELOG.md").write_text(changes)
    git(folder, "add", ".")
    git(folder, "commit", "--message", "Change it")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with the files that have the version, at 1.0.0.dev0."""
    for path in FILES:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    for path in ("pyproject.toml", "simulator/pyproject.toml"):
        lines = (tmp_path / path).read_text().splitlines()
        changed = ['version = "1.0.0.dev0"' if line.startswith("version = ") else line for line in lines]
        (tmp_path / path).write_text("\n".join(changed) + "\n")
    git(tmp_path, "init", "--quiet")
    for setting in ("user.name=Author", "user.email=author@example.org"):
        git(tmp_path, "config", *setting.split("="))
    write(tmp_path, CHANGES)
    return tmp_path


def test_version_and_date_are_written(checkout: Path) -> None:
    """The version is written into both distributions and the image tag, with the date into the changelog."""
    done = release(checkout, "prepare", "99.0.0rc1")
    changed = [
        line[1:].strip() for line in git(checkout, "diff", "--unified=0").splitlines() if line[:2] in {"+v", "+#", "+ "}
    ]
    expected = [
        f"## 99.0.0rc1 ({datetime.now(UTC).date()})",
        "dockerImageTag: 99.0.0",
        'version = "99.0.0rc1"',
        'version = "99.0.0rc1"',
    ]

    assert (0, "") == (done.returncode, done.stderr)
    assert expected == changed


@pytest.mark.parametrize(
    ("version", "reason"),
    [
        ("", "'' is not a version"),
        ("next", "'next' is not a version"),
        ("1.0.0.dev1", "cannot be released"),
        ("v1.0.0", "cannot be released"),
        ("1.0.0+local", "cannot be released"),
        ("0.9.0", "0.9.0 is older than 1.0.0.dev0"),
    ],
)
def test_a_wrong_version_is_not_released(checkout: Path, version: str, reason: str) -> None:
    """A version that is unknown, local, in development or older than the current one changes nothing."""
    done = release(checkout, "prepare", version)

    assert done.returncode == 1
    assert reason in done.stderr
    assert "" == git(checkout, "status", "--porcelain")


def test_uncommitted_files_are_not_released(checkout: Path) -> None:
    """A release is made from what is committed, and from nothing else."""
    (checkout / "new.py").touch()
    done = release(checkout, "prepare", "1.0.0")

    assert (1, "There are uncommitted files. Commit or remove them first.\n") == (done.returncode, done.stderr)


def test_a_version_is_released_once(checkout: Path) -> None:
    """A version that has a tag is not released again."""
    git(checkout, "tag", "v1.0.0")
    done = release(checkout, "prepare", "1.0.0")

    assert (1, "v1.0.0 was released already.\n") == (done.returncode, done.stderr)


def test_a_release_has_an_entry_in_the_changelog(checkout: Path) -> None:
    """Without an unreleased entry there is nothing to release."""
    write(checkout, "# Changelog\n\n## 0.9.0 (2026-01-01)\n")
    done = release(checkout, "prepare", "1.0.0")

    assert done.returncode == 1
    assert "begin an entry '## 1.0.0 (unreleased)' first" in done.stderr


def test_a_release_has_an_author(checkout: Path) -> None:
    """Git needs a name and an address for the commit, which is known before anything is changed."""
    git(checkout, "config", "user.name", "")
    done = release(checkout, "prepare", "99.0.0")

    assert done.returncode == 1
    assert "GIT_COMMITTER_IDENT failed" in done.stderr
    assert "" == git(checkout, "status", "--porcelain")


def test_files_of_another_version_are_not_tagged(checkout: Path) -> None:
    """Only the version that was prepared, and tested, is built and tagged."""
    done = release(checkout, "finish", "1.0.0")

    assert done.returncode == 1
    assert "not prepared for 1.0.0" in done.stderr
    assert "" == git(checkout, "tag")
