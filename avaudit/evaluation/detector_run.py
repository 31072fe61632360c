"""Asking an installed detector about every item, as it came and under imposed conditions."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..conditions.impose import AUDIO_CONDITIONS, IMAGE_CONDITIONS, VIDEO_CONDITIONS
from ..detector import Detector
from ..engine.artefacts import ArtefactStore
from ..engine.client import WorkerSetup
from ..engine.pool import Job
from ..engine.reshare import can_reshare
from ..engine.subject import Examined
from ..errors import UsageError
from ..evidence.envelope import CLEAN
from ..manifest.columns import paths
from ..media.types import MediaKind
from ..registry import load_detectors, unknown_name
from ..result import Finding, Reason
from ..scanning import data_dirs, make_engine, threads_per_worker
from ..settings import Settings
from .answers import FAILED, NO_ANSWER, Answers, Gathered, SegmentScores
from .request import part_of
from .sheet import Sheet

Progress = Callable[[int, int, str], None]
MAX_SEGMENTS = 50
"""Of one item: very long files must not outweigh all others."""


def detector_answers(
    name: str,
    conditions: Sequence[str],
    sheet: Sheet,
    settings: Settings,
    progress: Progress | None = None,
) -> Gathered:
    """Run one detector over a data set in the confined workers.

    Raises
    ------
    UsageError
        For an unknown detector, or a condition that cannot be put on what it judges.
    AvauditError
        When the workers cannot be started or confined.
    """
    detectors = _one(name)
    detector = detectors[name]
    imposed = tuple(c for c in conditions if c != CLEAN)
    _check(detector, imposed)
    files = paths(sheet.manifest, _kind(detector))
    jobs = [Job(f"s{n:07d}", path, None, imposed) for n, path in enumerate(files)]
    setup = WorkerSetup(
        detectors=(name,),
        limits=settings.limits.to_limits(),
        confinement=settings.confinement,
        data_dirs=data_dirs(detectors),
        threads=threads_per_worker(settings, len(jobs)),
    )
    engine = make_engine(settings, setup)
    found: list[Examined | None] = [None] * len(sheet)
    with tempfile.TemporaryDirectory(prefix="avaudit-bench-") as scratch:
        store = ArtefactStore(Path(scratch), settings.limits.written_bytes)
        for done, examined in enumerate(engine.run(jobs, detectors, store), 1):
            row = int(examined.subject[1:])
            found[row] = examined
            if progress is not None:
                progress(done, len(jobs), files[row].name)
    card = detector.card
    about = {"detector": card.name, "version": card.version, "card_sha256": card.sha256}
    return Gathered(
        answers=[_answers(condition, name, found) for condition in (CLEAN, *imposed)],
        properties={n: _properties(one) for n, one in enumerate(found) if one is not None},
        about=about,
        confinement=engine.confinement,
        measured={n: one.conditions for n, one in enumerate(found) if one and one.conditions},
        part=part_of(detector),
    )


def _one(name: str) -> dict[str, Detector]:
    detectors = load_detectors([name])
    if list(detectors) != [name]:
        raise UsageError(f"'{name}' is a family; name one of it: {', '.join(detectors)}")
    return detectors


def _check(detector: Detector, imposed: Sequence[str]) -> None:
    for condition in imposed:
        known = {**AUDIO_CONDITIONS, **IMAGE_CONDITIONS, **VIDEO_CONDITIONS}
        if condition not in known:
            raise UsageError(unknown_name("condition", condition, list(known)))
        if not can_reshare(detector, condition):
            raise UsageError(
                f"the condition {condition} cannot be put on what {detector.card.name} judges "
                f"({', '.join(sorted(detector.needs))})"
            )


def _kind(detector: Detector) -> Any:
    """Give which path column a detector's files are in: that of its only kind of media."""
    kinds = {str(kind) for kind in detector.kinds - {MediaKind.DOCUMENT}}
    if kinds == {"audio", "video"} and "frames" not in detector.needs:
        return "audio"
    return next(iter(kinds)) if len(kinds) == 1 else "any"


def _answers(condition: str, name: str, found: Sequence[Examined | None]) -> Answers:
    count = len(found)
    scores, distances = np.full(count, np.nan), np.full(count, np.nan)
    offsets_s, face_px = np.full(count, np.nan), np.full(count, np.nan)
    reasons = np.full(count, NO_ANSWER, dtype=object)
    failures: dict[int, str] = {}
    rows: list[int] = []
    parts: list[float] = []
    for row, examined in enumerate(found):
        finding = _finding(condition, name, examined)
        offsets_s[row] = _number(finding.facts, "offset_s")
        face_px[row] = _number(finding.facts, "face_px")
        if finding.outcome == "scored" and finding.score is not None:
            scores[row], reasons[row] = finding.score, ""
            distances[row] = _number(finding.facts, "domain_distance")
            own = [s.score for s in finding.segments if s.score is not None][:MAX_SEGMENTS]
            rows += [row] * len(own)
            parts += own
        elif finding.outcome == FAILED:
            reasons[row] = FAILED
            failures[row] = finding.reason.text if finding.reason else "no reason was given"
        elif finding.reason is not None:
            reasons[row] = finding.reason.code
    return Answers(
        condition=condition,
        scores=scores,
        reasons=reasons,
        distances=distances,
        offsets_s=offsets_s,
        face_px=face_px,
        segments=SegmentScores(np.array(rows, dtype=np.intp), np.array(parts, dtype=np.float64)),
        failures=failures,
    )


def _finding(condition: str, name: str, examined: Examined | None) -> Finding:
    """Give what was said under a condition; where the item itself has no score, that counts."""
    assert examined is not None  # the engine answers every job
    own = examined.findings[name]
    if condition == CLEAN or own.outcome == FAILED:
        return own
    again = examined.reshared.get(name, {}).get(condition)
    if again is not None:
        return again
    reason = examined.reshare_problem or Reason(code=FAILED, text="no answer came")
    return own.model_copy(update={"outcome": FAILED, "reason": reason, "score": None})


def _number(facts: Mapping[str, Any], name: str) -> float:
    value = facts.get(name)
    return float(value) if isinstance(value, int | float) else float("nan")


def _properties(examined: Examined) -> dict[str, float | str]:
    """Give what a model could see of a file without looking at what it shows."""
    media, found = examined.media or {}, dict[str, float | str]()
    if examined.size_bytes is not None:
        found["size_bytes"] = float(examined.size_bytes)
    for key in ("media_type", "duration_s", "width", "height", "fps"):
        if (value := media.get(key)) is not None:
            found[key] = value if isinstance(value, str) else float(value)
    for key, value in (examined.conditions or {}).items():
        found.setdefault(key, value if isinstance(value, str) else float(value))
    found.pop("not_measured", None)
    return found
