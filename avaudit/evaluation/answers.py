"""What a detector said of the items under one condition, or what a file says it said."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..atomic import write_atomic
from ..errors import UsageError
from ..evidence.envelope import CLEAN
from ..evidence.held_out import HeldOut
from ..evidence.tables import Part
from ..manifest.columns import numbers, texts
from ..manifest.read import read_manifest
from ..manifest.table import Manifest
from ..statistics.scores import Floats
from .sheet import Sheet, path_texts

NO_ANSWER = "no_answer"
FAILED = "failed"


@dataclass(frozen=True)
class SegmentScores:
    """Scores of the segments of all items: which item each belongs to, and its score."""

    rows: NDArray[np.intp]
    scores: Floats


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Scores under one condition, shape (n,) in the order of the sheet.

    Attributes
    ----------
    scores
        NaN where the detector gave none.
    reasons
        The code of why there is no score, ``""`` where there is one; ``failed`` for errors.
    folds
        Held out together, where the file of scores says so; else the sheet decides.
    distances
        The detector's distance from its training data, NaN where it gives none.
    offsets_s, face_px
        What it states of how late the sound is and of the size of the face; NaN where nothing.
    """

    condition: str
    scores: Floats
    reasons: NDArray[np.object_]
    folds: NDArray[np.object_] | None = None
    distances: Floats | None = None
    offsets_s: Floats | None = None
    face_px: Floats | None = None
    segments: SegmentScores | None = None
    failures: Mapping[int, str] = field(default_factory=dict)

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Which items have a score."""
        return ~np.isnan(self.scores)


@dataclass(frozen=True)
class Gathered:
    """Answers under every condition, what is known of each row's file, and who answered.

    ``measured`` are the conditions of the items as they came, ``part`` which of them count.
    """

    answers: list[Answers]
    properties: Mapping[int, Mapping[str, float | str]]
    about: Mapping[str, Any]
    confinement: Mapping[str, Any] | None = None
    measured: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    part: Part | None = None


def read_scores(path: Path, sheet: Sheet) -> list[Answers]:
    """Read scores from a table with the columns ``path``, ``score`` and perhaps ``condition``.

    ``offset_s`` and ``face_px`` are what was stated of the offset and of the face; ``fold`` names
    what was held out together when a model was trained; ``reason`` says why a score is empty. Rows
    of files that are not in the manifest are left aside.

    Raises
    ------
    UsageError
        When a column is missing, a score is infinite or doubled, or no item is found.
    """
    table = read_manifest(path)
    scores = numbers(table, "score")
    if np.isinf(scores).any():
        line = table.line(int(np.flatnonzero(np.isinf(scores))[0]))
        raise UsageError(f"{path}, line {line}: the score is infinite")
    place = _places(sheet)
    rows = np.array([place.get(name, -1) for name in path_texts(table)], dtype=np.intp)
    if not np.any(rows >= 0):
        raise UsageError(
            f"{path}: none of its paths is in {sheet.manifest.path}; "
            "write them as the manifest does"
        )
    condition = _column(table, "condition", CLEAN)
    reason, fold = _column(table, "reason", ""), _column(table, "fold", "")
    found = []
    for name in dict.fromkeys(condition):
        lines = np.flatnonzero((condition == name) & (rows >= 0))
        items, counts = np.unique(rows[lines], return_counts=True)
        if np.any(counts > 1):
            twice = sheet.names[items[counts > 1][0]]
            raise UsageError(f"{path}: two scores of {twice} under the condition {name}")
        answers = _answers(str(name), lines, rows, scores, reason, fold, len(sheet))
        offsets_s, face_px = (
            _placed(numbers(table, name), lines, rows, len(sheet)) if name in table.frame else None
            for name in ("offset_s", "face_px")
        )
        found.append(replace(answers, offsets_s=offsets_s, face_px=face_px))
    return found


def _placed(values: Floats, lines: NDArray[np.intp], rows: NDArray[np.intp], count: int) -> Floats:
    own = np.full(count, np.nan)
    own[rows[lines]] = values[lines]
    return own


def _places(sheet: Sheet) -> dict[str, int]:
    place = {str(name): n for n, name in enumerate(sheet.names)}
    if len(place) != len(sheet):
        raise UsageError(
            f"{sheet.manifest.path}: a path stands in two rows; a bench counts it once"
        )
    return place


def _column(table: Manifest, name: str, default: str) -> NDArray[np.object_]:
    if name not in table.frame:
        return np.full(len(table), default, dtype=object)
    values = texts(table, name)
    return np.where(values == "", default, values)


def _answers(
    name: str,
    lines: NDArray[np.intp],
    rows: NDArray[np.intp],
    scores: Floats,
    reason: NDArray[np.object_],
    fold: NDArray[np.object_],
    count: int,
) -> Answers:
    own = _placed(scores, lines, rows, count)
    reasons = np.full(count, NO_ANSWER, dtype=object)
    told = np.where(reason[lines] == "", NO_ANSWER, reason[lines])
    reasons[rows[lines]] = np.where(np.isnan(scores[lines]), told, "")
    folds = None
    if np.any(fold[lines] != ""):
        folds = np.full(count, "", dtype=object)
        folds[rows[lines]] = fold[lines]
    return Answers(condition=name, scores=own, reasons=reasons, folds=folds)


def write_scores(
    path: Path, sheet: Sheet, answered: Sequence[tuple[Answers, HeldOut | None]]
) -> None:
    """Write the scores with their held-out ratios, in the form :func:`read_scores` reads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["path", "label", "condition", "score", "log10_lr", "reason"])
    for answers, ratios in answered:
        for n, name in enumerate(sheet.names):
            score = answers.scores[n]
            ratio = ratios.bounded[n] if ratios is not None else np.nan
            writer.writerow(
                [
                    name,
                    int(sheet.is_h1[n]),
                    answers.condition,
                    "" if np.isnan(score) else repr(float(score)),
                    "" if np.isnan(ratio) else f"{ratio:.6g}",
                    answers.reasons[n],
                ]
            )
    write_atomic(path, text.getvalue().encode("utf-8"))
