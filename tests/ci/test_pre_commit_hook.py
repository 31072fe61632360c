"""The pre-commit hook, run as pre-commit runs it: its entry, its arguments, the staged files."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml


@pytest.fixture
def repository(generated: Path, policies: dict[str, str], environment: dict[str, str]) -> Path:
    """A repository with a staged picture whose name looks like an option."""
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    folder = generated.parents[1]
    generated.rename(folder / "-picture.png")
    (folder / "avaudit-policy.toml").write_text(policies["fail"])
    for command in (["init", "-q"], ["add", "--", "-picture.png"]):
        subprocess.run(["git", *command], cwd=folder, check=True, env=environment)
    return folder


def staged(folder: Path) -> list[str]:
    command = ["git", "diff", "--cached", "--name-only", "--diff-filter=ACMRTUXB", "-z"]
    told = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    return [name for name in told.split("\0") if name]


def test_a_generated_picture_holds_the_commit_back(
    repository: Path, root: Path, environment: dict[str, str]
) -> None:
    (hook,) = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())
    assert hook["language"] == "python"
    assert {"image", "audio", "video"} == set(hook["types_or"])
    assert hook["args"][-1] == "--", "a file name may begin with a dash"
    entry = shlex.split(hook["entry"])
    assert shutil.which(entry[0], path=environment["PATH"])
    # as a user's configuration would narrow it
    arguments = ["--detectors", "provenance.metadata", *hook["args"]]
    done = subprocess.run(
        [*entry, *arguments, *staged(repository)],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "not-generated" in done.stdout
    report = json.loads((repository / ".avaudit" / "report.json").read_text())
    assert [Path(one["name"]).name for one in report["subjects"]] == ["-picture.png"]
    assert report["gate"]["verdict"] == "fail"
