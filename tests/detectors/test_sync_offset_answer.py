"""What sync.offset says of curves: abstentions by name, facts, segments, the picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from avaudit.detector import Abstained, Outcome, Scored
from avaudit.detectors.sync.offset.answer import Seen, answer
from avaudit.detectors.sync.offset.curve import OFFSETS_S, Slots
from avaudit.detectors.sync.offset.head import Head
from avaudit.detectors.sync.offset.hearing import Hearing
from avaudit.detectors.sync.offset.reading import FEATURES
from avaudit.detectors.sync.offset.watching import Stretch


def _head() -> Head:
    """Other sound where the peak stands out by less than 6."""
    weight = np.zeros(len(FEATURES))
    weight[FEATURES.index("prominence")] = -1.0
    wide = np.full(len(FEATURES), 1e9)
    return Head(weight, 6.0, np.zeros(len(FEATURES)), np.ones(len(FEATURES)), -wide, wide)


def _slots(late_s: float | None, *, seconds: int = 8, start_s: float = 0.0) -> Slots:
    """Curves with a peak at an offset, or none."""
    rng = np.random.default_rng(0)
    sums = rng.normal(0, 5, (seconds, len(OFFSETS_S)))
    if late_s is not None:
        sums += 150 * np.exp(-0.5 * ((OFFSETS_S - late_s) / 0.04) ** 2)
    return Slots(
        start_s + np.arange(seconds, dtype=np.float64),
        sums.astype(np.float32),
        np.zeros(sums.shape, np.float32),
        np.full(sums.shape, 25, np.float32),
        np.full(seconds, 0.3),
    )


def _seen(*tracks: int, unit_px: float = 40.0, yaw_deg: float = 5.0) -> Seen:
    seen = Seen(frames=200, frames_with_face=200, face_tracks=set(tracks))
    for track in tracks:
        mouths = np.zeros((2, 60, 60), np.uint8)
        seen.note(Stretch(track, mouths, np.array([0.0, 8.0]), unit_px, yaw_deg))
    return seen


def _hearing() -> Hearing:
    hearing = Hearing()
    hearing.sound_s, hearing.loudest_dbfs, hearing._speech_frames = 8.0, -20.0, 200
    return hearing


def _answer(tracks: dict[int, Slots], seen: Seen, folder: Path) -> Outcome:
    return answer(tracks, seen, _hearing(), _head(), folder)


def test_a_late_clip_is_late_and_not_fake(tmp_path: Path) -> None:
    found = _answer({1: _slots(0.3)}, _seen(1), tmp_path)
    assert isinstance(found, Scored)
    assert found.score < 0
    assert found.facts["offset_s"] == pytest.approx(0.3, abs=0.01)
    assert found.facts["bt1359"]["offset_is"] == "sound_later"
    assert found.summary.startswith("Lips and sound match; the sound is 300 ms late")
    assert [(s.start_s, s.end_s) for s in found.segments] == [(0.0, 4.0), (4.0, 8.0)]
    assert all(s.score is not None and s.score < 0 for s in found.segments)


@pytest.mark.parametrize(
    ("late_s", "place"),
    [(-0.06, "sound_earlier"), (-0.03, "within"), (0.1, "within"), (0.14, "sound_later")],
)
def test_the_place_in_the_window_of_bt1359(tmp_path: Path, late_s: float, place: str) -> None:
    found = _answer({1: _slots(late_s)}, _seen(1), tmp_path)
    assert found.facts["bt1359"]["offset_is"] == place


def test_other_sound_has_no_offset(tmp_path: Path) -> None:
    found = _answer({1: _slots(None)}, _seen(1), tmp_path)
    assert isinstance(found, Scored)
    assert found.score > 0
    assert found.facts["offset_s"] is None
    assert found.facts["tracks"][0]["role"] == "other_sound"
    assert "No offset was found" in found.summary


def test_a_dubbed_face_beside_a_matching_one_stands_out(tmp_path: Path) -> None:
    tracks = {1: _slots(0.0), 2: _slots(None, start_s=50.0)}
    found = _answer(tracks, _seen(1, 2), tmp_path)
    assert isinstance(found, Scored)
    assert found.score > 0
    assert found.facts["offset_s"] == pytest.approx(0.0, abs=0.01)
    assert "face track 2" in found.summary


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"unit_px": 5.0}, "face_too_small"),
        ({"yaw_deg": 75.0}, "side_view"),
    ],
)
def test_faces_that_show_no_lips(tmp_path: Path, given: dict[str, float], code: str) -> None:
    found = _answer({1: _slots(0.0)}, _seen(1, **given), tmp_path)
    assert isinstance(found, Abstained)
    assert found.code == code


def test_too_little_is_told(tmp_path: Path) -> None:
    found = _answer({1: _slots(0.0, seconds=1)}, _seen(1), tmp_path)
    assert isinstance(found, Abstained)
    assert found.code == "too_short"
    assert found.facts["tracks"][0]["role"] == "too_short"


def test_the_picture_can_be_read(tmp_path: Path) -> None:
    found = _answer({1: _slots(0.3)}, _seen(1), tmp_path)
    assert isinstance(found, Scored)
    (artefact,) = found.artefacts
    assert artefact.role == "offset_over_time"
    with Image.open(tmp_path / artefact.name) as picture:
        assert picture.size == (720, 260)
        colours = {colour for _, colour in picture.getcolors(1 << 16) or []}
    assert (27, 108, 168) in colours  # the points of the first track
