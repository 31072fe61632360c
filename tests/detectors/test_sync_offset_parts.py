"""Parts of sync.offset: spectra, sound as it arrives, mouths, cutting, training on made clips."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from avaudit.detectors.sync.offset.batches import SHORT, Footage, batch
from avaudit.detectors.sync.offset.clips import Clip, read_clips
from avaudit.detectors.sync.offset.head import Head
from avaudit.detectors.sync.offset.hearing import Hearing
from avaudit.detectors.sync.offset.learning import cost, learn
from avaudit.detectors.sync.offset.material import Recorded
from avaudit.detectors.sync.offset.model import SyncModel, read_model
from avaudit.detectors.sync.offset.mouths import contrast, even
from avaudit.detectors.sync.offset.network import PICTURES, SPECTRA, Towers
from avaudit.detectors.sync.offset.reading import FEATURES
from avaudit.detectors.sync.offset.spectrum import BANDS, mel_power, normalised
from avaudit.detectors.sync.offset.strangers import Item, trials_of, write_trials
from avaudit.detectors.sync.offset.trials import cut, halves, remuxed, swapped
from avaudit.detectors.sync.offset.watching import BLOCK_S, Watching
from avaudit.errors import AvauditError, UsageError
from avaudit.manifest import binary_labels, read_manifest
from avaudit.media.types import AudioBlock, FaceObservation, Frame
from avaudit.samples.voice import make_voice

RATE = 16_000


def _towers(seed: int = 0) -> Towers:
    torch.manual_seed(seed)
    return Towers().eval()


def _recorded(seconds: float = 4.0, seed: int = 0) -> Recorded:
    rng = np.random.default_rng(seed)
    count = round(seconds * 25)
    return Recorded(
        mouths=rng.integers(0, 255, (count, 60, 60), dtype=np.uint8),
        times_s=np.arange(count) / 25,
        unit_px=40.0,
        yaw_deg=0.0,
        frames=count,
        samples=make_voice(seconds, rng=rng),
        sound_start_s=0.0,
    )


def test_spectra_are_of_whole_windows_and_a_tone_lies_in_its_band() -> None:
    time_s = np.arange(RATE) / RATE
    power = mel_power(np.sin(2 * np.pi * 1000 * time_s).astype(np.float32))
    assert power.shape == (1 + (RATE - 400) // 160, BANDS)
    mel = 2595 * np.log10(1 + np.array([80.0, 1000.0, 7600.0]) / 700)
    expected = (mel[1] - mel[0]) / (mel[2] - mel[0]) * (BANDS + 1) - 1
    assert np.all(np.abs(power.argmax(axis=1) - expected) <= 1)
    assert mel_power(np.zeros(399, np.float32)).shape == (0, BANDS)


def test_loudness_and_colour_do_not_matter() -> None:
    voice = make_voice(1.0, rng=np.random.default_rng(0))
    power = mel_power(
        voice + 0.01 * np.random.default_rng(1).standard_normal(len(voice), np.float32)
    )
    colour = np.linspace(0.5, 4, BANDS, dtype=np.float32)
    assert np.allclose(normalised(power), normalised(power * colour), atol=0.02)


@pytest.mark.parametrize("sample_rate", [16_000, 44_100])
def test_sound_is_the_same_however_it_arrives(sample_rate: int) -> None:
    rng = np.random.default_rng(1)
    samples = np.interp(
        np.arange(5 * sample_rate) / sample_rate,
        np.arange(5 * RATE) / RATE,
        make_voice(5.0, rng=rng),
    ).astype(np.float32)
    heard = []
    for size in (len(samples), 1024):
        hearing = Hearing()
        for start in range(0, len(samples), size):
            block = AudioBlock(
                start_s=1.0 + start / sample_rate,
                sample_rate=sample_rate,
                samples=samples[start : start + size],
            )
            hearing.push([block])
        hearing.flush()
        heard.append(hearing.between(2.0, 5.0))
    assert np.allclose(heard[0].power, heard[1].power, rtol=1e-4)
    assert np.array_equal(heard[0].speech, heard[1].speech)
    assert heard[0].start_s == pytest.approx(2.0, abs=0.01)
    assert len(heard[0].power) == pytest.approx(300, abs=2)


def test_sound_that_was_dropped_is_gone_and_the_rest_stays_in_place() -> None:
    hearing = Hearing()
    samples = make_voice(20.0, rng=np.random.default_rng(2))
    for start in range(0, len(samples), RATE):
        block = AudioBlock(
            start_s=start / RATE, sample_rate=RATE, samples=samples[start : start + RATE]
        )
        hearing.push([block])
    before = hearing.between(12.0, 14.0)
    hearing.drop_before(11.0)
    after = hearing.between(12.0, 14.0)
    assert np.array_equal(before.power, after.power)
    assert np.array_equal(before.speech, after.speech)
    assert len(hearing.between(0.0, 9.0).power) == 0


def test_a_short_gap_in_the_sound_is_silence_and_the_clock_stays_right() -> None:
    hearing = Hearing()
    voice = make_voice(2.0, rng=np.random.default_rng(3))
    hearing.push([AudioBlock(start_s=0.0, sample_rate=RATE, samples=voice)])
    hearing.push([AudioBlock(start_s=3.0, sample_rate=RATE, samples=voice)])
    hearing.flush()
    gap = hearing.between(2.1, 2.9).power
    assert len(gap) == pytest.approx(80, abs=2)
    assert float(gap.max()) < 1e-6
    assert hearing.sound_s == pytest.approx(4.0)


def test_towers_do_not_pad() -> None:
    model = SyncModel([_towers()])
    rng = np.random.default_rng(4)
    pictures = rng.standard_normal((40, 60, 60)).astype(np.float32)
    spectra = rng.standard_normal((200, BANDS)).astype(np.float32)
    lips, sound = model.lips(pictures), model.sound(spectra)
    assert lips.shape == (40 - PICTURES + 1, 64)
    assert sound.shape == (200 - SPECTRA + 1, 64)
    # a moment is the same wherever the stretch begins: nothing tells where that is
    assert np.allclose(model.lips(pictures[7:]), lips[7:], atol=1e-4)
    assert np.allclose(model.sound(spectra[31:]), sound[31:], atol=1e-4)
    assert len(model.lips(pictures[: PICTURES - 1])) == 0
    assert len(model.sound(spectra[: SPECTRA - 1])) == 0


def test_pictures_between_frames_are_mixtures() -> None:
    mouths = np.zeros((3, 60, 60), np.uint8)
    mouths[1] = 100
    mouths[2] = 200
    level = contrast(mouths)
    times_s = np.array([0.0, 0.1, 0.2])
    found = even(mouths, times_s, np.array([0.05, 0.2, 0.5]), level)
    raw = found * level.contrast + level.mean
    assert np.allclose(raw[:, 0, 0], [50, 200, 200], atol=0.01)


def test_weights_survive_the_file(tmp_path: Path) -> None:
    count = 5
    wide = np.full(count, 1e3)
    head = Head(np.arange(5.0), -1.0, np.zeros(count), np.ones(count), -wide, wide)
    model = SyncModel([_towers(1), _towers(2)], head)
    path = tmp_path / "m.safetensors"
    path.write_bytes(model.to_bytes({"seed": "0"}))
    again = read_model(path)
    assert again.head is not None
    assert again.head.score(np.ones(5)) == head.score(np.ones(5))
    spectra = np.random.default_rng(5).standard_normal((100, BANDS)).astype(np.float32)
    assert np.allclose(again.sound(spectra), model.sound(spectra), atol=0.02)
    assert model.to_bytes({"seed": "0"}) == path.read_bytes()


def test_a_damaged_file_of_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors"
    path.write_bytes(b"not a model")
    with pytest.raises(AvauditError, match="cannot be read"):
        read_model(path)


def test_cutting_moves_the_offset_and_pads_nothing() -> None:
    clip = _recorded()
    made = cut(clip, picture_s=0.5, sound_s=0.2)
    assert np.array_equal(made.samples, clip.samples[3200:])
    assert made.times_s[0] == pytest.approx(clip.times_s[13] - 0.5)
    # the sound of the first kept picture now comes 0.3 s later than that picture
    first = made.samples[round((made.times_s[0] + 0.3) * RATE)]
    assert first == clip.samples[round(clip.times_s[13] * RATE)]


def test_remuxed_clips_tell_how_far_they_were_moved() -> None:
    clip = _recorded()
    for seed in range(5):
        made, moved_s = remuxed(clip, np.random.default_rng(seed))
        assert abs(moved_s) <= 1
        # some sound is searched in both: where it is, and by how much that moved
        place = len(clip.samples) - len(made.samples)
        picture_s = clip.times_s[-1] - made.times_s[-1]
        assert picture_s - place / RATE == pytest.approx(moved_s, abs=1e-3)


def test_halves_and_strangers() -> None:
    clip, other = _recorded(4.0), _recorded(3.0, seed=9)
    one, two = halves(clip)
    assert len(one.times_s) + len(two.times_s) == pytest.approx(len(clip.times_s), abs=1)
    assert np.array_equal(two.samples, clip.samples[-len(two.samples) :])
    made = swapped(clip, other, np.random.default_rng(0))
    assert np.array_equal(made.samples, other.samples)
    assert made.times_s[-1] <= 3.0


def _faces(seconds: float, *, start_s: float = 0.0, track: int = 1) -> list[FaceObservation]:
    picture = np.full((90, 90, 3), 128, np.uint8)
    marks = np.array([[30.0, 30], [60, 30], [45, 45], [33, 60], [57, 60]])
    found = []
    for n in range(round(seconds * 25)):
        frame = Frame(index=n, time_s=start_s + n / 25, width=90, height=90, load=picture.copy)
        found.append(
            FaceObservation(
                track=track,
                frame=frame,
                box=(20, 15, 50, 60),
                landmarks=marks,
                confidence=0.99,
                detected=True,
            )
        )
    return found


def test_stretches_are_bounded_and_lose_no_moment() -> None:
    watching = Watching()
    stretches = list(watching.push(_faces(40.0))) + list(watching.flush())
    assert len(stretches) == 4
    assert max(len(stretch.times_s) for stretch in stretches) <= 25 * (BLOCK_S + 3.1)
    moments = sum(len(stretch.times_s) - (PICTURES - 1) for stretch in stretches)
    assert moments == pytest.approx(1000 - (PICTURES - 1), abs=4)


def test_a_gap_or_the_end_of_a_track_ends_a_stretch() -> None:
    watching = Watching()
    faces = [*_faces(2.0), *_faces(2.0, start_s=3.0)]
    stretches = list(watching.push(faces))
    assert [round(stretch.times_s[-1], 2) for stretch in stretches] == [1.96]
    assert [stretch.times_s[0] for stretch in watching.end(1)] == [3.0]
    assert list(watching.flush()) == []


def _footage(seed: int) -> Footage:
    """Lips that open with the loudness of noise: something to learn."""
    rng = np.random.default_rng(seed)
    level = np.repeat(rng.random(16), 5)[:75]
    mouths = np.full((75, 60, 60), 90, np.uint8)
    for n, value in enumerate(level):
        half = 2 + round(10 * value)
        mouths[n, 30 - half : 30 + half, 18:42] = 20
    loud = np.repeat(level, 640)
    samples = (0.3 * loud * rng.standard_normal(len(loud))).astype(np.float32)
    return Footage(mouths, np.arange(75) / 25, mel_power(samples), 0.0, spread_s=0.012)


class _Top(torch.nn.Module):
    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures[:, 6:-6, 0, :8]


class _First(torch.nn.Module):
    def forward(self, spectra: torch.Tensor) -> torch.Tensor:
        return spectra[:, 24:-24, :8]


class _Given(Towers):
    """Vectors are the top line of a picture and the first bands: what to expect is known."""

    def __init__(self) -> None:
        super().__init__()
        self.scale.data.fill_(60.0)
        self.lips, self.sound = _Top(), _First()  # type: ignore[assignment]


@pytest.mark.parametrize("late", [0, 2, -3])
def test_the_clips_own_offset_is_a_hidden_variable(late: int) -> None:
    rng = np.random.default_rng(7)
    vectors = rng.standard_normal((4, SHORT + 8, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=2, keepdims=True)
    pictures = torch.zeros((4, SHORT, 32, 32))
    pictures[:, :, 0, :8] = torch.from_numpy(vectors[:, 4 : SHORT + 4])
    sound = np.repeat(vectors[:, 4 - late : SHORT + 4 - late], 4, axis=1)
    spectra = torch.from_numpy(np.pad(sound, ((0, 0), (0, 0), (0, 32))))
    sure = [replace(_footage(0), spread_s=0.001)] * 4
    open_ = [replace(_footage(0), spread_s=0.2)] * 4
    with torch.no_grad():
        believed = float(cost(_Given(), pictures, spectra, sure))
        found = float(cost(_Given(), pictures, spectra, open_))
    assert found < 0.5
    assert (believed < 0.5) == (late == 0)


@pytest.mark.slow
def test_what_moves_together_is_learnt() -> None:
    torch.set_num_threads(1)
    footage = [_footage(seed) for seed in range(32)]
    rng = np.random.default_rng(0)
    drawn = batch(footage, 16, SHORT, rng)
    with torch.no_grad():
        before = float(cost(_towers(), *drawn))
    learnt = learn(footage, steps=60, seed=0)
    with torch.no_grad():
        after = float(cost(learnt, *drawn))
    assert after < before - 0.3


def test_people_and_files_are_one_unit(tmp_path: Path) -> None:
    lines = ["path,label,identity,source_blob,corpus,use"]
    lines += [f"c{n}.mp4,0,p{n % 9},b{n},X,train" for n in range(27)]
    lines += ["d.mp4,0,p3,,X,evaluate", "e.mp4,0,q,b27,X,train", "g.mp4,0,r,b27,X,train"]
    lines += ["f.mp4,1,q,,X,train"]
    one, two = tmp_path / "m.csv", tmp_path / "n.csv"
    one.write_text("\n".join(lines) + "\n")
    two.write_text("path,label,identity,source_blob\nh.mp4,0,p4,\ni.mp4,0,s,b3\n")
    clips = read_clips([one, two])
    units: dict[str, set[str]] = {}
    for clip in clips:
        units.setdefault(clip.identity, set()).add(clip.unit)
    assert all(len(unit) == 1 for unit in units.values())
    assert len({clip.unit for clip in clips}) == 10
    assert [clip.name for clip in clips if not clip.trainable] == ["d.mp4"]
    # a file that stands in two rows counts once, a generated clip not at all
    assert sorted(clip.name for clip in clips if clip.name[0] != "c") == ["d.mp4", "e.mp4", "h.mp4"]


def test_a_manifest_without_real_clips_is_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "m.csv"
    manifest.write_text("path,label,identity\na.mp4,1,p\n")
    with pytest.raises(UsageError, match="no row with label 0"):
        read_clips([manifest])


class _Fixed(SyncModel):
    """Products that say nothing: every clip gets the same score."""

    def __init__(self) -> None:
        count = len(FEATURES)
        wide = np.full(count, 1e3)
        head = Head(np.zeros(count), 0.25, np.zeros(count), np.ones(count), -wide, wide)
        super().__init__([_towers()], head)


def test_trials_pair_each_clip_with_strangers_only(tmp_path: Path) -> None:
    model = _Fixed()
    items = [
        Item(
            Clip(
                name=f"c{n}",
                path=tmp_path / f"c{n}.mp4",
                corpus="X",
                source="X" if n < 2 else "Y",
                identity=f"p{n}",
                unit=f"p{n}",
                trainable=False,
            ),
            _recorded(6.0, seed=n),
            model,
        )
        for n in range(3)
    ]
    trials = trials_of(items, "clean", seed=0)
    assert [trial.other for trial in trials[:5]] == [False, True, True, True, True]
    assert {trial.score for trial in trials} == {0.25}
    write_trials(trials, tmp_path)
    manifest = read_manifest(tmp_path / "trials.csv")
    assert binary_labels(manifest).tolist() == [0.0, 1.0, 1.0, 1.0, 1.0] * 3
    assert len(read_manifest(tmp_path / "scores.csv")) == 15
