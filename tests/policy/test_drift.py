"""Is a detector worse than it was? In pairs for the same items, else as two samples."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from avaudit.policy.drift import Pairs, _difference, _share
from avaudit.result import Report, RuleResult
from avaudit.statistics import auc, eer, wilson

from .conftest import Json, report_of

Ask = Callable[..., RuleResult]
EER = 'kind = "drift"\nmetric = "eer"\nmargin = 0.03'
N = 400


def detector_scores(quality: float, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Give scores of N items, the first half of H1; most of their noise is the items' own."""
    own = np.random.default_rng(1).normal(size=N)
    return quality * (np.arange(N) < N // 2) + own + noise * rng.normal(size=N)


def bench_of(name: str, scores: np.ndarray, *, items: bool = True, **more: Any) -> Report:
    is_h1 = np.arange(N) < N // 2
    value = eer(scores[is_h1], scores[~is_h1])
    found = wilson(value * N, N)
    estimate = {
        "probe": "bench", "scenario": "clean", "metric": "eer", "group": "all", "level": 0.95,
        "value": value, "low": found.low, "high": found.high, "n": N, "method": "about right",
    }  # fmt: skip
    kept: Json = {
        "name": [f"{n}.wav" for n in range(N)],
        "h1": is_h1.tolist(),
        "answers": [{"scenario": "clean", "score": scores.tolist(), "log10_lr": [None] * N}],
    }
    parts: Json = {
        "estimates": [estimate],
        "parameters": {"benched": {"detector": "speech.x"}},
        "items": kept if items else None,
    }
    return report_of("bench", name, **{**parts, **more})


@pytest.fixture
def before() -> np.ndarray:
    return detector_scores(2.0, 0.2, np.random.default_rng(2))


@pytest.mark.parametrize(
    ("quality", "verdict"), [(2.0, "pass"), (1.0, "fail"), (1.78, "insufficient")]
)
def test_in_pairs(ask: Ask, before: np.ndarray, quality: float, verdict: str) -> None:
    now = detector_scores(quality, 0.2, np.random.default_rng(3))
    told = ask(EER, bench_of("now", now), baseline=[bench_of("old", before)])
    assert told.verdict == verdict, told.why
    assert "the same 400 items in pairs" in told.why
    assert (told.n_needed is not None) == (verdict == "insufficient")


def test_pairs_see_what_two_samples_cannot(ask: Ask, before: np.ndarray) -> None:
    now = detector_scores(2.0, 0.2, np.random.default_rng(3))
    alone = bench_of("now", now, items=False)
    told = ask(EER, alone, baseline=[bench_of("old", before)])
    assert told.verdict == "insufficient"
    assert "the reports do not hold the same items" in told.why
    assert ask(EER, bench_of("now", now), baseline=[bench_of("old", before)]).verdict == "pass"


def test_other_items_are_not_paired_and_another_order_is(ask: Ask, before: np.ndarray) -> None:
    now, old = bench_of("now", before + 0.0), bench_of("old", before)
    assert now.items is not None
    turned = now.items.model_copy(
        update={
            "name": now.items.name[::-1],
            "h1": now.items.h1[::-1],
            "answers": [
                now.items.answers[0].model_copy(
                    update={"score": [v + n / 1e9 for n, v in enumerate(before[::-1])]}
                )
            ],
        }
    )
    told = ask(EER, now.model_copy(update={"items": turned}), baseline=[old])
    assert "in pairs" in told.why
    assert "eer is 0 beyond" in told.why
    renamed = now.items.model_copy(update={"name": [f"x{name}" for name in now.items.name]})
    told = ask(EER, now.model_copy(update={"items": renamed}), baseline=[old])
    assert "independent samples" in told.why


def test_the_same_scores_need_no_test(ask: Ask, before: np.ndarray) -> None:
    told = ask(EER, bench_of("now", before), baseline=[bench_of("old", before)])
    assert told.verdict == "pass"
    assert (
        told.why == "speech.x, clean: eer is unchanged: all 400 items have the baseline's values."
    )


def test_without_anything_to_compare_with(ask: Ask, before: np.ndarray) -> None:
    told = ask(EER, bench_of("now", before))
    assert told.verdict == "insufficient"
    assert "give one with --baseline" in told.why
    told = ask(EER.replace("eer", "cllr"), bench_of("now", before),
               baseline=[bench_of("old", before)])  # fmt: skip
    assert told.verdict == "insufficient"
    assert "The bench has no cllr" in told.why


def test_higher_is_better_for_the_auc(ask: Ask) -> None:
    def report(name: str, value: float) -> Report:
        found = {
            "probe": "bench", "scenario": "clean", "metric": "auc", "group": "all", "n": 1000,
            "level": 0.95, "value": value, "low": value - 0.01, "high": value + 0.01,
            "method": "DeLong",
        }  # fmt: skip
        return report_of("bench", name, estimates=[found])

    rule = 'kind = "drift"\nmetric = "auc"\nmargin = 0.02'
    for now, verdict in ((0.97, "pass"), (0.8, "fail"), (0.885, "insufficient")):
        told = ask(rule, report("now", now), baseline=[report("old", 0.9)])
        assert told.verdict == verdict, told.why


def test_the_bootstrap_of_a_share_agrees_with_the_formula() -> None:
    """Paired shares: the variance of the mean of the items' differences (McNemar's)."""
    rng = np.random.default_rng(4)
    now = (rng.random(500) < 0.3).astype(float)
    before = np.where(rng.random(500) < 0.8, now, 1 - now)
    pairs = Pairs(np.zeros(501, bool) | (np.arange(501) == 500), np.append(now, 0.0),
                  np.append(before, 0.0), None)  # fmt: skip

    def share(_h1: np.ndarray, h2: np.ndarray) -> float:
        return _share(h2 > 0.5)

    # one H1 item is in no draw now and then: those draws count for nothing
    got = _difference(share, pairs, np.random.default_rng(5))
    assert got[0] - got[1] == pytest.approx((now - before).mean())
    expected = np.std(now - before, ddof=1) / np.sqrt(500)
    assert got[2] == pytest.approx(expected, rel=0.12)


def test_units_are_resampled_whole() -> None:
    """Ten copies of every item as one unit: no more is known than from one copy."""
    rng = np.random.default_rng(6)
    h1 = np.arange(60) < 30
    now, before = (h1 + rng.normal(size=60) for _ in range(2))
    alone = _difference(auc, Pairs(h1, now, before, None), np.random.default_rng(7))[2]
    units = np.repeat(np.arange(60), 10).astype(str)
    copies = Pairs(np.repeat(h1, 10), np.repeat(now, 10), np.repeat(before, 10), units)
    whole = _difference(auc, copies, np.random.default_rng(8))[2]
    assert whole == pytest.approx(alone, rel=0.15)
    assert copies.df == 59


@pytest.mark.slow
def test_no_worse_at_the_margin_passes_one_time_in_twenty() -> None:
    """At the margin itself the chance to pass is alpha: 400 benches of a drifted detector."""
    from avaudit.policy.distance import Distance

    rng = np.random.default_rng(9)
    quality = {"old": 2.0, "now": 1.5}
    h1 = np.arange(300) < 150
    truth = {k: stats.norm.cdf(q / np.sqrt(2 * 1.04)) for k, q in quality.items()}
    margin = truth["old"] - truth["now"]
    passed = 0
    for _ in range(400):
        own = rng.normal(size=300)
        now, old = (quality[k] * h1 + own + 0.2 * rng.normal(size=300) for k in ("now", "old"))
        a, b, error = _difference(auc, Pairs(h1, now, old, None), rng)
        passed += Distance((a - b + margin) / error).p_below > 0.95
    assert passed / 400 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 400)
    assert passed / 400 >= 0.05 - 2.5 * np.sqrt(0.05 * 0.95 / 400)
