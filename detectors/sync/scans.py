"""What the published networks of lips and sound do alike: scan shifts, track by track, and answer.

A scan says, for every shift of the sound, how well it goes with the lips. Offset and confidence
are those of Chung & Zisserman 2016 (section 3.3): the best shift, and how far it stands above the
median of all shifts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from avaudit.detector import (
    Abstained,
    Answered,
    Detector,
    Examination,
    Item,
    JsonValue,
    Need,
    Outcome,
    Scored,
    Segment,
)
from avaudit.errors import ExaminationError
from avaudit.media.types import Chunk, MediaKind
from avaudit.weights import pulled

from .stretches import PICTURES_PER_S, Budget, Crop, Stretch, Stretches

REACH = 15
"""Shifts that are tried, in pictures of 40 ms to either side."""
SHORTEST_S = (2 * REACH + 25) / PICTURES_PER_S
"""The reach is taken off both ends, so that every shift sees the same pictures; a second stays."""
SILENT = 1e-4
"""Root mean square of sound, in full scales, below which nothing is heard."""

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scan:
    """Of one stretch: how well lips and sound agree, by shift; higher is better.

    Entry k of ``agreement`` belongs to sound that is k - 15 pictures late. ``speaking`` is the
    probability that the face speaks, by shift, where the network gives one. ``pictures`` is how
    many were averaged.
    """

    agreement: Array
    pictures: int
    speaking: Array | None = None


def offset_and_confidence(agreement: Array) -> tuple[int, float]:
    """Give the best shift in pictures (positive: sound late) and its lead over the median.

    Examples
    --------
    >>> import numpy as np
    >>> distances = np.array([9.0, 8.0, 3.0, 8.5, 9.5])
    >>> offset_and_confidence(-distances)
    (0, 5.5)
    """
    best = int(np.argmax(agreement))
    return best - len(agreement) // 2, float(agreement[best] - np.median(agreement))


class Scanner(Protocol):
    """A network that scans stretches."""

    def scan(self, stretch: Stretch) -> Scan:
        """Scan one stretch."""
        ...


@dataclass
class _Track:
    number: int
    start_s: float
    end_s: float
    box: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    scans: list[Scan] = field(default_factory=list)

    def mean(self, of: Callable[[Scan], Array | None]) -> Array | None:
        """Average something over the scans, by their pictures."""
        values = [of(scan) for scan in self.scans]
        weights = [scan.pictures for scan in self.scans]
        known = [value for value in values if value is not None]
        if len(known) < len(values) or not known:
            return None
        return np.asarray(np.average(np.stack(known), axis=0, weights=weights))

    @property
    def agreement(self) -> Array:
        """Agreement by shift over the whole track."""
        mean = self.mean(lambda scan: scan.agreement)
        assert mean is not None
        return mean

    @property
    def speaking(self) -> float | None:
        """Probability that the face speaks, at the best shift."""
        mean = self.mean(lambda scan: scan.speaking)
        return None if mean is None else float(mean[int(np.argmax(self.agreement))])

    def facts(self) -> dict[str, JsonValue]:
        """Give the track as facts."""
        offset, confidence = offset_and_confidence(self.agreement)
        speaking = self.speaking
        return {
            "track": self.number,
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "box": [round(value, 1) for value in self.box],
            "offset_s": round(offset / PICTURES_PER_S, 3),
            "confidence": round(confidence, 4),
            **({} if speaking is None else {"speaking": round(speaking, 4)}),
            "pictures": sum(scan.pictures for scan in self.scans),
        }


class ScanExamination(Examination):
    """Scans the faces of one file.

    Parameters
    ----------
    scanner
        The network.
    crop
        What it wants to see of a face.
    longest_s
        Length of a stretch.
    budget
        How many stretches are all scanned; of more, ever fewer.
    """

    def __init__(self, scanner: Scanner, crop: Crop, *, longest_s: float, budget: int) -> None:
        self._scanner = scanner
        self._stretches = Stretches(crop, longest_s=longest_s, shortest_s=SHORTEST_S)
        self._budget = Budget(budget)
        self._tracks: dict[int, _Track] = {}
        self._segments: list[Segment] = []
        self._faces = 0
        self._silent = 0
        self._boxes: dict[int, tuple[float, float, float, float]] = {}

    def feed(self, chunk: Chunk) -> None:
        """Take a chunk and scan what is ready."""
        for face in chunk.faces.observations if chunk.faces else ():
            self._faces += 1
            self._boxes[face.track] = face.box
        for stretch in self._stretches.feed(chunk):
            self._take(stretch)
        if chunk.faces:
            alive = {face.track for face in chunk.faces.observations} | set(self._tracks)
            self._boxes = {n: box for n, box in self._boxes.items() if n in alive}

    def _take(self, stretch: Stretch) -> None:
        if float(np.sqrt(np.mean(np.square(stretch.sound)))) < SILENT:
            self._silent += 1
            return
        if not self._budget.takes():
            return
        scan = self._scanner.scan(stretch)
        track = self._tracks.setdefault(
            stretch.track, _Track(stretch.track, stretch.start_s, stretch.end_s)
        )
        track.end_s = stretch.end_s
        track.box = self._boxes.get(stretch.track, track.box)
        track.scans.append(scan)
        offset, confidence = offset_and_confidence(scan.agreement)
        label = f"track {track.number}, sound {offset / PICTURES_PER_S:+.2f} s"
        self._segments.append(
            Segment(start_s=stretch.start_s, end_s=stretch.end_s, score=-confidence, label=label)
        )

    def finish(self) -> Outcome:
        """Answer for the speaking face; all faces stand in the facts."""
        for stretch in self._stretches.flush():
            self._take(stretch)
        facts: dict[str, JsonValue] = {
            "sound_s": round(self._stretches.sound_s, 3),
            **self._budget.counts,
            "silent_stretches": self._silent,
        }
        if not self._tracks:
            return self._abstained(facts)
        tracks = list(self._tracks.values())
        chosen = max(tracks, key=_speaks)
        offset, confidence = offset_and_confidence(chosen.agreement)
        offset_s = offset / PICTURES_PER_S
        facts |= {
            "track": chosen.number,
            "offset_s": round(offset_s, 3),
            "confidence": round(confidence, 4),
            "agreement_by_shift": [round(float(value), 4) for value in chosen.agreement],
            "shifts_s": [round(n / PICTURES_PER_S, 2) for n in range(-REACH, REACH + 1)],
            "tracks": [track.facts() for track in tracks],
        }
        when = "late" if offset > 0 else "early"
        words = f"{abs(offset_s):.2f} s {when}" if offset else "in time"
        return Scored(
            score=-confidence,
            summary=f"Face track {chosen.number}: the sound goes best with the lips {words}, "
            f"confidence {confidence:.2f}.",
            facts=facts,
            segments=tuple(self._segments),
        )

    def _abstained(self, facts: dict[str, JsonValue]) -> Abstained:
        if not self._stretches.sound_s:
            return Abstained(code="no_sound", text="The file has no sound.", facts=facts)
        if not self._faces:
            return Abstained(code="no_face", text="No face was found.", facts=facts)
        if self._silent:
            text = "While a face is seen, nothing is heard."
            return Abstained(code="no_speech", text=text, facts=facts)
        text = f"No face is seen with sound for {SHORTEST_S:.1f} s without a break."
        return Abstained(code="too_short", text=text, facts=facts)


def _speaks(track: _Track) -> float:
    speaking = track.speaking
    return offset_and_confidence(track.agreement)[1] if speaking is None else speaking


class PublishedSync(Detector):
    """A published network of lips and sound, on weights the user has pulled.

    H1: the lips were not recorded with this sound; H2: they were.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({Need.FACES, Need.AUDIO})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.VIDEO})
    reads: ClassVar[tuple[str, ...]] = ("weights",)

    def __init__(self) -> None:
        self._scanner: Scanner | None = None

    def load(self, weights: Path) -> Scanner:
        """Load the network; heavy imports belong in here."""
        raise NotImplementedError

    def examination(self, scanner: Scanner) -> Examination:
        """Start examining with the network."""
        raise NotImplementedError

    def prepare(self, data_dirs: Mapping[str, Path]) -> None:
        """Load the network before the walls go up; a failure is told file by file, not here."""
        with suppress(ExaminationError):
            self._loaded(data_dirs)

    def begin(self, item: Item) -> Examination:
        """Start examining a file.

        Raises
        ------
        ExaminationError
            When the weights are there and cannot be used.
        """
        scanner = self._loaded(item.data_dirs)
        return Answered(scanner) if isinstance(scanner, Abstained) else self.examination(scanner)

    def _loaded(self, data_dirs: Mapping[str, Path]) -> Scanner | Abstained:
        if self._scanner is None:
            found = pulled(self.card, data_dirs["weights"])
            if isinstance(found, Abstained):
                return found
            (path,) = found.values()
            self._scanner = self.load(path)
        return self._scanner
