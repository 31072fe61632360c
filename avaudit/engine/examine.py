"""Examining one file with a set of detectors: the loop inside the worker.

The file is opened once; detectors that read bytes run one after the other; all others are
fed the same decoded chunks in one pass. What each detector says is handed out as soon as it
is known, so that a crash later in the file loses nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from ..conditions.measure import ConditionMeter
from ..confinement.limits import Limits
from ..detector import Abstained, Answered, Detector, Examination, Need, Outcome
from ..errors import ExaminationError
from ..media.intake import Opened, open_media
from ..media.source import Source
from ..media.types import Chunk, MediaInfo, MediaKind
from .faces import with_faces
from .failures import as_examination_error
from .reshare import Kept, can_reshare
from .reshare_clip import clip_under


@dataclass(frozen=True)
class Stage:
    """What the worker is about to do after intake; if it dies, this is where."""

    name: str


@dataclass(frozen=True)
class Recognised:
    """What intake found, with the thumbnail's file name in the scratch folder."""

    media: MediaInfo
    thumbnail: str | None


@dataclass(frozen=True)
class Answer:
    """One detector's answer, or how it failed; ``seconds`` is its own time.

    ``condition`` names what was imposed on the item; it is empty for the item as it came.
    """

    detector: str
    outcome: Outcome | ExaminationError
    seconds: float
    condition: str = ""


@dataclass(frozen=True)
class Measured:
    """The item's conditions (see :meth:`avaudit.conditions.measure.Conditions.to_dict`)."""

    conditions: dict[str, float | int | str]


Event = Stage | Recognised | Answer | Measured


@dataclass(frozen=True)
class WorkItem:
    """One file as its detectors see it (see :class:`avaudit.detector.Item`)."""

    media: MediaInfo
    scratch_place: Path
    source: Source
    sidecar: bytes | None = None
    data_dirs: Mapping[str, Path] = field(default_factory=dict)

    @property
    def scratch(self) -> Path:
        """The detector's scratch folder, made when first asked for: most need none."""
        self.scratch_place.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.scratch_place

    def open(self) -> BinaryIO:
        """Open the bytes at position 0."""
        return self.source.open()


@dataclass(frozen=True)
class Assignment:
    """What to do with one open file; ``impose`` names conditions to try it under as well."""

    fd: int
    scratch: Path
    sidecar: bytes | None = None
    data_dirs: Mapping[str, Path] = field(default_factory=dict)
    threads: int = 0
    impose: tuple[str, ...] = ()

    @cached_property
    def source(self) -> Source:
        """The file, for all that read it."""
        return Source(self.fd)


def examine(
    assignment: Assignment, detectors: Mapping[str, Detector], limits: Limits
) -> Iterator[Event]:
    """Examine one file and hand out events as they come."""
    try:
        opened = open_media(assignment.source, limits, threads=assignment.threads)
    except Exception as error:  # noqa: BLE001 - every failure is an answer
        failure = as_examination_error(error)
        yield from (Answer(name, failure, 0.0) for name in detectors)
        return
    decoding = any(
        d.needs - {Need.BYTES} and opened.media.kind in d.kinds for d in detectors.values()
    )
    # no pixel is decoded for a thumbnail alone
    thumbnail = _thumbnail(opened, assignment.scratch) if decoding else None
    yield Recognised(opened.media, thumbnail)
    suited: dict[str, Detector] = {}
    for name, detector in detectors.items():
        if opened.media.kind in detector.kinds:
            suited[name] = detector
        else:
            yield Answer(name, _not_for(detector, opened.media), 0.0)
    readers = {n: d for n, d in suited.items() if d.needs <= {Need.BYTES}}
    for name, detector in readers.items():
        yield Stage(name)
        yield _Run(name, detector, assignment, opened.media).finished()
    watchers = {n: d for n, d in suited.items() if n not in readers}
    if watchers:
        yield Stage("decode")
        yield from _watch(watchers, assignment, opened, limits)


class _Run:
    """One detector on one file, with its clock. An exception ends this run and no other."""

    def __init__(
        self, name: str, detector: Detector, assignment: Assignment, media: MediaInfo
    ) -> None:
        self.name = name
        self.needs = detector.needs
        self.seconds = 0.0
        self.failure: ExaminationError | None = None
        self.examination: Examination | None = None
        scratch = assignment.scratch / name
        with self._timed():
            dirs = {key: assignment.data_dirs[key] for key in detector.reads}
            item = WorkItem(media, scratch, assignment.source, assignment.sidecar, dirs)
            self.examination = detector.begin(item)

    @property
    def waiting(self) -> bool:
        """Whether its answer still depends on what it is fed."""
        return self.failure is None and not isinstance(self.examination, Answered)

    def _timed(self) -> _Timed:
        return _Timed(self)

    def feed(self, chunk: Chunk) -> None:
        if self.failure is None and self.examination is not None:
            with self._timed():
                self.examination.feed(chunk)

    def finished(self) -> Answer:
        outcome: Outcome | None = None
        if self.failure is None and self.examination is not None:
            with self._timed():
                outcome = self.examination.finish()
        if outcome is None:
            outcome_or_failure = self.failure or ExaminationError("internal_error", "no answer")
            return Answer(self.name, outcome_or_failure, self.seconds)
        return Answer(self.name, outcome, self.seconds)


