"""Media within media: where a picture lies, and that a video is one still."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from avaudit.detector import Observed
from avaudit.detectors.known.embedded import EmbeddedDetector
from avaudit.detectors.known.embedded.rectangle import embedded_rectangle
from avaudit.samples.pictures import encode_image, scene, write_clip
from avaudit.testing import check_detector, examine


def page_with(rgb: np.ndarray, x: int, y: int) -> np.ndarray:
    """Draw a page with a head, lines of strokes and a picture."""
    page = np.full((700, 900, 3), 247, np.uint8)
    page[:50] = (30, 50, 80)
    for row in range(560, 680, 26):
        page[row : row + 9, 40:600:7] = 50
    page[y : y + rgb.shape[0], x : x + rgb.shape[1]] = rgb
    return page


@pytest.mark.parametrize("quality", [None, 75])
def test_a_picture_in_a_screenshot_is_placed(tmp_path: Path, quality: int | None) -> None:
    page = page_with(scene(np.random.default_rng(2), 400, 300), 210, 130)
    form, options = ("PNG", {}) if quality is None else ("JPEG", {"quality": quality})
    path = tmp_path / "page"
    path.write_bytes(encode_image(page, form, **options))
    outcome = examine(EmbeddedDetector(), path)
    assert isinstance(outcome, Observed)
    (fact,) = outcome.facts["embedded"]
    assert fact["what"] == "picture_in_picture"
    place = [fact["region"][key] for key in "xywh"]
    assert np.allclose(place, (210, 130, 400, 300), atol=4)
    assert outcome.regions[0].w == fact["region"]["w"]


def test_bars_are_told_apart_from_a_page(tmp_path: Path) -> None:
    framed = np.zeros((400, 400, 3), np.uint8)
    framed[60:340] = scene(np.random.default_rng(3), 400, 280)
    path = tmp_path / "bars.png"
    Image.fromarray(framed).save(path)
    outcome = examine(EmbeddedDetector(), path)
    assert isinstance(outcome, Observed)
    (fact,) = outcome.facts["embedded"]
    assert fact["what"] == "picture_with_bars"
    assert "top and bottom" in outcome.summary


def test_whole_pictures_hold_none() -> None:
    for seed in range(6):
        assert embedded_rectangle(scene(np.random.default_rng(seed), 320, 240)) is None
    assert embedded_rectangle(np.zeros((200, 200, 3), np.uint8)) is None
    assert embedded_rectangle(np.zeros((1, 1, 3), np.uint8)) is None


def write_still(path: Path) -> Path:
    """Write a video of one picture, with a tone."""
    moving = write_clip(path.with_name("moving.mp4"), np.random.default_rng(5), seconds=3)
    with av.open(str(moving)) as source, av.open(str(path), "w") as target:
        picture = next(source.decode(video=0))
        source.seek(0)
        video = target.add_stream("libx264", rate=25)
        video.width, video.height, video.pix_fmt = picture.width, picture.height, "yuv420p"
        sound = target.add_stream_from_template(source.streams.audio[0])
        for number in range(75):
            frame = picture.reformat(format="yuv420p")
            frame.pts, frame.time_base = number, 1 / video.codec_context.framerate
            target.mux(video.encode(frame))
        target.mux(video.encode())
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = sound
                target.mux(packet)
    return path


def test_a_video_of_one_still_with_sound_is_told(tmp_path: Path) -> None:
    still = write_still(tmp_path / "still.mp4")
    outcome = examine(EmbeddedDetector(), still)
    assert isinstance(outcome, Observed)
    assert [fact["what"] for fact in outcome.facts["embedded"]] == ["still_with_sound"]
    assert "with sound" in outcome.summary
    outcome = examine(EmbeddedDetector(), tmp_path / "moving.mp4")
    assert isinstance(outcome, Observed)
    assert outcome.facts["embedded"] == []


def test_the_detector_keeps_its_promises(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(page_with(scene(np.random.default_rng(2), 400, 300), 210, 130)).save(path)
    check_detector(EmbeddedDetector(), {"page": path})
