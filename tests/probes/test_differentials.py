"""The differentials probe: rates by hand, planted differences, impostor choice, zero counts."""

import csv
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from avaudit.adapters.resolve import resolve_model
from avaudit.errors import UsageError
from avaudit.manifest.read import read_manifest
from avaudit.plan import Scenario
from avaudit.probe import Context, ProbeResult
from avaudit.probes.differentials import DifferentialsProbe
from avaudit.statistics import Estimate, fdr, garbe, gini, group_pair_rates, group_rates

Row = dict[str, Any]
Ask = Callable[..., ProbeResult]


def write(path: Path, rows: list[Row]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def run(rows: list[Row], seed: int = 0, **scenario: Any) -> ProbeResult:
        table = write(tmp_path / "trials.csv", rows)
        context = Context(
            manifest=read_manifest(table),
            model=resolve_model(f"scores:{table}", cache=False),
            rng=np.random.default_rng(seed),
            scratch=tmp_path,
            n_draws=200,
        )
        asked = {"id": "s", "probe": "differentials", "groups": ["gender"], **scenario}
        return DifferentialsProbe().run(Scenario.model_validate(asked), context)

    return run


def trials(n_people: int = 24, *, lift: float = 0.0, drop: float = 0.0, seed: int = 0) -> list[Row]:
    """All pairs of people and three genuine pairs each; the second group's scores may be moved."""
    rng = np.random.default_rng(seed)
    gender = ["f" if i < n_people // 2 else "m" for i in range(n_people)]
    rows = []

    def add(i: int, j: int, label: int, score: float) -> None:
        rows.append({
            "left": f"{i}-{len(rows)}.wav", "right": f"{j}-{len(rows)}r.wav", "label": label,
            "score": round(score, 4), "left.identity": f"p{i}", "right.identity": f"p{j}",
            "left.group.gender": gender[i], "right.group.gender": gender[j],
        })  # fmt: skip

    for i in range(n_people):
        for j in range(i + 1, n_people):
            both = gender[i] == gender[j] == "m"
            add(i, j, 0, rng.normal() + lift * both)
        for _ in range(3):
            add(i, i, 1, rng.normal() + 3 - drop * (gender[i] == "m"))
    return rows


def value(result: ProbeResult, metric: str, group: str) -> Estimate:
    (row,) = [m for m in result.estimates if m.group == group and m.metric == metric]
    return row.estimate


def test_rates_are_those_counted_by_hand(ask: Ask) -> None:
    rows = trials()
    result = ask(rows, options={"threshold": 1.0})
    for group in "fm":
        impostors = [
            r["score"] >= 1 for r in rows
            if not r["label"] and r["left.group.gender"] == r["right.group.gender"] == group
        ]  # fmt: skip
        genuine = [r["score"] < 1 for r in rows if r["label"] and r["left.group.gender"] == group]
        assert value(result, "fmr", group).value == pytest.approx(np.mean(impostors))
        assert value(result, "fmr", group).n == len(impostors)
        assert value(result, "fmr", group).n_clusters == 12
        assert value(result, "fnmr", group).value == pytest.approx(np.mean(genuine))
    fmr = [value(result, "fmr", g).value for g in "fm"]
    fnmr = [value(result, "fnmr", g).value for g in "fm"]
    assert value(result, "fdr", "all groups").value == pytest.approx(fdr(fmr, fnmr))
    assert value(result, "garbe", "all groups").value == pytest.approx(garbe(fmr, fnmr))
    assert value(result, "gini_fmr", "all groups").value == pytest.approx(gini(fmr))
    assert value(result, "gini_fnmr", "all groups").value == pytest.approx(gini(fnmr))
    assert [t.metric for t in result.tests] == ["fmr", "fnmr"]
    assert any("144 impostor comparisons across groups" in c for c in result.cautions)


def test_planted_differences_are_found_each_in_its_own_test(ask: Ask) -> None:
    matches, misses = ask(trials(40, lift=1.5), options={"threshold": 2.0}).tests
    assert matches.p < 0.001
    assert misses.p > 0.05
    matches, misses = ask(trials(40, drop=1.5), options={"threshold": 2.0}).tests
    assert matches.p > 0.05
    assert misses.p < 0.001


def test_one_threshold_for_everybody_at_the_target(ask: Ask) -> None:
    rows = trials()
    result = ask(rows, options={"fmr_target": 0.1})
    impostors = np.array([r["score"] for r in rows if not r["label"]])
    assert result.facts["overall_fmr"] == pytest.approx(
        (impostors >= result.facts["threshold"]).mean()
    )
    assert 0.08 < result.facts["overall_fmr"] <= 0.1


def test_all_impostors_belong_to_the_group_of_the_reference(ask: Ask) -> None:
    rows = trials()
    result = ask(rows, metric="fmr", options={"threshold": 1.0, "impostors": "all"})
    mine = [r["score"] >= 1 for r in rows if not r["label"] and r["left.group.gender"] == "f"]
    assert value(result, "fmr", "f").n == len(mine)
    assert value(result, "fmr", "f").value == pytest.approx(np.mean(mine))


def test_no_errors_are_a_bound_and_never_fair(ask: Ask) -> None:
    result = ask(trials(), options={"threshold": -20.0})
    bound = value(result, "fnmr", "f")
    assert bound.value == 0
    assert bound.high > 0.02
    ratio = value(result, "inequity_rate", "all groups")
    assert np.isnan(ratio.high)
    assert "no finite upper bound" in ratio.reason
    assert any("No false non-match was seen for f (0 of 36)" in c for c in result.cautions)


def test_curve_over_thresholds(ask: Ask) -> None:
    curve = ask(trials(40)).facts["fdr_curve"]
    assert 0 < curve["au_fdr"] <= 1
    assert all(p["target_fmr"] * 780 >= 1 for p in curve["points"])


def test_same_seed_same_numbers(ask: Ask) -> None:
    assert ask(trials(), seed=3) == ask(trials(), seed=3)


@pytest.mark.parametrize(
    ("scenario", "says"),
    [
        ({"groups": []}, "groups names no group column"),
        ({"groups": ["age"]}, "age"),
        ({"options": {"impostors": "some"}}, "within-group"),
        ({"options": {"fmr_target": 2}}, "lies in"),
        ({"options": {"threshold": "high"}}, "is a number"),
        ({"options": {"alpha": 1.5}}, "alpha"),
        ({"metric": "eer"}, "fnmr"),
    ],
)
def test_wrong_scenarios_are_refused(ask: Ask, scenario: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        ask(trials(8), **scenario)


def test_one_group_only_is_not_tested(ask: Ask) -> None:
    rows = [r for r in trials() if r["left.group.gender"] == r["right.group.gender"] == "f"]
    result = ask(rows, options={"threshold": 1.0})
    assert all(np.isnan(t.p) and t.reason for t in result.tests)
    assert not value(result, "fdr", "all groups").defined


def test_without_identities_it_says_so(ask: Ask) -> None:
    rows = [{k: v for k, v in r.items() if "identity" not in k} for r in trials()]
    result = ask(rows, options={"threshold": 1.0})
    assert any("left.identity" in c for c in result.cautions)
    assert value(result, "fmr", "f").n_clusters is None


def test_pairs_of_strangers_once_each_are_independent_items() -> None:
    rng = np.random.default_rng(1)
    outcomes = rng.random(400) < 0.3
    groups = np.repeat(["a", "b"], 200)
    left, right = np.arange(400), np.arange(400, 800)
    paired = group_pair_rates(outcomes, groups, left, right, rng=np.random.default_rng(0))
    plain = group_rates(outcomes, groups, rng=np.random.default_rng(0))
    for group in "ab":
        assert paired.by_group[group].low == pytest.approx(plain.by_group[group].low, abs=0.01)
        assert paired.by_group[group].high == pytest.approx(plain.by_group[group].high, abs=0.01)
    assert paired.test.p == pytest.approx(plain.test.p, abs=0.1)


@pytest.mark.parametrize(("spread", "threshold"), [(0.5, 1.5), (0.0, 2.0)])
def test_rates_of_pairs_keep_their_level(spread: float, threshold: float) -> None:
    """Of intervals over people compared with one another, about 95 % hold the truth."""
    rng = np.random.default_rng(7)
    truth = 1 - NormalDist(0, (1 + 2 * spread**2) ** 0.5).cdf(threshold)
    one, other = np.triu_indices(20, 1)
    held, found = [], []
    for _ in range(60):
        outcomes = []
        for _group in range(2):
            own = rng.normal(0, spread, 20)
            outcomes.append(own[one] + own[other] + rng.normal(size=one.size) > threshold)
        groups = np.repeat(["a", "b"], one.size)
        left, right = (np.char.add(groups, np.tile(side, 2).astype(str)) for side in (one, other))
        result = group_pair_rates(
            np.concatenate(outcomes), groups, left, right, rng=rng, n_permutations=999
        )
        held += [e.low <= truth <= e.high for e in result.by_group.values()]
        found.append(result.test.p <= 0.05)
    assert np.mean(held) > 0.88
    assert np.mean(found) <= 0.12


def test_the_plan_that_init_writes_runs(tmp_path: Path) -> None:
    table = write(tmp_path / "trials.csv", trials())
    plan = tmp_path / "plan.toml"
    for arguments in (
        ["plan", "init", str(table), "--out", str(plan)],
        ["audit", f"scores:{table}", "--data", str(table), "--plan", str(plan),
         "-o", str(tmp_path / "out")],
    ):  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "avaudit.cli", *arguments],
            capture_output=True, text=True, check=False,
            env={"PATH": "/usr/bin:/bin", "AVAUDIT_HOME": str(tmp_path / "home")},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert 'probe = "differentials"' in plan.read_text()
    assert '"failed"' not in (tmp_path / "out" / "report.json").read_text()
