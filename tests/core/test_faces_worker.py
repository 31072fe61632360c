"""Faces in the worker: found once for all detectors, and only where one needs them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image
from skimage import data as portraits

from avaudit.card import Card
from avaudit.conditions.measure import ConditionMeter
from avaudit.confinement.limits import Limits
from avaudit.detector import Detector, Examination, Item, Need, Observed, Outcome
from avaudit.engine.examine import Answer, Assignment, Measured, examine
from avaudit.errors import ExaminationError
from avaudit.media.faces.finder import FaceFinder
from avaudit.media.types import Chunk, ChunkFaces, FaceObservation, Frame, MediaInfo, MediaKind


class Counter(Detector, Examination):
    """Counts the faces it is given."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.FACES})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.IMAGE, MediaKind.VIDEO})

    def __init__(self) -> None:
        self.faces: list[FaceObservation] = []
        self.asked = False

    @property
    def card(self) -> Card:
        return Card(name="c", version="1", title="c", asks="?", does_not_say=(), sha256="")

    def begin(self, item: Item) -> Examination:
        return self

    def feed(self, chunk: Chunk) -> None:
        self.asked |= chunk.faces is not None
        self.faces += chunk.faces.observations if chunk.faces else ()

    def finish(self) -> Outcome:
        return Observed(summary="", facts={"faces": len(self.faces)})


class Watcher(Counter):
    """Sees the frames and asks for no faces."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.FRAMES})


@pytest.fixture
def portrait(tmp_path: Path) -> Path:
    path = tmp_path / "portrait.png"
    Image.fromarray(portraits.astronaut()).save(path)
    return path


def events_of(path: Path, tmp_path: Path, **detectors: Detector) -> list[object]:
    with path.open("rb") as file:
        assignment = Assignment(fd=file.fileno(), scratch=tmp_path / "scratch")
        return list(examine(assignment, detectors, Limits()))


def test_each_face_is_found_once_for_all(
    portrait: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    find = FaceFinder.find
    monkeypatch.setattr(FaceFinder, "find", lambda self, c: calls.append(c) or find(self, c))
    one, other, watcher = Counter(), Counter(), Watcher()
    events = events_of(portrait, tmp_path, one=one, other=other, watcher=watcher)
    assert len(calls) == 1
    assert one.faces[0] is other.faces[0]
    assert not watcher.asked
    measured = next(event for event in events if isinstance(event, Measured)).conditions
    assert measured["face_tracks"] == 1
    assert measured["face_share"] == 1.0
    assert measured["face_px"] == pytest.approx(116.5, abs=3)


def test_a_failing_search_fails_only_who_needs_it(
    portrait: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: FaceFinder, chunk: Chunk) -> ChunkFaces:
        raise ValueError("a network of paper")

    monkeypatch.setattr(FaceFinder, "find", broken)
    events = events_of(portrait, tmp_path, counter=Counter(), watcher=Watcher())
    answers = {e.detector: e.outcome for e in events if isinstance(e, Answer)}
    assert isinstance(answers["counter"], ExaminationError)
    assert "a network of paper" in answers["counter"].text
    assert isinstance(answers["watcher"], Observed)


def test_torch_is_loaded_only_for_faces(portrait: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from avaudit.testing import examine\n"
        "from avaudit.detectors.provenance.metadata import MetadataDetector\n"
        "import avaudit.media.faces, avaudit.engine.worker\n"
        f"examine(MetadataDetector(), {str(portrait)!r})\n"
        "assert 'torch' not in sys.modules, 'torch was imported'"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_faces_that_nobody_asked_for_are_not_measured() -> None:
    info = MediaInfo(kind=MediaKind.VIDEO, media_type="video/mp4", size_bytes=1)
    frame = Frame(index=0, time_s=0.0, width=8, height=8, load=portraits.astronaut)
    meter = ConditionMeter(info)
    meter.feed(Chunk(index=0, start_s=0.0, end_s=1.0, frames=(frame,)))
    assert "face_share" not in meter.finish().to_dict()
    meter = ConditionMeter(info)
    meter.feed(Chunk(index=0, start_s=0.0, end_s=1.0, frames=(frame,), faces=ChunkFaces()))
    measured = meter.finish().to_dict()
    assert (measured["face_share"], measured["face_tracks"]) == (0.0, 0)
    assert "face_px" not in measured
