"""The examples of docs/plans.md and docs/manifests.md are read as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from avaudit.manifest import Shape, read_manifest
from avaudit.manifest.lint import Code, lint
from avaudit.plan import read_plan

DOCS = Path(__file__).resolve().parents[2] / "docs"


def blocks(name: str, language: str) -> list[str]:
    text = (DOCS / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_plan_in_the_documentation(tmp_path: Path) -> None:
    (text,) = blocks("plans.md", "toml")
    (tmp_path / "plan.toml").write_text(text)
    plan, _ = read_plan(tmp_path / "plan.toml")
    assert [s.confirmatory for s in plan.scenario] == [True, False]


@pytest.mark.parametrize(("number", "shape"), [(0, Shape.CLIPS), (1, Shape.TRIALS)])
def test_the_manifests_in_the_documentation(number: int, shape: Shape, tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text(blocks("manifests.md", "csv")[number])
    manifest = read_manifest(tmp_path / "m.csv")
    assert manifest.shape is shape
    assert {p.code for p in lint(manifest, files=False)} <= {Code.GROUP_TOO_SMALL}


def test_every_code_is_documented() -> None:
    text = (DOCS / "manifests.md").read_text(encoding="utf-8")
    assert [code for code in Code if f"| `{code.value}` |" not in text] == []
