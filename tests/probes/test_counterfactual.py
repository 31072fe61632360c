"""The counterfactual probe: flips by hand, placebo, direction, pairing, refusals."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from avaudit.adapters.resolve import resolve_model
from avaudit.errors import UsageError
from avaudit.manifest.read import read_manifest
from avaudit.plan import Scenario
from avaudit.probe import Context, ProbeResult
from avaudit.probes.counterfactual import CounterfactualProbe
from avaudit.statistics import Estimate

Row = dict[str, Any]
Ask = Callable[..., ProbeResult]
SWAP, EDIT = "voice_gender", "placebo"


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    def run(rows: list[Row], seed: int = 0, **scenario: Any) -> ProbeResult:
        table = tmp_path / "clips.csv"
        with table.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        context = Context(
            manifest=read_manifest(table),
            model=resolve_model(f"scores:{table}", cache=False),
            rng=np.random.default_rng(seed),
            scratch=tmp_path,
            n_draws=300,
        )
        asked = {"id": "s", "probe": "counterfactual", **scenario}
        return CounterfactualProbe().run(Scenario.model_validate(asked), context)

    return run


def clips(
    answers: list[tuple[Any, Any, Any]], column: str = "prediction", per_person: int = 1
) -> list[Row]:
    """Give three rows per answer to the original, its swap and its placebo (None: no such row)."""
    rows = []
    for i, given in enumerate(answers):
        for kind, answer in zip(("", SWAP, EDIT), given, strict=True):
            if answer is not None:
                rows.append({
                    "path": f"{i}{kind}.wav", "counterfactual_of": f"{i}.wav" if kind else "",
                    "swap_kind": kind, column: answer, "group.gender": "fm"[i % 2],
                    "identity": f"p{i // per_person}",
                })  # fmt: skip
    return rows


def value(result: ProbeResult, metric: str, group: str) -> Estimate:
    (row,) = [m for m in result.estimates if m.group == group and m.metric == f"{metric} | {SWAP}"]
    return row.estimate


TOY = [(0, 1, 0)] * 4 + [(1, 0, 0)] + [(1, 1, 0)] + [(0, 0, 0)] * 14


def test_rates_by_hand(ask: Ask) -> None:
    result = ask(clips(TOY))
    assert value(result, "flip rate", "swap").value == pytest.approx(5 / 20)
    assert value(result, "flip rate", "placebo").value == pytest.approx(2 / 20)
    assert value(result, "net flip rate", "swap − placebo").value == pytest.approx(3 / 20)
    assert value(result, "flip rate", "to 1").value == pytest.approx(4 / 20)
    assert value(result, "flip rate", "from 1").value == pytest.approx(1 / 20)
    facts = result.facts[SWAP]
    assert facts["mcnemar_p"] == pytest.approx(binomtest(1, 5).pvalue)
    assert (facts["flipped_to_positive"], facts["flipped_from_positive"]) == (4, 1)
    assert result.tests[0].effect == pytest.approx(3 / 20)
    assert result.tests[0].groups == ("placebo", SWAP)


def test_planted_swap_effect_beyond_the_placebo_is_found(ask: Ask) -> None:
    rng = np.random.default_rng(0)
    answers = [(0, int(rng.random() < 0.4), int(rng.random() < 0.05)) for _ in range(120)]
    result = ask(clips(answers))
    assert result.tests[0].p < 0.001
    assert value(result, "net flip rate", "swap − placebo").low > 0.15


def test_a_swap_that_flips_no_more_than_the_placebo_is_no_finding(ask: Ask) -> None:
    rng = np.random.default_rng(1)
    p = []
    for _ in range(12):
        flips = rng.random((60, 2)) < 0.3
        p.append(ask(clips([(0, int(a), int(b)) for a, b in flips])).tests[0].p)
    assert np.mean(np.array(p) <= 0.05) <= 1 / 6
    worse = ask(clips([(0, 0, 1)] * 30 + [(0, 0, 0)] * 30))
    assert worse.tests[0].p == 1.0
    assert worse.tests[0].effect < 0


def test_equivalence_within_the_margin(ask: Ask) -> None:
    result = ask(clips([(0, 0, 0), (1, 1, 1)] * 150), margin=0.1)
    assert result.tests[0].p_equivalence < 0.05


def test_direction_without_a_placebo(ask: Ask) -> None:
    result = ask(clips([(0, 1, None)] * 15 + [(0, 0, None)] * 25))
    (test,) = result.tests
    assert test.metric == f"direction | {SWAP}"
    assert test.p < 0.001
    assert any("no proof of bias" in c for c in result.cautions)
    refused = ask(clips([(0, 1, None)] * 15), metric="net_cfr").tests[0]
    assert np.isnan(refused.p)
    assert "placebo" in refused.reason


def test_identities_are_what_counts(ask: Ask) -> None:
    answers = [(0, 1, 0)] * 10 + [(0, 0, 0)] * 40
    alone = ask(clips(answers)).tests[0].p
    grouped = ask(clips(answers, per_person=10))
    assert grouped.tests[0].p > 10 * alone
    assert any("5 identities" in c for c in grouped.cautions)


def test_labels_without_direction(ask: Ask) -> None:
    rows = clips([("cat", "dog", "cat"), ("dog", "dog", "dog")] * 10)
    result = ask(rows)
    assert value(result, "flip rate", "swap").value == pytest.approx(0.5)
    assert result.facts[SWAP]["mcnemar_p"] is None
    with pytest.raises(UsageError, match="positive"):
        ask(rows, metric="direction")
    assert ask(rows, metric="direction", options={"positive": "dog"}).tests[0].effect > 0


def test_detector_scores(ask: Ask) -> None:
    rows = clips([(0.2, 0.8, 0.25), (0.1, 0.4, 0.1), (0.9, 0.7, 0.9)] * 10, "score")
    result = ask(rows, options={"threshold": 0.5}, metric="score_shift")
    moved = value(result, "score change", "mean absolute").value
    assert moved == pytest.approx((0.6 + 0.3 + 0.2) / 3)
    net = value(result, "score change", "mean absolute, net of placebo").value
    assert net == pytest.approx(moved - 0.05 / 3)
    assert result.tests[0].effect == pytest.approx(net)
    for options in ({}, {"threshold": "high"}, {"threshold": True}):
        with pytest.raises(UsageError, match="threshold"):
            ask(rows, options=options)


def test_flip_rates_by_group_and_unanswered_rows(ask: Ask) -> None:
    rows = clips(TOY)
    rows[0]["prediction"] = ""
    result = ask(rows, groups=["gender"])
    assert value(result, "flip rate", "f").n + value(result, "flip rate", "m").n == 19
    assert any("no usable answer for 1 of 60" in c for c in result.cautions)


def test_originals_by_clip_id(ask: Ask) -> None:
    rows = [{"clip_id": r["path"].removesuffix(".wav"), **r} for r in clips(TOY)]
    for row in rows:
        row["counterfactual_of"] = row["counterfactual_of"].removesuffix(".wav")
    assert value(ask(rows), "flip rate", "swap").value == pytest.approx(5 / 20)


def test_what_cannot_be_paired_is_refused(ask: Ask) -> None:
    rows = clips(TOY)
    with pytest.raises(UsageError, match="no column 'counterfactual_of'"):
        ask([{k: v for k, v in r.items() if k != "counterfactual_of"} for r in rows])
    with pytest.raises(UsageError, match=r"line 3: the original 'gone.wav'"):
        ask([{**r, "counterfactual_of": "gone.wav"} if i == 1 else r for i, r in enumerate(rows)])
    with pytest.raises(UsageError, match="has no swap_kind"):
        ask([{**r, "swap_kind": ""} for r in rows])
    with pytest.raises(UsageError, match="'face'"):
        ask(rows, options={"swaps": ["face"]})
    with pytest.raises(UsageError, match="no row is a swap"):
        ask([r for r in rows if r["swap_kind"] != SWAP])


def test_no_answers_at_all(ask: Ask) -> None:
    rows = [{**r, "score": 0.5} for r in clips(TOY, "other")]
    for row in rows[1:]:
        row["score"] = ""
    result = ask(rows, options={"threshold": 0.5})
    assert np.isnan(result.tests[0].p)
    assert "No pair" in result.summary


def test_same_seed_same_numbers(ask: Ask) -> None:
    assert ask(clips(TOY), seed=5) == ask(clips(TOY), seed=5)
