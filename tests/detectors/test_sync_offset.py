"""sync.offset as a detector: abstentions, real clips moved, dubbed, joined and shown together."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from avaudit.conditions.impose_video import Recoded, decoded_clip, recode
from avaudit.detector import Abstained, Scored
from avaudit.detectors.sync.offset import OffsetDetector
from avaudit.samples.voice import make_voice
from avaudit.testing import check_detector, examine

TALK = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "talk" / "clips"
ONE, TWO = TALK / "lrs2_00016.mp4", TALK / "lrs2_00019.mp4"
RATE = 16_000
CODED = Recoded(crf=20)
DETECTOR = OffsetDetector()

Pictures = list[tuple[float, npt.NDArray[np.uint8]]]
Sound = npt.NDArray[np.float32]

corpus = [
    pytest.mark.corpus,
    pytest.mark.skipif(not ONE.is_file(), reason="the clips are not in ../shared/data/talk"),
]


def _grey(seconds: float) -> Pictures:
    return [(n / 25, np.full((96, 128, 3), 90, np.uint8)) for n in range(round(25 * seconds))]


def _write(path: Path, pictures: Pictures, sound: Sound) -> Path:
    path.write_bytes(recode(pictures, sound, RATE, CODED))
    return path


@cache
def _clip(path: Path) -> tuple[Pictures, Sound]:
    pictures, sound, rate = decoded_clip(path.read_bytes())
    assert rate == RATE
    return list(pictures), sound


def _cut(pictures: Pictures, start_s: float, end_s: float = np.inf) -> Pictures:
    return [(t - start_s, rgb) for t, rgb in pictures if start_s - 1e-6 <= t < end_s]


def _scored(path: Path) -> Scored:
    outcome = examine(DETECTOR, path)
    assert isinstance(outcome, Scored), outcome
    return outcome


def _code(path: Path) -> str:
    outcome = examine(DETECTOR, path)
    assert isinstance(outcome, Abstained), outcome
    return outcome.code


def test_what_cannot_be_compared_is_told_apart(tmp_path: Path) -> None:
    hum = 0.1 * np.sin(2 * np.pi * 100 * np.arange(3 * RATE) / RATE)
    voice = make_voice(3.0, rng=np.random.default_rng(0))
    codes = {
        name: _code(_write(tmp_path / f"{name}.mp4", _grey(3.0), sound.astype(np.float32)))
        for name, sound in (("silence", np.zeros(3 * RATE)), ("hum", hum), ("voice", voice))
    }
    assert codes == {"silence": "silence", "hum": "no_speech", "voice": "no_face"}


def test_a_clip_without_sound_is_no_error(tmp_path: Path) -> None:
    path = _write(tmp_path / "mute.mp4", _grey(2.0), np.zeros(0, np.float32))
    assert _code(path) == "no_sound"


class TestRealClips:
    """On two clips of speakers that the model has learnt from; figures are in the docs."""

    pytestmark = corpus

    def test_own_sound_matches_and_another_voice_does_not(self, tmp_path: Path) -> None:
        pictures, sound = _clip(ONE)
        own = _scored(ONE)
        assert own.score < 0
        assert abs(own.facts["offset_s"]) < 0.06
        assert own.facts["offset_low_s"] <= own.facts["offset_s"] <= own.facts["offset_high_s"]
        assert own.facts["bt1359"]["offset_is"] == "within"
        assert [track["role"] for track in own.facts["tracks"]] == ["speaks"]
        assert [artefact.role for artefact in own.artefacts] == ["offset_over_time"]
        dubbed = _scored(_write(tmp_path / "dubbed.mp4", pictures, _clip(TWO)[1]))
        assert dubbed.score > 0
        assert dubbed.facts["offset_s"] is None
        assert len(sound) > 0

    @pytest.mark.slow
    @pytest.mark.parametrize(("picture_s", "sound_s"), [(0.36, 0.04), (0.12, 0.72), (1.0, 0.0)])
    def test_the_answer_moves_when_both_are_cut_and_nothing_is_padded(
        self, tmp_path: Path, picture_s: float, sound_s: float
    ) -> None:
        pictures, sound = _clip(ONE)
        start = _scored(ONE).facts["offset_s"]
        path = _write(
            tmp_path / "cut.mp4", _cut(pictures, picture_s), sound[round(sound_s * RATE) :]
        )
        moved = _scored(path)
        assert moved.facts["offset_s"] - start == pytest.approx(picture_s - sound_s, abs=0.0405)
        assert moved.score < 0  # late is not fake

    @pytest.mark.slow
    def test_a_cut_to_another_speaker_makes_no_offset(self, tmp_path: Path) -> None:
        first, second = _clip(ONE), _clip(TWO)
        length_s = 4.0
        pictures = [*_cut(first[0], 0, length_s)]
        pictures += [(t + length_s, rgb) for t, rgb in _cut(second[0], 0, length_s)]
        count = round(length_s * RATE)
        sound = np.concatenate([first[1][:count], second[1][:count]])
        found = _scored(_write(tmp_path / "joined.mp4", pictures, sound))
        assert abs(found.facts["offset_s"]) < 0.06
        assert found.score < 0
        assert found.facts["tracks_lost"].get("shot_cut") == 1

    @pytest.mark.slow
    def test_of_two_faces_the_speaking_one_is_found(self, tmp_path: Path) -> None:
        first, second = _clip(ONE), _clip(TWO)
        count = min(len(first[0]), len(second[0]))
        both = [
            (t, np.concatenate([rgb, other], axis=1))
            for (t, rgb), (_, other) in zip(first[0][:count], second[0][:count], strict=True)
        ]
        found = _scored(_write(tmp_path / "two.mp4", both, first[1]))
        roles = {track["role"]: track for track in found.facts["tracks"]}
        assert set(roles) == {"speaks", "listens"}
        assert abs(roles["speaks"]["offset_s"]) < 0.06
        assert found.score < 0

    @pytest.mark.slow
    def test_a_dubbed_second_track_is_flagged_and_not_averaged_away(self, tmp_path: Path) -> None:
        first, second = _clip(ONE), _clip(TWO)
        pictures = [*_cut(first[0], 0, 4.0)]
        pictures += [(t + 4.0, rgb) for t, rgb in _cut(second[0], 0, 4.0)]
        sound = first[1][: 8 * RATE]  # the first voice goes on over the second face
        found = _scored(_write(tmp_path / "dubbed.mp4", pictures, sound))
        assert [track["role"] for track in found.facts["tracks"]] == ["speaks", "other_sound"]
        assert found.score > 0
        assert abs(found.facts["offset_s"]) < 0.06

    @pytest.mark.slow
    def test_a_still_picture_of_a_face_is_not_accused(self, tmp_path: Path) -> None:
        pictures, sound = _clip(ONE)
        still = [(t, pictures[0][1]) for t, _ in pictures[:125]]
        outcome = _code(_write(tmp_path / "still.mp4", still, sound[: 5 * RATE]))
        assert outcome in {"not_speaking_face", "off_screen_speaker"}

    @pytest.mark.slow
    def test_the_promises_of_detectors_are_kept(self, tmp_path: Path) -> None:
        pictures, sound = _clip(ONE)
        short = _write(tmp_path / "short.mp4", _cut(pictures, 0, 3.0), sound[: 3 * RATE])
        check_detector(DETECTOR, {"clip": short})


GRID = sorted((TALK.parent.parent / "real_av" / "clips").glob("grid_*.mp4"))[::12]


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.skipif(not GRID, reason="the clips are not in ../shared/data/real_av")
def test_clips_known_to_be_on_time_are_called_so() -> None:
    """No clip of this corpus was learnt from; its sound is on time to 10 ms."""
    offsets = []
    for path in GRID:
        outcome = examine(DETECTOR, path)
        assert isinstance(outcome, Scored), (path, outcome)
        offsets.append(outcome.facts["tracks"][0]["offset_s"])
    assert np.mean(np.abs(offsets) < 0.06) >= 0.85
    assert abs(np.median(offsets)) < 0.02
