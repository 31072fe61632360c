"""What docs/ci.md shows is what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from avaudit.registry import RENDERERS, load_renderer, names


@pytest.fixture
def page(root: Path) -> str:
    return (root / "docs" / "ci.md").read_text("utf-8")


def blocks(page: str, language: str) -> list[Any]:
    found = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return [yaml.safe_load(text) for text in found] if language == "yaml" else found


def test_every_format_is_listed_with_its_file(page: str) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `(report\.[\w.]+)` \|", page, re.M))
    assert rows == {name: load_renderer(name).filename for name in names(RENDERERS)}


def test_the_workflow_gives_inputs_that_the_action_has(page: str, root: Path) -> None:
    workflow, *_ = blocks(page, "yaml")
    action = yaml.safe_load((root / "action.yml").read_text())
    (step,) = [
        s for s in workflow["jobs"]["media"]["steps"] if "OWNER/avaudit" in s.get("uses", "")
    ]
    assert set(step["with"]) <= set(action["inputs"])
    said = re.search(r"Outputs: (.*?)\.", page)
    assert said is not None
    assert set(re.findall(r"`(\w+)`", said[1])) == set(action["outputs"])


def test_the_hook_exists(page: str, root: Path) -> None:
    used = next(b for b in blocks(page, "yaml") if "repos" in b)["repos"][0]["hooks"][0]
    (hook,) = yaml.safe_load((root / ".pre-commit-hooks.yaml").read_text())
    assert used["id"] == hook["id"]
    assert used["args"][-1] == hook["args"][-1] == "--"


def test_the_pytest_example_uses_the_marker_as_it_is(page: str) -> None:
    (example,) = blocks(page, "python")
    compile(example, "ci.md", "exec")
    assert "@pytest.mark.avaudit_gate(" in example
