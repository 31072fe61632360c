"""Swaps: voices whose pitch and formants move as asked, placebos, the new manifest, refusals."""

import csv
import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from avaudit.errors import AvauditError, UsageError
from avaudit.hearing import HearingError, Listener
from avaudit.manifest import read_manifest, texts
from avaudit.samples.voice import make_voice
from avaudit.swaps import Shift, make_swaps, shift_of, shift_voice, voices as voices_module
from avaudit.swaps.voices import median_f0_hz

RATE = 16_000


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.round(samples * 32767).astype("<i2").tobytes())
    return path


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return make_voice(1.5, rng=np.random.default_rng(0))


@pytest.fixture
def study(tmp_path: Path, voice: np.ndarray) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in "ab":
        write_wav(folder / f"{name}.wav", voice)
    (folder / "broken.wav").write_bytes(b"RIFF but no sound")
    rows = [
        ["clip_id", "path", "group.gender", "identity", "label"],
        ["1", "a.wav", "male", "p1", "0"],
        ["2", "b.wav", "", "p2", "1"],
        ["3", "broken.wav", "female", "p3", "0"],
    ]
    with (folder / "clips.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder / "clips.csv"


def test_a_file_is_heard_in_the_confined_process(tmp_path: Path, voice: np.ndarray) -> None:
    path = write_wav(tmp_path / "v.wav", voice)
    (tmp_path / "text.txt").write_text("no sound at all")
    with Listener() as listener:
        sound = listener.hear(path)
        for wrong in (tmp_path / "text.txt", tmp_path / "gone.wav"):
            with pytest.raises(HearingError, match=wrong.name):
                listener.hear(wrong)
        assert listener.hear(path).sample_rate == RATE
    assert sound.sample_rate == RATE
    assert np.abs(sound.samples - voice).max() < 1e-3


def test_a_decoder_that_dies_costs_one_file(tmp_path: Path, voice: np.ndarray) -> None:
    path = write_wav(tmp_path / "v.wav", voice)
    with Listener() as listener:
        listener.hear(path)
        assert listener._process is not None
        listener._process.kill()
        with pytest.raises(HearingError, match="crashed"):
            listener.hear(path)
        assert len(listener.hear(path).samples) == len(voice)


@pytest.mark.parametrize("semitones", [-4.0, 0.0, 9.0])
def test_pitch_moves_by_the_semitones(voice: np.ndarray, semitones: float) -> None:
    moved = shift_voice(voice, RATE, Shift(semitones))
    assert len(moved) == len(voice)
    ratio = median_f0_hz(moved, RATE) / median_f0_hz(voice, RATE)
    assert 12 * np.log2(ratio) == pytest.approx(semitones, abs=0.5)


def test_formants_move_and_pitch_stays(voice: np.ndarray) -> None:
    """Two steady vowels: the peak of the envelope moves by the factor."""
    placebo = shift_voice(voice, RATE, Shift(0.0))
    moved = shift_voice(voice, RATE, Shift(0.0, 1.2))

    def centroid_hz(sound: np.ndarray) -> float:
        power = np.abs(np.fft.rfft(sound)) ** 2
        band = np.fft.rfftfreq(len(sound), 1 / RATE)
        kept = (band > 200) & (band < 5000)
        return float((power[kept] * band[kept]).sum() / power[kept].sum())

    assert centroid_hz(moved) > 1.05 * centroid_hz(placebo)
    assert median_f0_hz(moved, RATE) == pytest.approx(median_f0_hz(placebo, RATE), rel=0.05)


def test_which_way_a_voice_is_moved() -> None:
    assert shift_of("voice_gender", gender="Female").semitones < 0
    assert shift_of("voice_gender", gender="male").formants > 1
    assert shift_of("voice_gender", median_f0_hz=210.0).semitones < 0
    assert shift_of("voice_gender", gender="female", median_f0_hz=100.0).semitones < 0
    assert shift_of("placebo") == Shift(0.0, 1.0)
    with pytest.raises(AvauditError, match="which way"):
        shift_of("voice_gender")


def test_without_world_librosa_moves_the_pitch(
    voice: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = median_f0_hz(voice, RATE)
    monkeypatch.setattr(voices_module, "has_world", lambda: False)
    moved = shift_voice(voice[:RATE], RATE, Shift(4.0))
    with pytest.raises(AvauditError, match="extra 'train'"):
        shift_voice(voice, RATE, Shift(0.0, 1.1))
    monkeypatch.undo()
    assert 12 * np.log2(median_f0_hz(moved, RATE) / before) == pytest.approx(4, abs=0.7)


def test_sounds_that_are_no_voice_are_refused() -> None:
    with pytest.raises(AvauditError, match="sample rate"):
        shift_voice(np.zeros(8000), 4000, Shift(1.0))
    with pytest.raises(AvauditError, match="tenth of a second"):
        shift_voice(np.zeros(100), RATE, Shift(1.0))


def test_the_manifest_pairs_copies_with_originals(study: Path, tmp_path: Path) -> None:
    made = make_swaps(read_manifest(study), tmp_path / "out", ["voice_gender", "placebo"])
    assert made.copies == 4
    assert len(made.left_out) == 1
    assert "broken.wav" in made.left_out[0]
    table = read_manifest(made.manifest)
    frame = table.frame
    assert texts(table, "counterfactual_of").tolist() == ["", "", "", "1", "1", "2", "2"]
    assert frame["swap_kind"].tolist()[3:] == ["voice_gender", "placebo"] * 2
    assert frame["identity"].tolist()[3:] == ["p1", "p1", "p2", "p2"]
    for path in frame["path"]:
        assert (made.manifest.parent / path).exists()
    assert not any(os.path.isabs(path) for path in frame["path"])  # noqa: PTH117
    with pytest.raises(UsageError, match="exists"):
        make_swaps(read_manifest(study), tmp_path / "out", ["placebo"])
    with pytest.raises(UsageError, match="edited copies already"):
        make_swaps(table, tmp_path / "again", ["placebo"])
    with pytest.raises(UsageError, match="pitch_up"):
        make_swaps(read_manifest(study), tmp_path / "more", ["pitch_upp"])


def test_the_command(study: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "avaudit.cli", "swaps", "make", str(study),
         "--out", str(tmp_path / "out"), "--kinds", "placebo"],
        capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "AVAUDIT_HOME": str(tmp_path / "home")},
    )  # fmt: skip
    assert done.returncode == 4, done.stderr
    assert "broken.wav" in done.stderr
    assert "2 copies" in done.stdout
    assert "Traceback" not in done.stderr
