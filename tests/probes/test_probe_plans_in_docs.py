"""The plans in docs/probes.md for association, matching and retrieval run as they stand there."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest

from avaudit.adapters.resolve import resolve_model
from avaudit.manifest.read import read_manifest
from avaudit.plan import check_plan, read_plan
from avaudit.probe import Context, Probe
from avaudit.registry import PROBES, load
from avaudit.samples.stereotype import make_study

TEXT = (Path(__file__).resolve().parents[2] / "docs/probes.md").read_text(encoding="utf-8")
WRITTEN = ("association", "matching", "retrieval")


def section(name: str) -> str:
    (found,) = re.findall(rf"^## {name}:.*?(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return str(found)


def trials(folder: Path) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    rows = [
        {
            "left": f"v{left}.wav",
            "right": f"f{right}.png",
            "label": int(left == right),
            "score": round(float(left == right) + rng.normal(), 4),
            "left.identity": f"p{left}",
            "right.identity": f"p{right}",
            **{
                f"{side}.group.{name}": f"{name}{who // step % 2}"
                for side, who in (("left", left), ("right", right))
                for name, step in (("gender", 1), ("nation", 2))
            },
        }
        for left in range(40)
        for right in [left, *rng.integers(0, 40, 5).tolist()]
    ]
    unique = list({(r["left"], r["right"]): r for r in rows}.values())
    with (folder / "trials.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, unique[0].keys())
        writer.writeheader()
        writer.writerows(unique)
    return folder / "trials.csv", folder / "trials.csv"


def clips(folder: Path) -> tuple[Path, Path]:
    files = make_study(folder, np.random.default_rng(1))
    return files["data"], files["clean"]


@pytest.mark.parametrize("name", WRITTEN)
def test_the_plan_runs(name: str, tmp_path: Path) -> None:
    (text,) = re.findall(r"^```toml\n(.*?)^```", section(name), re.MULTILINE | re.DOTALL)
    (tmp_path / "the-plan.toml").write_text(text, encoding="utf-8")
    plan, _ = read_plan(tmp_path / "the-plan.toml")
    data, model = trials(tmp_path) if name == "matching" else clips(tmp_path)
    manifest = read_manifest(data)
    assert check_plan(plan, manifest) == []
    for scenario in plan.scenario:
        assert scenario.probe == name
        context = Context(
            manifest=manifest,
            model=resolve_model(f"scores:{model}", cache=False),
            rng=np.random.default_rng(0),
            scratch=tmp_path,
            n_draws=100,
        )
        result = load(PROBES, name)().run(scenario, context)
        (test,) = result.tests
        assert 0 < test.p <= 1
        assert 0 < test.p_equivalence <= 1


@pytest.mark.parametrize("name", WRITTEN)
def test_every_metric_and_option_is_documented(name: str) -> None:
    probe: type[Probe] = load(PROBES, name)
    text = section(name)
    assert [word for word in (*probe.metrics, *probe.options) if f"`{word}`" not in text] == []
