"""The p-value: its formula, its floor, and that unmarked pictures get fair ones."""

import csv
import itertools
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from PIL import Image
from scipy import stats

from avaudit.detectors.watermark.dwtdct.benchmark import null_p_values
from avaudit.detectors.watermark.dwtdct.detector import conclude, search
from avaudit.detectors.watermark.dwtdct.payloads import KNOWN
from avaudit.detectors.watermark.dwtdct.statistic import (
    _correlation,
    above_neighbours,
    agreement,
    log10_binomial,
    log10_tail,
)

IMAGES = Path(__file__).resolve().parents[3] / "shared" / "data" / "image"


@pytest.mark.parametrize("n", [5, 32, 46, 113, 224])
@pytest.mark.parametrize("r", [-0.9, -0.2, -1e-6, 0.0, 1e-6, 0.05, 0.31, 0.32, 0.6, 0.9, 0.999])
def test_tail_is_that_of_the_t_test_of_a_correlation(n: int, r: float) -> None:
    t = r * math.sqrt((n - 2) / (1 - r * r))
    expected = stats.t.logsf(t, n - 2) / math.log(10)
    if math.isfinite(expected):
        assert log10_tail(r, n) == pytest.approx(expected, rel=1e-7, abs=1e-12)


def test_tail_far_out_stays_finite_and_falls() -> None:
    values = [log10_tail(r, 224) for r in (0.9, 0.999, 1 - 1e-9, 1 - 1e-15)]
    assert values == sorted(values, reverse=True)
    assert all(math.isfinite(value) for value in values)
    assert log10_tail(1.0, 224) == -math.inf
    assert log10_tail(-1.0, 224) == 0


@pytest.mark.parametrize(("quantile", "tolerance"), [(0.9, 0.05), (0.99, 0.2), (0.999, 0.6)])
def test_tail_meets_the_exact_permutation_law(quantile: float, tolerance: float) -> None:
    soft = np.random.default_rng(0).normal(size=16)
    choices = np.array(list(itertools.combinations(range(16), 8)))
    sums = soft[choices].sum(axis=1)
    order = np.argsort(sums)
    at = int(quantile * len(order))
    payload = np.zeros(16)
    payload[choices[order[at]]] = 1
    r, n = _correlation(soft[:, None], payload[:, None])
    exact = (len(order) - at) / len(order)
    assert n == 16
    # Already with 16 bits; where it errs, it errs to the safe side.
    assert (1 - 0.05) * exact < 10 ** log10_tail(r, n) < (1 + tolerance) * exact


def test_correlation_within_classes_has_the_stated_permutation_variance() -> None:
    rng = np.random.default_rng(1)
    soft = rng.normal(size=(17, 8)) * rng.uniform(0.5, 3, 8) + rng.normal(size=8) * 10
    payload = np.array(KNOWN[0].bits, dtype=float).reshape(17, 8)
    values = []
    for _ in range(4000):
        r, n = _correlation(rng.permuted(soft, axis=0), payload)
        values.append(r)
    varying = int((np.ptp(payload, axis=0) > 0).sum())
    assert n == 16 * varying + 1
    assert np.mean(values) == pytest.approx(0, abs=4 / math.sqrt(4000 * n))
    assert np.var(values) == pytest.approx(1 / (n - 1), rel=0.1)


def test_rhythm_of_eight_does_not_count_for_texts() -> None:
    for payload in KNOWN[:2]:
        rhythm = np.reshape(payload.bits, (-1, 8)).mean(axis=0) > 0.5
        votes = np.tile(rhythm, (64, 8))
        contrast = above_neighbours(votes)
        naive = agreement(votes, contrast, payload.bits)
        ours = agreement(votes, contrast, payload.bits, classes=8)
        assert naive.log10_p < -4
        assert ours.log10_p > -1.5


def test_perfect_agreement_is_floored_by_the_number_of_arrangements() -> None:
    for payload in KNOWN:
        votes = np.resize(np.array(payload.bits, bool), (1, 50 * len(payload.bits)))
        found = agreement(votes, votes.astype(float), payload.bits, classes=payload.classes)
        table = np.reshape(payload.bits, (-1, payload.classes))
        floor = math.prod(math.comb(len(table), int(ones)) for ones in table.sum(axis=0))
        # Classes of unequal spread keep r a little below 1.
        assert 0.9 < found.correlation <= 1
        assert found.bit_accuracy == 1
        assert found.log10_p == pytest.approx(-math.log10(floor))


@given(st.integers(0, 300), st.integers(0, 300))
def test_binomial_logarithm(n: int, k: int) -> None:
    if k <= n:
        assert log10_binomial(n, k) == pytest.approx(math.log10(math.comb(n, k)), abs=1e-9)


@given(st.integers(1, 9), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_contrast_is_vote_less_mean_of_the_blocks_around(rows, columns, seed) -> None:
    votes = np.random.default_rng(seed).random((rows, columns)) < 0.5
    contrast = above_neighbours(votes)
    for i in range(rows):
        for j in range(columns):
            around = votes[max(i - 2, 0) : i + 3, max(j - 2, 0) : j + 3]
            assert contrast[i, j] == pytest.approx(votes[i, j] - around.mean(), abs=1e-12)


def test_payload_without_zeros_or_with_too_few_blocks_is_refused() -> None:
    votes = np.ones((2, 2), bool)
    for bits in ((1, 1), (0, 1, 0, 1, 0)):
        with pytest.raises(ValueError, match="block for each bit"):
            agreement(votes, above_neighbours(votes), bits)


def _bound(level: float, n: int) -> float:
    """Share that a fair p-value exceeds with chance 1e-4 in n pictures."""
    return stats.binom.ppf(1 - 1e-4, n, level) / n


def test_unmarked_pictures_get_fair_p_values() -> None:
    corrected, single = null_p_values(160, seed=7)
    assert np.mean(np.array(corrected) < 0.05) <= _bound(0.05, len(corrected))
    assert min(corrected) > 1e-6
    assert 0.02 < np.mean(np.array(single) < 0.05) < 0.065


@pytest.mark.slow
def test_many_unmarked_pictures_get_fair_p_values() -> None:
    corrected, single = (np.array(p) for p in null_p_values(3000, seed=8))
    for p_values in (corrected, single):
        assert (p_values < 0.05).mean() <= 0.065
        assert (p_values < 1e-3).mean() <= 0.003
    assert (corrected < 1e-6).sum() == 0
    # And not needlessly timid either: the single tests use their whole level.
    assert (single < 0.05).mean() >= 0.03


@pytest.mark.corpus
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_camera_photos_give_no_hit(every: int) -> None:
    manifest = IMAGES / "manifest.csv"
    if not manifest.is_file():
        pytest.skip("the evaluation media are not beside the repository")
    corrected: list[float] = []
    generated = hits = 0
    for row in list(csv.DictReader(manifest.read_text("utf-8").splitlines()))[::every]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd EXIF of found pictures is not the subject
            with Image.open(IMAGES / row["path"]) as image:
                rgb = np.asarray(image.convert("RGB"))
        facts = conclude(search(rgb)).facts
        if row["label"] == "0" and "p_value" in facts:
            assert facts["payload"] is None, row["path"]
            corrected.append(facts["p_value"])
        elif row["label"] == "1":
            generated += 1
            hits += facts.get("payload") is not None
    print(f"hits among {generated} generated or edited files: {hits}")
    assert len(corrected) > 400 / every
    allowed = 0.065 if every == 1 else _bound(0.05, len(corrected))
    assert np.mean(np.array(corrected) < 0.05) <= allowed
