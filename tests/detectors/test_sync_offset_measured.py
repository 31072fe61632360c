"""How sync.offset is measured: renditions of clips, folds, consensus of a source, devices."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from avaudit.conditions.impose_video import Recoded, recode
from avaudit.detectors.sync.offset.clips import Clip, read_clips
from avaudit.detectors.sync.offset.consensus import Measured, far_clips, from_consensus, offset_rows
from avaudit.detectors.sync.offset.inner import Example, folds, seconds, without
from avaudit.detectors.sync.offset.material import Recorded
from avaudit.detectors.sync.offset.model import SyncModel, read_model
from avaudit.detectors.sync.offset.network import SPECTRA, Towers
from avaudit.detectors.sync.offset.reading import FEATURES, Reading
from avaudit.detectors.sync.offset.renditions import RENDITIONS
from avaudit.detectors.sync.offset.routes import figures
from avaudit.detectors.sync.offset.spectrum import BANDS
from avaudit.detectors.sync.offset.strangers import Item

RATE = 16_000


def _clip_bytes() -> bytes:
    """A bright bar that moves by two pixels a picture, 25 a second, for two seconds."""
    pictures = []
    for n in range(50):
        rgb = np.full((96, 128, 3), 60, np.uint8)
        rgb[:, 2 * n : 2 * n + 12] = 220
        pictures.append((n / 25, rgb))
    return recode(pictures, np.zeros(2 * RATE, np.float32), RATE, Recoded(crf=18))


def _seen(data: bytes) -> tuple[np.ndarray, list[np.ndarray]]:
    with av.open(io.BytesIO(data)) as container:
        frames = list(container.decode(video=0))
    return np.array([float(f.time or 0.0) for f in frames]), [
        f.to_ndarray(format="gray") for f in frames
    ]


def _bar_px(grey: np.ndarray) -> float:
    bright = grey.mean(axis=0) > 140
    return float(np.flatnonzero(bright).mean())


@pytest.fixture(scope="module")
def data() -> bytes:
    return _clip_bytes()


@pytest.mark.parametrize("fps", [25.0, 29.97, 30.0, 50.0])
def test_other_frame_rates_show_what_was_on_the_screen(data: bytes, fps: float) -> None:
    times_s, pictures = _seen(RENDITIONS[f"fps_{fps:g}"](data, 90.0))
    assert np.diff(times_s) == pytest.approx(1 / fps, abs=2e-4)
    for time_s, grey in list(zip(times_s, pictures, strict=True))[:: len(pictures) // 6]:
        shown = np.floor(time_s * 25 + 1e-3)
        assert _bar_px(grey) == pytest.approx(2 * shown + 5.5, abs=1.5)


def test_pictures_in_between_follow_the_motion(data: bytes) -> None:
    times_s, pictures = _seen(RENDITIONS["fps_50_motion"](data, 90.0))
    assert np.diff(times_s) == pytest.approx(0.02, abs=2e-4)
    places = np.array([_bar_px(grey) for grey in pictures[10:60]])
    # one pixel a picture, where repeated pictures would move by none and by two in turn
    assert np.abs(np.diff(places) - 1.0).mean() < 0.5


def test_a_variable_rate_keeps_the_times_of_what_is_left(data: bytes) -> None:
    times_s, pictures = _seen(RENDITIONS["fps_variable"](data, 90.0))
    assert 30 <= len(times_s) <= 44
    assert np.diff(times_s).max() > 0.07
    assert _bar_px(pictures[-1]) == pytest.approx(2 * round(times_s[-1] * 25) + 5.5, abs=1.5)


def test_faces_are_made_as_small_as_wanted(data: bytes) -> None:
    with av.open(io.BytesIO(RENDITIONS["face_32px"](data, 64.0))) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (64, 48)


def _recorded(length_s: float) -> Recorded:
    count = round(25 * length_s) + 1
    return Recorded(
        mouths=np.zeros((count, 60, 60), np.uint8),
        times_s=np.arange(count) / 25,
        unit_px=40.0,
        yaw_deg=0.0,
        frames=count,
        samples=np.zeros(round(RATE * length_s), np.float32),
        sound_start_s=0.0,
    )


def _clip(name: str, source: str, unit: str = "") -> Clip:
    return Clip(
        name=name,
        path=Path(f"{name}.mp4"),
        corpus=source,
        source=source,
        identity=unit or name,
        unit=unit or name,
        trainable=True,
    )


def test_folds_hold_out_sources_and_people() -> None:
    rows = [("a", "A", "p"), ("b", "A", "q"), ("c", "B", "q"), ("d", "C", "r"), ("e", "C", "s")]
    pairs = [(_clip(name, source, unit), _recorded(4.0)) for name, source, unit in rows]
    short = (_clip("f", "D", "r"), _recorded(1.2))
    free = (_clip("g", "D", "t"), _recorded(1.2))
    found = folds([*pairs, short, free])
    assert [[clip.name for clip, _ in part] for part in found] == [["a", "b", "c"], ["d", "e"]]
    left = without([*pairs, short, free], found[1])
    # f is short and of another source, but shows a person of the fold
    assert [clip.name for clip, _ in left] == ["a", "b", "c", "g"]
    assert seconds(pairs[0][1]) == pytest.approx(4.0)


def _reading(score: float, offset_s: float = 0.0) -> Reading:
    features = np.full(len(FEATURES), score)
    return Reading(offset_s, offset_s - 0.02, offset_s + 0.02, features, 100.0)


def test_routes_are_counted_with_heads_of_the_other_fold() -> None:
    rng = np.random.default_rng(0)

    def fold(shift: float) -> list[Example]:
        return [
            Example(
                clip=_clip(f"c{shift}{n}", "X"),
                length_s=length_s,
                other=other,
                reading=_reading(
                    float(rng.normal(-2.0 if other else 2.0, 0.1)), 0.2 if n == 0 else 0.0
                ),
            )
            for n in range(10)
            for other in (False, True)
            for length_s in (2.5, np.inf)
        ]

    found = figures([fold(0), fold(1)], range(len(FEATURES)))
    assert found["whole: AUC"] == 1.0
    assert found["whole: flagged"] == 1.0
    assert found["whole: bits"] < 0.3


def _measured(source: str, offset_s: float) -> Measured:
    towers = Towers()
    name = f"{source}{offset_s}"
    item = Item(_clip(name, source), _recorded(5.0), SyncModel([towers]))
    return Measured(item, offset_s, [0.0, 0.01], [True, True], 0.0)


def test_a_source_that_is_late_as_a_whole_agrees_with_itself() -> None:
    late = [_measured("drama", offset_s) for offset_s in (0.19, 0.2, 0.2, 0.21)]
    lone = _measured("lone", 0.3)
    left = from_consensus([*late, lone])
    assert left[:4] == pytest.approx([-0.01, 0.0, 0.0, 0.01])
    assert left[4] is None
    rows = {str(row["what"]): row["value"] for row in offset_rows("x", [*late, lone])}
    assert rows["x: to the nearest frame, within 3 of 0"] == 0.0
    assert rows["x: within 1 of the median of its source's other clips"] == 1.0
    assert [far["from_source_s"] for far in far_clips([late[0], lone])] == [None, None]


def test_groups_of_speakers_are_read(tmp_path: Path) -> None:
    manifest = tmp_path / "m.csv"
    with manifest.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "identity", "group.gender", "group.gender.source"])
        rows.writerow(["a.mp4", "0", "p", "female", "list"])
    assert dict(read_clips([manifest])[0].group) == {"gender": "female"}


def test_vectors_of_mirrored_mouths_are_averaged(tmp_path: Path) -> None:
    torch.manual_seed(0)
    towers = Towers().eval()
    pictures = np.random.default_rng(0).standard_normal((20, 60, 60)).astype(np.float32)
    plain = SyncModel([towers])
    both = SyncModel([towers], mirrored=True)
    expected = (plain.lips(pictures) + plain.lips(pictures[:, :, ::-1])) / 2
    assert np.allclose(both.lips(pictures), expected, atol=1e-5)
    path = tmp_path / "m.safetensors"
    path.write_bytes(both.to_bytes({}))
    assert read_model(path).mirrored
    path.write_bytes(plain.to_bytes({}))
    assert not read_model(path).mirrored


class _ReachedError(Exception):
    """The towers were called; on which device stands in the message."""


class _Where(torch.nn.Module):
    def forward(self, given: torch.Tensor) -> torch.Tensor:
        return _told(given)


def _told(given: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
    raise _ReachedError(str(given.device))


def test_pictures_and_spectra_go_to_the_towers_device(monkeypatch: pytest.MonkeyPatch) -> None:
    towers = Towers()
    model = SyncModel([towers], device=torch.device("meta"))
    assert {str(value.device) for value in towers.state_dict().values()} == {"meta"}
    towers.sound = _Where()  # type: ignore[assignment]
    monkeypatch.setattr(torch.nn.functional, "interpolate", _told)
    with pytest.raises(_ReachedError, match="meta"):
        model.lips(np.zeros((30, 60, 60), np.float32))
    with pytest.raises(_ReachedError, match="meta"):
        model.sound(np.zeros((SPECTRA, BANDS), np.float32))
