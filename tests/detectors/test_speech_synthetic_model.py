"""The model of speech.synthetic: measurements, forests, file, recipe, held-out scores."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path

import av
import numpy as np
import pytest

from avaudit.detectors.speech.synthetic.codecs import STEPS
from avaudit.detectors.speech.synthetic.crossval import cross_validate
from avaudit.detectors.speech.synthetic.features import GROUPS, measure
from avaudit.detectors.speech.synthetic.forest import grow
from avaudit.detectors.speech.synthetic.learning import weigh
from avaudit.detectors.speech.synthetic.material import SHARED, decode, read_clips, vary
from avaudit.detectors.speech.synthetic.model import (
    FILE_NAME,
    SyntheticSpeechModel,
    read_learners,
)
from avaudit.detectors.speech.synthetic.spectra import Window
from avaudit.detectors.speech.synthetic.train import train
from avaudit.detectors.speech.synthetic.views import VIEWS
from avaudit.errors import AvauditError, UsageError
from avaudit.media.types import SampleArray

RATE = 16_000


def voice(seed: int, seconds: float = 2.0, *, buzz: bool = False) -> SampleArray:
    """A made voice: pulses through a moving spectrum with breath; with buzz, no breath at all."""
    rng = np.random.default_rng(seed)
    n = int(seconds * RATE)
    time = np.arange(n) / RATE
    pitch = 120 + 30 * np.sin(2 * np.pi * rng.uniform(0.5, 2) * time) + rng.normal(0, 1)
    turns = np.cumsum(pitch) / RATE
    sound = np.zeros(n)
    for harmonic in range(1, 40):
        sound += np.cos(2 * np.pi * harmonic * turns) / harmonic * (harmonic * pitch < 7000)
    rhythm = np.clip(np.sin(2 * np.pi * 3 * time + rng.uniform(0, 6)), 0, 1)
    breath = 0 if buzz else 0.3
    sound = sound * rhythm + breath * rng.standard_normal(n) * (0.3 + rhythm)
    sound += 1e-4 * rng.standard_normal(n)
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


def write_sound(path: Path, samples: SampleArray) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=RATE, layout="mono")
        whole = (samples * 32767).astype(np.int16)
        for start in range(0, len(whole), 4096):
            frame = av.AudioFrame.from_ndarray(whole[None, start : start + 4096], "s16", "mono")
            frame.rate, frame.pts = RATE, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture(scope="module", autouse=True)
def _few_trees() -> Iterator[None]:
    """Small forests: the recipe is the same and takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        for name, seen in VIEWS.items():
            patch.setitem(VIEWS, name, replace(seen, trees=min(seen.trees, 5), smallest_leaf=1))  # type: ignore[arg-type]
        for name in list(STEPS):
            if name == "upsampled":
                patch.setitem(STEPS, name, 1)
            else:
                patch.delitem(STEPS, name)
        yield


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two learnt sources with both classes, one source that may only be tested."""
    folder = tmp_path_factory.mktemp("speech")
    lines = ["path,label,source,system,use"]
    for place, (source, use) in enumerate([("a", "train"), ("b", "train"), ("c", "evaluate")]):
        for label in (0, 1):
            for take in range(2):
                name = f"{source}{label}{take}.flac"
                write_sound(folder / name, voice(100 * place + 10 * label + take, buzz=bool(label)))
                system = f"buzz-{source}" if label else "human"
                lines.append(f"{name},{label},{source},{system},{use}")
    path = folder / "manifest.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def trained(manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(manifest, tmp_path_factory.mktemp("model"))


def test_measurements_are_finite_and_repeat() -> None:
    first, second = measure(voice(1)), measure(voice(1))
    assert list(first) == list(GROUPS)
    for name, values in first.items():
        assert values.dtype == np.float32
        assert values.ndim == 1
        np.testing.assert_array_equal(values, second[name])
    whole = np.concatenate(list(first.values()))
    assert np.isfinite(whole).mean() > 0.8  # NaN where no frame is of the kind asked about
    assert not np.isinf(whole).any()


def test_sizes_do_not_depend_on_length_or_content() -> None:
    rng = np.random.default_rng(2)
    sizes = {
        tuple(len(values) for values in measure(sound.astype(np.float32)).values())
        for sound in (
            voice(1, 4.0),
            voice(1, 1.5),
            voice(1, 1.0),
            rng.standard_normal(24_001),
            np.zeros(20_000),
        )
    }
    assert len(sizes) == 1


@pytest.mark.parametrize("gain", [1e-3, 0.5, 3.0])
def test_gain_does_not_matter(gain: float) -> None:
    plain, scaled = measure(voice(3)), measure(voice(3) * np.float32(gain))
    for name in ("cepstra_32ms", "grain", "modulation", "pulses", "prediction"):
        np.testing.assert_allclose(plain[name], scaled[name], rtol=5e-3, atol=5e-3)


def test_pitch_of_a_pulse_train() -> None:
    pulses = np.zeros(RATE, np.float32)
    pulses[::100] = 1.0  # 160 Hz
    periods = Window(pulses + 1e-4).pitch.period
    assert np.median(periods) == 100


def test_beats_find_the_frame_rate() -> None:
    rng = np.random.default_rng(4)
    noise = rng.standard_normal(4 * RATE)
    time = np.arange(len(noise)) / RATE
    from avaudit.detectors.speech.synthetic.regularity import FRAME_RATES, frame_rate_beats

    beating = noise * (1 + 0.5 * np.sin(2 * np.pi * 80.0 * time))
    plain = frame_rate_beats(Window(noise.astype(np.float32)))
    beats = frame_rate_beats(Window(beating.astype(np.float32)))
    place = FRAME_RATES.index(80.0)
    assert beats[place] > plain[place] + 3
    assert beats[: len(FRAME_RATES)].argmax() == place


def test_grain_of_gaussian_noise_is_that_of_an_exponential_law() -> None:
    # log power of Gaussian noise: standard deviation pi / sqrt(6); the moving average takes some
    noise = np.random.default_rng(5).standard_normal(4 * RATE).astype(np.float32)
    spectrum = Window(noise).spectrum(512, 512)
    inner = spectrum.log_power[:, 2:-2]
    assert float(inner.std()) == pytest.approx(np.pi / np.sqrt(6), rel=0.02)
    assert float(spectrum.power.mean()) == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize("samples", [np.zeros((2, RATE)), np.zeros(RATE - 1)])
def test_windows_that_are_none(samples: SampleArray) -> None:
    with pytest.raises(ValueError, match="at least 1 s of mono sound"):
        Window(samples)


def test_forest_answers_as_the_learner_does() -> None:
    from sklearn.ensemble import ExtraTreesClassifier

    rng = np.random.default_rng(6)
    values = rng.standard_normal((200, 7)).astype(np.float32)
    labels = (values[:, 0] + values[:, 1] ** 2 + rng.normal(0, 0.5, 200) > 1).astype(np.int64)
    weights = rng.uniform(0.5, 2, 200)
    forest = grow(values, labels, weights, trees=9, smallest_leaf=2, seed=3)
    learner = ExtraTreesClassifier(9, min_samples_leaf=2, random_state=3)
    learner.fit(values, labels, sample_weight=weights)
    fresh = rng.standard_normal((50, 7)).astype(np.float32)
    expected = learner.predict_proba(fresh)[:, 1]
    np.testing.assert_allclose(forest.share(fresh), expected, atol=1e-6)


def test_forest_fills_what_is_missing() -> None:
    rng = np.random.default_rng(7)
    values = rng.standard_normal((60, 3)).astype(np.float32)
    values[:, 2] = np.nan
    labels = (values[:, 0] > 0).astype(np.int64)
    forest = grow(values, labels, np.ones(60), trees=5, smallest_leaf=2, seed=0)
    filled = np.where(np.isnan(values), forest.fill, values)
    np.testing.assert_array_equal(forest.share(values), forest.share(filled))


def test_weights_balance_classes_and_temper_sources() -> None:
    labels = np.array([0] * 9 + [0] + [1] * 4)
    sources = np.array(["many"] * 9 + ["one"] + ["many"] * 4)
    weights = weigh(labels, sources)
    assert weights[labels == 0].sum() == pytest.approx(weights[labels == 1].sum())
    assert weights[:9].sum() == pytest.approx(3 * weights[9])


def test_variants_keep_length_and_repeat() -> None:
    sound = voice(8)
    assert vary(sound, "clean") is sound
    for variant in ("shared", "mel", "short"):
        sound = voice(8, 3.0 if variant == "short" else 2.0)
        made = vary(sound, variant)
        assert len(made) == 2 * RATE
        assert not np.array_equal(made, sound)
        np.testing.assert_array_equal(made, vary(sound, variant))


def test_the_conditions_learnt_from_exist() -> None:
    from avaudit.conditions.impose import AUDIO_CONDITIONS

    assert set(SHARED) <= set(AUDIO_CONDITIONS)


def test_recipe_learns_and_its_file_answers(trained: Path) -> None:
    model = SyntheticSpeechModel(read_learners(trained))
    windows = np.stack([voice(901), voice(902), voice(903, buzz=True), voice(904, buzz=True)])
    scores = model.score(windows)
    assert scores[:2].max() < scores[2:].min()
    np.testing.assert_array_equal(scores, model.score(windows))
    one_by_one = np.concatenate([model.score(window[None]) for window in windows])
    np.testing.assert_array_equal(scores, one_by_one)
    assert model.score(np.empty((0, 64_000), np.float32)).shape == (0,)


def test_recipe_gives_the_same_bytes(manifest: Path, trained: Path, tmp_path: Path) -> None:
    again = train(manifest, tmp_path)
    assert again.read_bytes() == trained.read_bytes()


def test_recipe_goes_on_where_it_stopped(manifest: Path, trained: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in (trained.parent / "cache").iterdir()}
    assert before
    train(manifest, trained.parent)
    assert before == {
        file: file.stat().st_mtime_ns for file in (trained.parent / "cache").iterdir()
    }


def test_recipe_reads_only_rows_for_training(manifest: Path, trained: Path, tmp_path: Path) -> None:
    for file in manifest.parent.glob("[ab]*.flac"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "manifest.csv").write_bytes(manifest.read_bytes())  # the files of c are not there
    assert train(tmp_path / "manifest.csv", tmp_path).read_bytes() == trained.read_bytes()


def test_recipe_wants_both_classes(manifest: Path, tmp_path: Path) -> None:
    kept = [line for line in manifest.read_text().splitlines() if ",1," not in line]
    (tmp_path / "manifest.csv").write_text("\n".join(kept) + "\n")
    with pytest.raises(UsageError, match="must be of both classes"):
        train(tmp_path / "manifest.csv", tmp_path)


def test_rows_without_a_label(manifest: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_text("path,label,source\nx.flac,,a\ny.flac,1,a\n")
    with pytest.raises(UsageError, match="line 2: the row has no label"):
        read_clips(tmp_path / "manifest.csv")


def test_sound_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.flac").write_bytes(b"no sound at all")
    with pytest.raises(UsageError, match="cannot be decoded as sound"):
        decode(tmp_path / "x.flac")


@pytest.mark.parametrize("left_out", ["source", "system"])
def test_held_out_scores(manifest: Path, trained: Path, left_out: str) -> None:
    path = cross_validate(manifest, trained.parent, left_out=left_out)  # type: ignore[arg-type]
    with path.open() as file:
        rows = list(csv.DictReader(file))
    if left_out == "source":
        assert len(rows) == len({row["path"] for row in rows}) == 12
        folds = {row["source"]: row["fold"] for row in rows}
        assert folds == {"a": "a", "b": "b", "c": "sources not learnt from"}
    else:
        assert {row["fold"] for row in rows} == {"buzz-a", "buzz-b", "buzz-c"}
        assert len(rows) == 12
    for source in "abc":
        here = [row for row in rows if row["source"] == source]
        natural = [float(row["score"]) for row in here if row["label"] == "0"]
        assert max(natural) < min(float(row["score"]) for row in here if row["label"] == "1")


def test_a_damaged_model_says_so(tmp_path: Path, trained: Path) -> None:
    broken = tmp_path / FILE_NAME
    broken.write_bytes(trained.read_bytes()[:1000])
    with pytest.raises(AvauditError, match="cannot be read as a model"):
        read_learners(broken)
    with pytest.raises(AvauditError, match="cannot be read as a model"):
        read_learners(tmp_path / "absent.safetensors")


def test_the_model_that_ships_repeats_itself() -> None:
    model = SyntheticSpeechModel()
    windows = np.stack([voice(11, 4.0), voice(12, 4.0, buzz=True)])
    np.testing.assert_array_equal(model.score(windows), model.score(windows))
    with resources.as_file(resources.files("avaudit.detectors.speech.synthetic")) as folder:
        assert (folder / FILE_NAME).stat().st_size <= 4_000_000
