"""Copies of real speech by small networks, and the choice between recipes that learn from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from avaudit.detectors.speech.synthetic import codecs
from avaudit.detectors.speech.synthetic.codec_networks import make, spectral_error
from avaudit.detectors.speech.synthetic.codecs import STEPS, through_codec, train_codecs
from avaudit.detectors.speech.synthetic.learning import Examples
from avaudit.detectors.speech.synthetic.line import fit
from avaudit.detectors.speech.synthetic.selection import Selection, ranked_sources
from avaudit.detectors.speech.synthetic.views import View
from avaudit.media.types import SampleArray

RATE = 16_000


def hum(seed: int, seconds: float = 1.0) -> SampleArray:
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    sound = sum(np.sin(2 * np.pi * k * (120 + 5 * seed) * time) / k for k in range(1, 20))
    return (0.1 * np.asarray(sound) + 0.01 * rng.standard_normal(len(time))).astype(np.float32)


@pytest.mark.parametrize("name", list(STEPS))
@pytest.mark.parametrize("samples", [16_000, 17_333])
def test_networks_keep_the_length(name: str, samples: int) -> None:
    wave = torch.from_numpy(hum(1, 2.0)[None, None, :samples].copy())
    with torch.no_grad():
        made = make(name)(wave)
    assert made.shape == wave.shape
    assert bool(torch.isfinite(made).all())


def test_the_error_of_a_copy() -> None:
    wave = torch.from_numpy(hum(2)[None, None])
    assert float(spectral_error(wave, wave)) == pytest.approx(0.0, abs=1e-6)
    turned = float(spectral_error(-wave, wave))  # spectra alike, samples not
    assert turned == pytest.approx(10 * float(wave.abs().mean()), rel=1e-4)
    assert float(spectral_error(0 * wave, wave)) > 1.5  # all three spectra missed


def test_networks_learn_repeat_and_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codecs, "BATCH", 2)
    monkeypatch.setattr(codecs, "LENGTH", 4096)
    clips = [hum(seed) for seed in range(4)]
    told: list[str] = []
    steps = {"upsampled": 12}
    digest = train_codecs(clips, tmp_path / "a", seed=0, steps=steps, progress=told.append)
    assert float(told[0].rsplit(" ", 1)[1]) < 3.8  # begins above 4
    file = next((tmp_path / "a").iterdir())
    before = file.stat().st_mtime_ns
    assert train_codecs(clips, tmp_path / "a", seed=0, steps=steps) == digest
    assert file.stat().st_mtime_ns == before
    few = {"upsampled": 2}
    for threads, folder in ((1, "b"), (2, "c")):
        kept = torch.get_num_threads()
        torch.set_num_threads(threads)
        train_codecs(clips, tmp_path / folder, seed=0, steps=few)
        assert torch.get_num_threads() == threads
        torch.set_num_threads(kept)
    one, two = (next((tmp_path / folder).iterdir()).read_bytes() for folder in "bc")
    assert one == two
    assert train_codecs(clips[:3], tmp_path / "b", seed=0, steps=few) != digest


def test_copies_repeat_and_keep_length_and_peak(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in set(STEPS) - {"wave_160"}:
        monkeypatch.delitem(STEPS, name)  # type: ignore[arg-type]
    sound = hum(3, 1.3)
    digest = train_codecs([sound], tmp_path, seed=1, steps={"wave_160": 1})
    first, second = (
        through_codec(sound, tmp_path, digest, np.random.default_rng(0)) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
    assert first.shape == sound.shape
    assert np.abs(first).max() == pytest.approx(np.abs(sound).max(), rel=1e-3)
    assert not np.allclose(first, sound, atol=1e-2)


def examples() -> Examples:
    """Group ``tells`` separates the classes in every source, ``misleads`` by sources alone."""
    rng = np.random.default_rng(0)
    sources = np.repeat(["a", "b", "c"], 40)
    labels = np.tile(np.repeat([0, 1], 20), 3)
    side = labels * 2.0 - 1
    turned = np.repeat([1.0, -1.0, 0.0], 40)
    groups = {
        "tells": side[:, None] + rng.normal(0, 0.3, (120, 3)),
        "misleads": (side * turned)[:, None] + rng.normal(0, 0.3, (120, 3)),
    }
    return Examples(
        {name: values.astype(np.float32) for name, values in groups.items()},
        labels,
        sources,
        np.where(labels == 1, "made", "human"),
        np.array(["clean"] * 120),
    )


def test_the_recipe_is_chosen_inside() -> None:
    recipes = {
        name: {name: View((name,), ("clean",), 40, 2, 1.0)} for name in ("misleads", "tells")
    }
    selection = Selection(examples(), recipes)
    assert selection.choose(None) == "tells"
    assert len(selection.rows) == 2 * 3
    assert selection.choose("a") == "tells"
    pairs = [row for row in selection.rows if " + " in row[1]]
    assert {row[1] for row in pairs} == {"a + b", "a + c"}
    selection.choose("b")
    # the pair a + b was there; its two areas serve both choices, and b + c is new
    assert len(selection.rows) == 2 * 3 + 2 * 2 * 3
    tells = {row[3] for row in selection.rows if row[0] == "tells"}
    assert tells == {1.0}


def test_a_line_gives_the_log_odds_of_two_normal_classes() -> None:
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1], 400)
    values = np.stack([labels * 1.5 + rng.normal(0, 1, 800), rng.normal(0, 9, 800)], axis=1)
    found = fit(values.astype(np.float32), labels, np.ones(800))
    at = np.array([[-0.25, 0.0], [0.75, 0.0], [1.75, 0.0]], np.float32)
    # ln LR of normals 1.5 apart with spread 1: 1.5 (x - 0.75)
    np.testing.assert_allclose(found.log_odds(at), [-1.5, 0.0, 1.5], atol=0.3)
    missing = at.copy()
    missing[:, 1] = np.nan
    centred = at.copy()
    centred[:, 1] = found.centre[1]
    np.testing.assert_array_equal(found.log_odds(missing), found.log_odds(centred))
    one_by_one = np.concatenate([found.log_odds(row[None]) for row in at])
    np.testing.assert_array_equal(found.log_odds(at), one_by_one)


def test_a_line_agrees_with_ridge_regression() -> None:
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, 60)
    values = (rng.normal(0, 1, (60, 100)) + labels[:, None] * 0.3).astype(np.float32)
    weights = rng.uniform(0.5, 2, 60)
    found = fit(values, labels, weights)
    steps = np.clip((values - found.centre) / found.scale, -3, 3).astype(np.float64)
    whole = np.concatenate([steps, np.ones((60, 1))], axis=1)
    even = weights / weights.mean()
    penalty = 0.1 * float((even[:, None] * whole**2).sum()) / 60
    oracle = Ridge(penalty, fit_intercept=False).fit(whole, labels * 2 - 1, sample_weight=even)
    ratio = found.weight / oracle.coef_[:-1]
    assert ratio.min() > 0
    np.testing.assert_allclose(ratio, ratio.mean(), rtol=1e-3)


def test_sources_with_few_clips_rank_nothing() -> None:
    everything = examples()
    assert ranked_sources(everything) == ["a", "b", "c"]
    fewer = everything.only((everything.sources != "c") | (np.arange(120) % 20 < 4))
    assert ranked_sources(fewer) == ["a", "b"]
    with pytest.raises(ValueError, match="no source is left"):
        Selection(everything.only(everything.sources == "a"), {}).choose("a")
