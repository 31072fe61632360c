"""One file from path to findings: have it examined, hash it, collect what comes back.

The parent does no parsing. It opens the file, hands the descriptor to a confined worker,
hashes the file meanwhile, and checks all the worker says. When the worker dies, what it had
already found is kept, the stage at which it died is marked as failed, and the rest is tried
in a fresh one.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..detector import Detector
from ..media.types import MediaInfo
from ..result import Artefact, DetectorRef, Finding, Question, Reason
from .artefacts import ArtefactStore, UnsafeArtefactError
from .client import Died, WorkerProcess
from .messages import (
    AnswerMessage,
    AnyMessage,
    ArtefactNote,
    ConditionsMessage,
    MediaMessage,
    StageMessage,
)

HASH_BLOCK_BYTES = 1 << 20
RESHARE = "reshare"
GetWorker = Callable[[], WorkerProcess]


@dataclass
class Examined:
    """What became of one file."""

    subject: str
    sha256: str | None = None
    size_bytes: int | None = None
    mtime_ns: int | None = None
    media: dict[str, Any] | None = None
    thumbnail: Artefact | None = None
    conditions: dict[str, float | int | str] | None = None
    sidecar_sha256: str | None = None
    findings: dict[str, Finding] = field(default_factory=dict)
    reshared: dict[str, dict[str, Finding]] = field(default_factory=dict)
    """By detector and imposed condition: what it said of the item as it would then be."""
    reshare_problem: Reason | None = None
    """Why answers under imposed conditions are missing, where the worker died over them."""


def examine_path(
    subject: str,
    path: Path,
    sidecar: Path | None,
    detectors: Mapping[str, Detector],
    get_worker: GetWorker,
    artefacts: ArtefactStore,
    impose: Sequence[str] = (),
) -> Examined:
    """Examine one file; whatever is wrong with it becomes findings, never an exception.

    Parameters
    ----------
    subject
        The subject's id in the report.
    path, sidecar
        The file, and its C2PA sidecar if there is one.
    detectors
        The detectors to run, by name (used here for their cards only).
    get_worker
        Gives a live worker, a fresh one when the last has died.
    artefacts
        Where thumbnails and artefacts go.
    impose
        Conditions to try the item under as well (see :mod:`avaudit.engine.reshare`).
    """
    examined = Examined(subject)
    fds: list[int] = []
    try:
        try:
            fds = [_open_regular(p) for p in (path, sidecar) if p is not None]
            status = os.fstat(fds[0])
            examined.mtime_ns, examined.size_bytes = status.st_mtime_ns, status.st_size
        except OSError as error:
            _fail(examined, detectors, _open_failure(error))
            return examined
        _examine_open(examined, fds, detectors, get_worker, artefacts, impose)
        if examined.sha256 is not None:
            _check_unchanged(examined, fds[0], detectors)
    finally:
        for fd in fds:
            os.close(fd)
    return examined


def _examine_open(
    examined: Examined,
    fds: list[int],
    detectors: Mapping[str, Detector],
    get_worker: GetWorker,
    artefacts: ArtefactStore,
    impose: Sequence[str],
) -> None:
    remaining = list(detectors)
    while remaining:
        worker = get_worker()
        stage, died = "intake", None
        try:
            messages = _hand_over(examined, fds, worker, remaining, impose)
        except OSError as error:
            _fail(examined, detectors, _open_failure(error))
            return
        for message in messages:
            if isinstance(message, Died):
                died = message
            elif isinstance(message, StageMessage):
                stage = message.name
            elif isinstance(message, MediaMessage):
                _take_media(examined, message, worker, artefacts)
            elif isinstance(message, ConditionsMessage):
                examined.conditions = message.values
            elif isinstance(message, AnswerMessage):
                _take_answer(examined, message, detectors, worker, artefacts, remaining, impose)
        worker.clean()
        if died is None:
            reason = Reason(code="internal_error", text="the worker gave no answer")
            _fail(examined, {name: detectors[name] for name in remaining}, reason)
            return
        guilty = [stage] if stage in remaining else _stopped_at(stage, remaining, detectors)
        reason = Reason(code=died.code, text=died.text)
        examined.reshare_problem = reason if stage == RESHARE else None
        _fail(examined, {name: detectors[name] for name in guilty}, reason)
        remaining = [name for name in remaining if name not in guilty]


def _hand_over(
    examined: Examined,
    fds: list[int],
    worker: WorkerProcess,
    remaining: Sequence[str],
    impose: Sequence[str],
) -> Iterator[AnyMessage | Died]:
    """Set the worker to work, and hash the file while it reads."""
    assert examined.size_bytes is not None
    messages = worker.examine(fds, examined.size_bytes, remaining, impose)
    if examined.sha256 is not None:
        return messages
    try:
        if len(fds) > 1:
            examined.sidecar_sha256, _ = _hash(fds[1])
        examined.sha256, examined.size_bytes = _hash(fds[0], examined.size_bytes)
    except OSError:
        for _ in messages:
            pass  # the worker has to be done with this file before it gets the next
        worker.clean()
        raise
    return messages


def _take_answer(
    examined: Examined,
    message: AnswerMessage,
    detectors: Mapping[str, Detector],
    worker: WorkerProcess,
    artefacts: ArtefactStore,
    remaining: list[str],
    impose: Sequence[str],
) -> None:
    """Keep an answer, of the item as it came or under an imposed condition, if it was asked for."""
    name = message.detector
    if message.condition:
        if message.condition in impose and name in detectors:
            finding = _bare_finding(examined.subject, message, detectors)
            examined.reshared.setdefault(name, {})[message.condition] = finding
    elif name in remaining:
        examined.findings[name] = _finding(examined.subject, message, detectors, worker, artefacts)
        remaining.remove(name)


def _stopped_at(stage: str, remaining: list[str], detectors: Mapping[str, Detector]) -> list[str]:
    """Give the detectors that cannot have their answer because a shared stage failed."""
    if stage == "decode":
        return [name for name in remaining if detectors[name].needs - {"bytes"}]
    return list(remaining)


def _bare_finding(
    subject: str, message: AnswerMessage, detectors: Mapping[str, Detector]
) -> Finding:
    """Give an answer as a finding without its artefacts."""
    detector = detectors[message.detector]
    return Finding(
        subject=subject,
        detector=detector_ref(detector),
        question=_question(detector),
        outcome=message.outcome,
        reason=message.reason,
        summary=message.summary,
        score=message.score,
        facts=message.facts,
        segments=message.segments,
        regions=message.regions,
        indications=message.indications,
        does_not_say=list(detector.card.does_not_say),
        seconds=round(message.seconds, 6),
    )


def _finding(
    subject: str,
    message: AnswerMessage,
    detectors: Mapping[str, Detector],
    worker: WorkerProcess,
    artefacts: ArtefactStore,
) -> Finding:
    finding = _bare_finding(subject, message, detectors)
    if not message.artefacts:
        return finding
    folder = worker.item_folder / message.detector
    kept, refused = _keep(message.artefacts, folder, artefacts)
    reason = message.reason
    if refused:
        reason = reason or Reason(code="artefact_refused", text="; ".join(refused))
    return finding.model_copy(update={"artefacts": kept, "reason": reason})


def _keep(
    notes: list[ArtefactNote], folder: Path, artefacts: ArtefactStore
) -> tuple[list[Artefact], list[str]]:
    kept: list[Artefact] = []
    refused: list[str] = []
    for note in notes:
        try:
            kept.append(artefacts.keep(folder / note.name, note.media_type, note.role, note.title))
        except UnsafeArtefactError as error:
            refused.append(str(error))
    return kept, refused


def _take_media(
    examined: Examined, message: MediaMessage, worker: WorkerProcess, artefacts: ArtefactStore
) -> None:
    examined.media = {
        key: value for key, value in message.media.items() if key in MediaInfo.__dataclass_fields__
    }
    if message.thumbnail is not None:
        try:
            examined.thumbnail = artefacts.keep(
                worker.item_folder / Path(message.thumbnail).name, "image/jpeg", "thumbnail", ""
            )
        except UnsafeArtefactError:
            examined.thumbnail = None  # a convenience for the reader, told by its absence


def detector_ref(detector: Detector) -> DetectorRef:
    """Give the reference to a detector that stands in each of its findings."""
    card = detector.card
    return DetectorRef(
        name=card.name,
        version=card.version,
        card_sha256=card.sha256,
        title=card.title,
        asks=card.asks,
    )


def _question(detector: Detector) -> Question | None:
    question = detector.card.question
    return Question(h1=question.h1, h2=question.h2) if question else None


def failed_everywhere(subject: str, detectors: Mapping[str, Detector], reason: Reason) -> Examined:
    """Give a subject of which every examination failed for one reason."""
    examined = Examined(subject)
    _fail(examined, detectors, reason)
    return examined


def _fail(examined: Examined, detectors: Mapping[str, Detector], reason: Reason) -> None:
    for name, detector in detectors.items():
        examined.findings[name] = Finding(
            subject=examined.subject,
            detector=detector_ref(detector),
            question=_question(detector),
            outcome="failed",
            reason=reason,
            does_not_say=list(detector.card.does_not_say),
        )


def _open_regular(path: Path) -> int:
    # O_NONBLOCK: opening a named pipe must not wait for somebody to write into it
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError("it is no regular file (a pipe, device or socket)")
    return fd


def _hash(fd: int, expected_bytes: int = HASH_BLOCK_BYTES) -> tuple[str, int]:
    digest, position = hashlib.sha256(), 0
    # every read makes a buffer of the size it asks for: none larger than the file
    block_bytes = max(1, min(expected_bytes, HASH_BLOCK_BYTES))
    while block := os.pread(fd, block_bytes, position):
        digest.update(block)
        position += len(block)
    return digest.hexdigest(), position


def _open_failure(error: OSError) -> Reason:
    if isinstance(error, PermissionError):
        return Reason(code="permission_denied", text="the file may not be read (permission denied)")
    if isinstance(error, FileNotFoundError):
        return Reason(code="missing", text="the file is no longer there")
    return Reason(code="unreadable", text=f"the file cannot be read: {error.strerror or error}")


def _check_unchanged(examined: Examined, fd: int, detectors: Mapping[str, Detector]) -> None:
    """Fail a file that was written to meanwhile: its findings belong to no single digest."""
    # size and time stamp tell; hashing twice would double the reading of large files
    now = os.fstat(fd)
    if (now.st_size, now.st_mtime_ns) != (examined.size_bytes, examined.mtime_ns):
        reason = Reason(
            code="changed_while_read", text="the file changed while it was being examined"
        )
        _fail(examined, detectors, reason)
