"""``media.faces``: what it counts, its strips, and its refusal to see faces where none are."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from skimage import data as portraits

from avaudit.detector import Abstained, Observed
from avaudit.detectors.media.faces import FacesDetector
from avaudit.media.faces.strip import MOST_CROPS, FaceStrips, time_code
from avaudit.media.types import ChunkFaces, FaceObservation, Frame
from avaudit.testing import check_detector, examine

WIDTH, HEIGHT = 240, 180


def write(path: Path, *, faces: int, empty: int) -> Path:
    """A portrait that moves to the right, then another scene without anybody."""
    head = Image.fromarray(portraits.astronaut()).crop((120, 0, 330, 250)).resize((134, 160))
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=25, options={"crf": "20"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(faces + empty):
            picture = Image.new("RGB", (WIDTH, HEIGHT), (60, 90, 120))
            if index < faces:
                picture.paste(head, (20 + index, 10))
            else:
                picture.paste((230, 220, 200), (0, 0, WIDTH // 2, HEIGHT))
            frame = av.VideoFrame.from_image(picture)
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return path


def test_a_track_its_end_and_its_strip(tmp_path: Path) -> None:
    clip = write(tmp_path / "clip.mp4", faces=20, empty=5)
    answer = examine(FacesDetector(), clip, scratch=tmp_path)
    assert isinstance(answer, Observed)
    facts = answer.facts
    assert (facts["frames"], facts["frames_with_a_face"], facts["track_count"]) == (25, 20, 1)
    assert facts["lost"] == {"shot_cut": 1}
    assert facts["cuts_s"] == [0.8]
    (track,) = facts["tracks"]
    assert (track["frames"], track["start_s"], track["end_s"]) == (20, 0.0, 0.76)
    assert track["ended"] == "shot_cut"
    assert "1 face track in 80% of the frames" in answer.summary
    (segment,) = answer.segments
    assert segment.label == "face track 1"
    (strip,) = answer.artefacts
    assert strip.title == "Face track 1, 0:00.0 to 0:00.8, from left to right"
    (place,) = tmp_path.rglob(strip.name)
    with Image.open(place) as picture:
        assert picture.height == 130
        assert picture.width == 112 * 4  # at 0, 0.2, 0.4 and 0.6 s


def test_nobody_abstains_with_counts(tmp_path: Path) -> None:
    clip = write(tmp_path / "clip.mp4", faces=0, empty=4)
    answer = examine(FacesDetector(), clip)
    assert isinstance(answer, Abstained)
    assert answer.code == "no_face"
    assert answer.facts["searches"] == 1


def test_the_promises_are_kept(tmp_path: Path) -> None:
    check_detector(FacesDetector(), {"portrait": write(tmp_path / "clip.mp4", faces=6, empty=0)})


def test_strips_are_bounded_and_even() -> None:
    strips = FaceStrips()
    picture = portraits.astronaut()
    marks = np.array([[204.0, 100], [247, 104], [225, 129], [203, 140], [246, 142]])
    for index in range(2000):
        frame = Frame(index=index, time_s=index / 25, width=512, height=512, load=picture.copy)
        face = FaceObservation(
            track=1,
            frame=frame,
            box=(179.0, 59.0, 89.0, 117.0),
            landmarks=marks,
            confidence=1.0,
            detected=False,
        )
        strips.feed(ChunkFaces(observations=(face,)))
    times = [time for time, _ in strips._strips[1].crops]
    assert len(times) <= MOST_CROPS
    assert times[0] == 0.0
    assert times[-1] > 60
    assert np.ptp(np.diff(times)) < 0.05 * np.diff(times).mean()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0, "0:00.0"), (59.96, "1:00.0"), (7325.44, "2:02:05.4")]
)
def test_time_codes(seconds: float, text: str) -> None:
    assert time_code(seconds) == text
