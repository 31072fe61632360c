"""The association probe: planted stereotypes, references, balance, what it refuses."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avaudit.adapters.resolve import resolve_model
from avaudit.errors import UsageError
from avaudit.manifest.read import read_manifest
from avaudit.plan import Scenario, read_plan
from avaudit.probe import Context, ProbeResult
from avaudit.probes._normal import normal_p
from avaudit.probes.association import AssociationProbe
from avaudit.samples.stereotype import make_study
from avaudit.statistics import Estimate

Run = Callable[..., ProbeResult]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_study(tmp_path_factory.mktemp("study"), np.random.default_rng(1))


@pytest.fixture
def run(study: dict[str, Path], tmp_path: Path) -> Run:
    plan, _ = read_plan(study["plan"])

    def ask(model: str, seed: int = 0, **changes: Any) -> ProbeResult:
        asked = plan.scenario[0].model_dump()
        options = {**asked["options"], **changes.pop("options", {})}
        context = Context(
            manifest=read_manifest(study["data"]),
            model=resolve_model(f"scores:{study[model]}", cache=False),
            rng=np.random.default_rng(seed),
            scratch=tmp_path,
            n_draws=200,
        )
        scenario = Scenario.model_validate({**asked, **changes, "options": options})
        return AssociationProbe().run(scenario, context)

    return ask


def value(result: ProbeResult, group: str) -> Estimate:
    (row,) = [m for m in result.estimates if m.group == group]
    return row.estimate


def test_the_planted_model_goes_beyond_reality(run: Run) -> None:
    result = run("planted")
    excess = value(result, "model − real pairs")
    assert excess.low > 0.6
    assert result.tests[0].metric == "excess"
    assert result.tests[0].p < 1e-4
    assert "that is the model's own" in result.summary
    reference = value(result, "real pairs")
    assert reference.low < 0 < reference.high


def test_the_clean_model_is_shown_to_stay_within_the_margin(run: Run) -> None:
    result = run("clean")
    excess = value(result, "model − real pairs")
    assert excess.low < 0 < excess.high
    assert result.tests[0].p > 0.05
    assert result.tests[0].p_equivalence < 0.05
    assert "no clear link" in result.summary


def test_excess_is_the_difference_of_model_and_real_pairs(run: Run) -> None:
    result = run("planted", control=[])
    model = value(result, "centred").value
    assert value(result, "model − real pairs").value == pytest.approx(
        model - value(result, "real pairs").value
    )
    assert any("not balanced" in c for c in result.cautions)


def test_effect_by_permuting_identities(run: Run) -> None:
    result = run("planted", metric="effect", margin=None)
    test = result.tests[0]
    assert test.p == pytest.approx(test.p_min)
    assert "240 identity labels" in test.method
    assert run("clean", metric="effect", margin=None).tests[0].p > 0.05


def test_unbalanced_voices_carry_gender_into_men_against_women(run: Run) -> None:
    """Faces of men lie near men's voices; rough voices are mostly men's, so balance matters."""
    options = {
        "targets": {"kind": "face", "column": "group.gender", "x": "male", "y": "female"},
        "reference": "",
    }
    result = run("clean", metric="effect", margin=None, options=options)
    assert value(result, "centred").low > 0
    balanced = value(result, "centred, balanced")
    assert balanced.low < 0 < balanced.high


def test_transposed_within_voices(run: Run) -> None:
    options = {
        "targets": {
            "kind": "voice", "column": "group.voice", "x": "rough", "y": "clear",
            "where": {"split": "speakers"},
        },
        "attributes": {"kind": "face", "column": "group.region", "a": "south", "b": "north"},
        "reference": "",
    }  # fmt: skip
    assert run("planted", metric="effect", options=options).tests[0].p < 0.01


def test_the_same_seed_gives_the_same_answer(run: Run) -> None:
    assert run("planted", seed=3) == run("planted", seed=3)


def test_what_is_missing_is_named(run: Run) -> None:
    with pytest.raises(UsageError, match=r"options\.targets is a table with kind"):
        run("clean", options={"targets": "faces"})
    with pytest.raises(UsageError, match="kind is face or voice"):
        run("clean", options={"targets": {"kind": "hand", "column": "c", "x": "1", "y": "2"}})
    with pytest.raises(UsageError, match="metric 'excess' needs"):
        run("clean", metric="excess", options={"reference": ""})
    with pytest.raises(UsageError, match="at least 2"):
        run(
            "clean",
            options={
                "targets": {"kind": "face", "column": "group.region", "x": "south", "y": "west"}
            },
        )


def test_normal_p_from_an_interval() -> None:
    estimate = Estimate(value=1.959964, low=0.0, high=3.919928, n=9, method="x")
    assert normal_p(estimate) == pytest.approx(0.05, abs=1e-6)
    assert normal_p(estimate, margin=1.959964 + 1.644854) == pytest.approx(0.05, abs=1e-6)