class _Timed:
    """Adds the time spent to a run, and turns an exception into its failure."""

    def __init__(self, run: _Run) -> None:
        self._run = run
        self._start = 0.0

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self._run.seconds += time.perf_counter() - self._start
        if isinstance(error, Exception):
            self._run.failure = as_examination_error(error)
            return True
        return False


def _watch(
    watchers: Mapping[str, Detector], assignment: Assignment, opened: Opened, limits: Limits
) -> Iterator[Answer | Measured | Stage]:
    if opened.problem is not None or opened.chunks is None:
        failure = opened.problem or ExaminationError(
            "decode_error", f"{opened.media.media_type} holds nothing that can be decoded here"
        )
        yield from (Answer(name, failure, 0.0) for name in watchers)
        return
    runs = [_Run(name, d, assignment, opened.media) for name, d in watchers.items()]
    meter = _Meter(assignment, opened.media)
    kept = Kept()
    try:
        for chunk in with_faces(_needed(opened.chunks(), runs), runs, opened.media.kind):
            for run in runs:
                part = _part_for(run.needs, chunk)
                if part is not None:
                    run.feed(part)
            meter.feed(chunk)
            if assignment.impose:
                kept.feed(chunk)
    except Exception as error:  # noqa: BLE001 - a decoder's failure is every watcher's answer
        failure = as_examination_error(error)
        yield meter.finished()
        yield from (Answer(run.name, run.failure or failure, run.seconds) for run in runs)
        return
    yield meter.finished()
    yield from (run.finished() for run in runs)
    yield from _reshared(watchers, assignment, opened.media, kept, limits)


def _reshared(
    watchers: Mapping[str, Detector],
    assignment: Assignment,
    media: MediaInfo,
    kept: Kept,
    limits: Limits,
) -> Iterator[Answer | Stage]:
    """Ask again of the item as it would be under other conditions."""
    aside = replace(assignment, scratch=assignment.scratch / "reshared")
    for condition in assignment.impose:
        asked = {n: d for n, d in watchers.items() if can_reshare(d, condition)}
        if not asked:
            continue
        yield Stage("reshare")
        chunks = kept.under(condition)
        if any(detector.needs & {Need.FRAMES, Need.FACES} for detector in asked.values()):
            chunks = clip_under(
                condition, assignment.source, media, aside.scratch, limits, threads=aside.threads
            )
        runs = [_Run(name, detector, aside, media) for name, detector in asked.items()]
        for answer in _asked_again(runs, chunks, media.kind):
            yield replace(answer, condition=condition)


def _asked_again(runs: list[_Run], chunks: Iterator[Chunk], kind: MediaKind) -> list[Answer]:
    try:
        for chunk in with_faces(chunks, runs, kind):
            for run in runs:
                part = _part_for(run.needs, chunk)
                if part is not None:
                    run.feed(part)
        return [run.finished() for run in runs]
    except Exception as error:  # noqa: BLE001 - what could not be imposed is the answer
        failure = as_examination_error(error)
        return [Answer(run.name, run.failure or failure, run.seconds) for run in runs]


class _Meter:
    """Meters the chunks after the detectors had them. If it fails, that is told, and no more."""

    def __init__(self, assignment: Assignment, media: MediaInfo) -> None:
        self._meter = ConditionMeter(media, assignment.source.open)
        self._problem: Exception | None = None

    def feed(self, chunk: Chunk) -> None:
        if self._problem is None:
            try:
                self._meter.feed(chunk)
            except Exception as error:  # noqa: BLE001 - told in place of the measurements
                self._problem = error

    def finished(self) -> Measured:
        try:
            if self._problem is None:
                return Measured(self._meter.finish().to_dict())
        except Exception as error:  # noqa: BLE001 - told in place of the measurements
            self._problem = error
        return Measured({"not_measured": as_examination_error(self._problem).text[:200]})


def _needed(chunks: Iterator[Chunk], runs: list[_Run]) -> Iterator[Chunk]:
    """Stop decoding after the first chunk when nobody wants more than the first picture."""
    for chunk in chunks:
        yield chunk
        if all(run.failure is not None or run.needs <= {Need.BYTES, Need.IMAGE} for run in runs):
            return


def _part_for(needs: frozenset[Need], chunk: Chunk) -> Chunk | None:
    """Give the part of a chunk a detector has declared to need."""
    pictures = needs & {Need.FRAMES, Need.FACES}
    frames = chunk.frames if pictures else ()
    if not pictures and Need.IMAGE in needs and chunk.index == 0:
        frames = chunk.frames[:1]
    audio = chunk.audio if Need.AUDIO in needs else ()
    if not frames and not audio:
        return None
    faces = chunk.faces if Need.FACES in needs else None
    return replace(chunk, frames=frames, audio=audio, faces=faces)


def _not_for(detector: Detector, media: MediaInfo) -> Abstained:
    kinds = ", ".join(sorted(kind.value for kind in detector.kinds))
    return Abstained(
        code="format_not_supported",
        text=f"{detector.card.title} examines {kinds}; this is {media.media_type}",
    )


def _thumbnail(opened: Opened, scratch: Path) -> str | None:
    try:
        scratch.mkdir(mode=0o700, exist_ok=True)
        return opened.thumbnail(scratch)
    except Exception:  # noqa: BLE001 - a picture for the reader; the decoding detectors tell why
        return None
