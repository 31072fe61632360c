"""The matching probe: planted attribute models, lists, claims, groups, and what it refuses."""

import csv
import json
import math
import subprocess
import sys
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from avaudit.adapters.resolve import resolve_model
from avaudit.errors import UsageError
from avaudit.manifest.read import read_manifest
from avaudit.plan import Scenario, check_plan, read_plan
from avaudit.plan.init import first_plan
from avaudit.probe import Context, ProbeResult
from avaudit.probes.matching import MatchingProbe
from avaudit.probes.matching.choice import choice_accuracy

Rows = list[dict[str, Any]]
Ask = Callable[..., ProbeResult]
ALL = "U: all negatives"
GENDER = "G: same gender"


def people(n: int = 48) -> Rows:
    return [
        {"id": f"p{i:02d}", "gender": ("f", "m")[i % 2], "nation": ("de", "fr")[i // 2 % 2]}
        for i in range(n)
    ]


def trials(*, person: float = 0.0, gender: float = 0.0, worse_for: str = "", seed: int = 0) -> Rows:
    """Give two true pairs and eight negatives per person; the score is made of what is planted."""
    rng = np.random.default_rng(seed)
    everybody = people()
    rows = []
    for one in everybody:
        others = rng.choice(len(everybody), 8, replace=False)
        for clip, other in enumerate([one, one, *(everybody[i] for i in others)]):
            same = one is other
            knows = 0.0 if one["gender"] == worse_for else person
            score = knows * same + gender * (one["gender"] == other["gender"])
            rows.append(
                {
                    "left": f"{one['id']}-voice.wav",
                    "right": f"{other['id']}-face-{clip}.png",
                    "label": int(same),
                    "score": round(score + rng.normal(0, 0.3), 4),
                    **{f"left.{k}": v for k, v in group_columns(one).items()},
                    **{f"right.{k}": v for k, v in group_columns(other).items()},
                }
            )
    return rows


def group_columns(one: dict[str, str]) -> dict[str, str]:
    return {
        "identity": one["id"], "group.gender": one["gender"], "group.nation": one["nation"],
    }  # fmt: skip


def write(path: Path, rows: Rows) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def run(
        rows: Rows, *, model: Path | None = None, n_draws: int = 150, **scenario: Any
    ) -> ProbeResult:
        table = write(tmp_path / "trials.csv", rows)
        context = Context(
            manifest=read_manifest(table),
            model=resolve_model(f"scores:{model or table}", cache=False),
            rng=np.random.default_rng(0),
            scratch=tmp_path,
            n_draws=n_draws,
        )
        asked = {"id": "s", "probe": "matching", **scenario}
        return MatchingProbe().run(Scenario.model_validate(asked), context)

    return run


def estimate(result: ProbeResult, metric: str, group: str) -> Any:
    (row,) = [m for m in result.estimates if (m.metric, m.group) == (metric, group)]
    return row.estimate


def test_a_model_that_hears_gender_only_loses_everything(ask: Ask) -> None:
    result = ask(trials(gender=1.0), margin=0.05)
    assert estimate(result, "auc by list", ALL).low > 0.6
    residual = estimate(result, "residual auc", "same gender, nation")
    assert residual.low < 0.5 < residual.high
    assert estimate(result, "explained share", "attributes alone").value > 0.9
    (test,) = result.tests
    assert test.metric == "drop"
    assert test.p < 0.001
    assert test.effect == pytest.approx(estimate(result, "auc by list", ALL).value - residual.value)
    assert "Attributes alone reach" in result.summary


def test_a_model_that_knows_people_keeps_its_auc(ask: Ask) -> None:
    result = ask(trials(person=0.8), margin=0.1)
    residual = estimate(result, "residual auc", "same gender, nation")
    assert residual.low > 0.85
    assert result.tests[0].p > 0.05
    assert result.tests[0].p_equivalence < 0.05


def test_lists_agree_with_scikit_learn(ask: Ask) -> None:
    rows = trials(person=0.3, gender=0.5)
    result = ask(rows, options={"strata": {"G": ["gender"]}, "choice": [2]})
    kept = [r for r in rows if r["left.group.gender"] == r["right.group.gender"]]
    for label, own in ((ALL, rows), (GENDER, kept)):
        oracle = roc_auc_score([r["label"] for r in own], [r["score"] for r in own])
        assert estimate(result, "auc by list", label).value == pytest.approx(oracle)
    equal = [r["left.group.gender"] == r["right.group.gender"] for r in rows]
    attributes = estimate(result, "auc by list", "attributes alone").value
    assert attributes == pytest.approx(roc_auc_score([r["label"] for r in rows], equal))
    assert result.facts["lists"][GENDER]["n_negatives"] == sum(r["label"] == 0 for r in kept)


def test_default_lists_are_named_by_their_letters(ask: Ask) -> None:
    result = ask(trials(person=0.3))
    names = [m.group for m in result.estimates if m.metric == "auc by list"]
    assert names == [
        ALL, GENDER, "N: same nation", "GN: same gender, nation", "attributes alone",
    ]  # fmt: skip


@pytest.mark.parametrize("metric", ["auc", "eer", "choice"])
def test_a_group_the_model_does_not_know_is_found(ask: Ask, metric: str) -> None:
    rows = trials(person=0.8, worse_for="f")
    result = ask(rows, groups=["gender"], metric=metric, margin=0.05, options={"choice": 2})
    (test,) = result.tests
    assert test.p <= 0.01
    assert not test.p_equivalence < 0.05
    gap = estimate(result, metric, "max − min")
    assert gap.low > 0.1
    female, male = (estimate(result, metric, g).value for g in "fm")
    assert gap.value == pytest.approx(abs(female - male))
    assert (female > male) == (metric == "eer")


def test_auc_by_group_is_that_of_the_groups_probes(ask: Ask) -> None:
    rows = trials(person=0.4)
    result = ask(rows, groups=["gender"], margin=0.2)
    for group in "fm":
        own = [r for r in rows if r["left.group.gender"] == group]
        oracle = roc_auc_score([r["label"] for r in own], [r["score"] for r in own])
        assert estimate(result, "auc", group).value == pytest.approx(oracle)
    assert result.tests[0].p > 0.05
    assert math.isfinite(result.tests[0].minimum_detectable)


def test_groups_that_do_not_differ_are_seldom_told_apart(ask: Ask) -> None:
    """Twelve tables without a difference: the p values are spread over (0, 1)."""
    p = []
    for seed in range(12):
        rows = [r for r in trials(person=0.3, seed=seed) if r["left.identity"] < "p40"]
        p.append(ask(rows, groups=["nation"], n_draws=100).tests[0].p)
    assert sum(one <= 0.05 for one in p) <= 2
    assert max(p) > 0.5
    assert min(p) < 0.5


def test_control_compares_the_groups_on_the_controlled_list(ask: Ask) -> None:
    rows = trials(person=0.4, gender=0.5)
    result = ask(rows, groups=["gender"], control=["gender"])
    own = [r for r in rows if r["left.group.gender"] == r["right.group.gender"] == "f"]
    oracle = roc_auc_score([r["label"] for r in own], [r["score"] for r in own])
    assert estimate(result, "auc", "f").value == pytest.approx(oracle)


def test_small_groups_are_shown_and_not_tested(ask: Ask) -> None:
    rows = trials(person=0.4)
    for row in rows:
        if row["left.identity"] in ("p00", "p01"):
            row["left.group.nation"] = "it"
    result = ask(rows, groups=["nation"])
    assert result.tests[0].groups == ("de", "fr")
    assert any(c.startswith("it: 2 people are fewer than 10") for c in result.cautions)
    assert estimate(result, "auc", "it").n == 20


def test_one_group_is_not_compared(ask: Ask) -> None:
    rows = [r for r in trials(person=0.4) if r["left.group.gender"] == "f"]
    test = ask(rows, groups=["gender"]).tests[0]
    assert math.isnan(test.p)
    assert "fewer than two groups" in test.reason


def test_a_leak_ends_the_claim(ask: Ask) -> None:
    rows = [{**r, "control": "gender, accent"} for r in trials(person=0.4)]
    result = ask(rows)
    broken = sum(
        r["label"] == 0 and r["left.group.gender"] != r["right.group.gender"] for r in rows
    )
    (claim,) = result.facts["claims"]
    assert claim["violations"] == broken > 0
    assert any("the claim does not hold" in c for c in result.cautions)
    assert any("accent, which is not known for both sides" in c for c in result.cautions)


def test_a_claim_that_holds_says_nothing(ask: Ask) -> None:
    rows = [
        {**r, "control": "gender"}
        for r in trials(person=0.4)
        if r["left.group.gender"] == r["right.group.gender"]
    ]
    result = ask(rows)
    assert result.facts["claims"][0]["share"] == 0.0
    assert not any("claim" in c for c in result.cautions)


def test_vectors_score_as_their_cosine(ask: Ask, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    rows = trials()
    sides = {row[side]: rng.normal(size=4) for row in rows for side in ("left", "right")}
    vectors = write(
        tmp_path / "vectors.csv",
        [
            {"path": path, **{f"embedding.{i}": repr(float(x)) for i, x in enumerate(vector)}}
            for path, vector in sides.items()
        ],
    )
    for row in rows:
        a, b = sides[row["left"]], sides[row["right"]]
        row["score"] = float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    by_vectors = ask(rows, model=vectors)
    assert estimate(by_vectors, "auc by list", ALL).value == pytest.approx(
        estimate(ask(rows), "auc by list", ALL).value
    )
    mixed = [{**r, "left": r["left"].replace("wav", "mp4")} for r in rows]
    with pytest.raises(UsageError, match=r"is the left side a face or a voice.*options\.left"):
        ask(mixed, model=vectors)


def brute_force(positive: float, negatives: list[float], n: int) -> float:
    won = []
    for chosen in combinations(negatives, n - 1):
        ties = sum(x == positive for x in chosen)
        won.append(0.0 if max(chosen) > positive else 1 / (1 + ties))
    return float(np.mean(won))


@pytest.mark.parametrize("n", [2, 3, 5])
def test_forced_choice_is_the_mean_over_all_draws(n: int) -> None:
    rng = np.random.default_rng(n)
    for _ in range(20):
        negatives = np.sort(rng.integers(0, 5, 8).astype(float))
        positive = float(rng.integers(0, 5))
        oracle = brute_force(positive, negatives.tolist(), n)
        assert choice_accuracy(positive, negatives, n) == pytest.approx(oracle)
    assert math.isnan(choice_accuracy(1.0, np.zeros(n - 2), n))
    assert choice_accuracy(1.0, np.zeros(5000), 1000) == pytest.approx(1.0)


def test_answers_that_are_missing_are_counted(ask: Ask) -> None:
    rows = trials(person=0.4)
    for row in rows[:30]:
        row["score"] = ""
    result = ask(rows, groups=["gender"])
    assert any("no usable answer for 30 of 480 items" in c for c in result.cautions)
    with pytest.raises(UsageError, match="has no true pairs"):
        ask([{**r, "score": "" if r["label"] else r["score"]} for r in rows])


def test_without_identities_the_caution_says_so(ask: Ask) -> None:
    rows = [{k: v for k, v in r.items() if k != "left.identity"} for r in trials(person=0.4)]
    result = ask(rows, groups=["gender"])
    assert any("trials count as independent" in c for c in result.cautions)
    assert estimate(result, "auc", "f").n_clusters is None


def test_without_shared_groups_there_is_nothing_to_explain(ask: Ask) -> None:
    rows = [
        {k: v for k, v in r.items() if not k.startswith("right.group")} for r in trials(person=0.4)
    ]
    assert any("is attributes" in c for c in ask(rows, groups=["gender"]).cautions)
    with pytest.raises(UsageError, match=r"left\.group\.gender and right\.group\.gender"):
        ask(rows)
    with pytest.raises(UsageError, match=r"options\.strata.*right\.group\.gender are needed"):
        ask(rows, groups=["gender"], options={"strata": {"G": ["gender"]}})


def test_the_groups_may_stand_on_the_right(ask: Ask) -> None:
    rows = [
        {k: v for k, v in r.items() if not k.startswith("left.group")} for r in trials(person=0.4)
    ]
    result = ask(rows, groups=["gender"])
    assert result.facts["probe_side"] == "right"
    with pytest.raises(UsageError, match="gender"):
        ask(rows, groups=["gender"], options={"probe_side": "left"})


@pytest.mark.parametrize(
    ("scenario", "text"),
    [
        ({"metric": "ndkl"}, "metric"),
        ({"metric": "auc"}, r'groups = \["gender"\]'),
        ({"options": {"strata": ["gender"]}}, "is a table of lists of groups"),
        ({"options": {"choice": 1}}, "whole number of at least 2"),
        ({"options": {"probe_side": "top"}}, "left or right"),
    ],
)
def test_what_is_wrong_is_named(ask: Ask, scenario: dict[str, Any], text: str) -> None:
    with pytest.raises(UsageError, match=text):
        ask(trials(person=0.4), **scenario)


def test_the_same_seed_gives_the_same_answer(ask: Ask) -> None:
    rows = trials(person=0.4)
    assert ask(rows, groups=["gender"]) == ask(rows, groups=["gender"])


def test_a_plan_that_is_suggested_runs(ask: Ask, tmp_path: Path) -> None:
    rows = trials(person=0.4)
    manifest = read_manifest(write(tmp_path / "trials.csv", rows))
    model = resolve_model(f"scores:{tmp_path / 'trials.csv'}", cache=False)
    (tmp_path / "plan.toml").write_text(first_plan(manifest, model), encoding="utf-8")
    plan, _ = read_plan(tmp_path / "plan.toml")
    assert check_plan(plan, manifest) == []
    own = [s for s in plan.scenario if s.probe == "matching"]
    assert [s.groups for s in own] == [("gender",), ("nation",)]
    for scenario in own:
        result = ask(rows, **scenario.model_dump())
        assert 0 < result.tests[0].p <= 1


def test_the_command_judges_and_says_it(tmp_path: Path) -> None:
    table = write(tmp_path / "trials.csv", trials(gender=1.0))
    (tmp_path / "plan.toml").write_text(
        'schema = "avaudit.plan/1"\nn_draws = 100\n[[scenario]]\nid = "beyond"\n'
        'probe = "matching"\nmargin = 0.05\n',
        encoding="utf-8",
    )
    asked = ["audit", f"scores:{table}", "--data", str(table), "--plan", "plan.toml", "--gate"]
    done = subprocess.run(
        [sys.executable, "-m", "avaudit.cli", *asked, "-o", "out"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    report = json.loads((tmp_path / "out/report.json").read_text(encoding="utf-8"))
    (test,) = report["tests"]
    assert (test["metric"], test["verdict"]) == ("drop", "fail")
    assert "of the same gender, nation" in done.stdout
