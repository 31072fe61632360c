"""The plans in docs/probes.md for differentials, counterfactual, generation and self run."""

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avaudit.adapters.resolve import resolve_model
from avaudit.manifest.read import read_manifest
from avaudit.plan import check_plan, read_plan
from avaudit.probe import Context, Probe
from avaudit.probes.generation import voices
from avaudit.probes.generation.acoustics import MEASURES
from avaudit.registry import PROBES, load

TEXT = (Path(__file__).resolve().parents[2] / "docs/probes.md").read_text(encoding="utf-8")
WRITTEN = ("differentials", "counterfactual", "generation", "self")
Row = dict[str, Any]


def section(name: str) -> str:
    (found,) = re.findall(rf"^## {name}:.*?(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return str(found)


def rows_for(name: str) -> list[Row]:
    rng = np.random.default_rng(0)
    if name == "differentials":
        return [
            {
                "left": f"{i}.wav", "right": f"{j}r.wav", "label": int(i == j),
                "score": round(3 * float(i == j) + rng.normal(), 4),
                "left.identity": f"p{i}", "right.identity": f"p{j}",
                "left.group.gender": "fm"[i % 2], "right.group.gender": "fm"[j % 2],
            }
            for i in range(24) for j in range(i, 24)
        ]  # fmt: skip
    if name == "counterfactual":
        return [
            {
                "path": f"{i}{kind}.wav", "counterfactual_of": f"{i}.wav" if kind else "",
                "swap_kind": kind, "score": round(float(rng.random()), 4),
                "group.gender": "fm"[i % 2], "identity": f"p{i}",
            }
            for i in range(40) for kind in ("", "voice_gender", "placebo")
        ]  # fmt: skip
    return [
        {
            "path": f"{i}.wav", "generated_path": f"{i}g.wav", "label": i // 2 % 2,
            "score": round(float(rng.normal()), 4), "identity": f"p{i}",
            "group.gender": "fm"[i % 2], "group.accent": "ab"[i % 2],
            "real.f0_hz": round(180 + 20 * (i % 2) + 15 * float(rng.normal()), 2),
        }
        for i in range(80)
    ]  # fmt: skip


@pytest.mark.parametrize("name", WRITTEN)
def test_the_plan_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", section(name), re.MULTILINE | re.DOTALL)
    (tmp_path / "the-plan.toml").write_text(text, encoding="utf-8")
    plan, _ = read_plan(tmp_path / "the-plan.toml")
    rows = rows_for(name)
    with (tmp_path / "data.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    manifest = read_manifest(tmp_path / "data.csv")
    assert check_plan(plan, manifest) == []
    measured = np.random.default_rng(1).normal(190, 20, len(rows))
    # what voices sound like is tested in test_generation.py
    monkeypatch.setattr(voices, "hear_all", lambda *_: dict.fromkeys(MEASURES, measured))
    (scenario,) = plan.scenario
    assert scenario.probe == name
    context = Context(
        manifest=manifest,
        model=resolve_model(f"scores:{tmp_path / 'data.csv'}", cache=False),
        rng=np.random.default_rng(0),
        scratch=tmp_path,
        n_draws=100,
    )
    result = load(PROBES, name)().run(scenario, context)
    assert result.tests
    for test in result.tests:
        assert 0 < test.p <= 1
        assert 0 < test.p_equivalence <= 1


@pytest.mark.parametrize("name", WRITTEN)
def test_every_metric_and_option_is_documented(name: str) -> None:
    probe: type[Probe] = load(PROBES, name)
    text = section(name)
    assert [word for word in (*probe.metrics, *probe.options) if f"`{word}`" not in text] == []
