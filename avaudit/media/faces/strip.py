"""Pictures of face tracks for people: a strip of crops over time, with time codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from ..types import ChunkFaces, FaceObservation
from .crops import face_crop

CROP_PX = 112
MOST_CROPS = 12
FIRST_EVERY_S = 0.2
MOST_TRACKS = 12
CAPTION_PX = 18


def time_code(seconds: float) -> str:
    """Give a time as people write it.

    Examples
    --------
    >>> time_code(75.26), time_code(3675.0), time_code(-0.5)
    ('1:15.3', '1:01:15.0', '-0:00.5')
    """
    tenths = round(abs(seconds) * 10)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{'-' if seconds < 0 else ''}{start}:{rest // 10:02d}.{rest % 10}"


@dataclass
class _Strip:
    track: int
    start_s: float
    end_s: float
    every_s: float = FIRST_EVERY_S
    due_s: float = float("-inf")
    crops: list[tuple[float, Image.Image]] = field(default_factory=list)

    def take(self, face: FaceObservation) -> None:
        """Keep a crop if it is time; thin the kept ones out when they become too many."""
        self.end_s = face.time_s
        if face.time_s < self.due_s:
            return
        self.crops.append((face.time_s, Image.fromarray(face_crop(face, CROP_PX))))
        if len(self.crops) > MOST_CROPS:
            self.crops, self.every_s = self.crops[::2], self.every_s * 2
        self.due_s = self.crops[-1][0] + self.every_s

    def drawn(self) -> Image.Image:
        """Draw the crops side by side, the time under each."""
        sheet = Image.new("RGB", (CROP_PX * len(self.crops), CROP_PX + CAPTION_PX), "white")
        pen, font = ImageDraw.Draw(sheet), ImageFont.load_default()
        for place, (time_s, crop) in enumerate(self.crops):
            sheet.paste(crop, (place * CROP_PX, 0))
            pen.text((place * CROP_PX + 4, CROP_PX + 2), time_code(time_s), "black", font)
        return sheet


@dataclass(frozen=True)
class DrawnStrip:
    """A strip that was written: its file name, its track and the seconds it covers."""

    name: str
    track: int
    start_s: float
    end_s: float


class FaceStrips:
    """Collects crops of all tracks and writes one picture for each; memory is bounded.

    Of more than 12 tracks, the first ones are drawn.
    """

    def __init__(self) -> None:
        self._strips: dict[int, _Strip] = {}

    def feed(self, faces: ChunkFaces) -> None:
        """Take the faces of a chunk."""
        for face in faces.observations:
            strip = self._strips.get(face.track)
            if strip is None and len(self._strips) < MOST_TRACKS:
                strip = _Strip(face.track, face.time_s, face.time_s)
                self._strips[face.track] = strip
            if strip is not None:
                strip.take(face)

    def write(self, folder: Path) -> list[DrawnStrip]:
        """Write ``face-track-N.jpg`` into a folder, such as a detector's scratch."""
        drawn = []
        for strip in self._strips.values():
            name = f"face-track-{strip.track}.jpg"
            strip.drawn().save(folder / name, "JPEG", quality=88)
            drawn.append(DrawnStrip(name, strip.track, strip.start_s, strip.end_s))
        return drawn
