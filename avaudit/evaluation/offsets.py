"""Offsets of sound to picture: how far those that a detector states lie from the true ones.

Counted only where the manifest has a column ``known_offset_s``: by how many seconds the sound of a
clip comes late (negative: early). A clip whose own offset is not known has an empty field there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..manifest.columns import numbers
from ..statistics import Estimate, bca, undefined
from ..statistics.scores import Floats
from .figures import ALL, Condition, Figure
from .sheet import Sheet

COLUMN = "known_offset_s"
FRAME_S = 0.040
"""One picture at 25 a second."""

TOLERANCE_S = 0.0005
"""So that an error of just one picture is within one picture."""

EARLIEST_S, LATEST_S = -0.045, 0.125
"""Offsets that viewers do not notice: ITU-R BT.1359-1, detectability."""

DRAWS = 1000
FACE_EDGES_PX = (50.0, 100.0)
METRICS = {
    "offset_within_frame": "within ±40 ms",
    "offset_error_median_s": "median error, s",
    "offset_bias_median_s": "median late, s",
    "offset_false_alarm": "called outside −45 … 125 ms",
    "offset_missed": "called inside",
    "offset_missing": "no offset",
}

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class TrueOffsets:
    """True offsets in seconds, NaN where unknown, and what the clips are grouped by."""

    offset_s: Floats
    groups: dict[str, NDArray[np.object_]]


def true_offsets(sheet: Sheet) -> TrueOffsets | None:
    """Read the true offsets; None where the manifest has no such column, or nothing in it.

    Raises
    ------
    UsageError
        When an offset is no finite number.
    """
    if COLUMN not in sheet.manifest.frame:
        return None
    found = numbers(sheet.manifest, COLUMN)
    if np.isnan(found).all():
        return None
    if np.isinf(found).any():
        line = sheet.manifest.line(int(np.flatnonzero(np.isinf(found))[0]))
        raise UsageError(f"{sheet.manifest.path}, line {line}: the offset is infinite")
    groups = {kind: values for kind, values in sheet.groups.items() if kind.startswith("group.")}
    if "fps" in sheet.manifest.frame:
        rates = numbers(sheet.manifest, "fps")
        groups["fps"] = np.array(["" if np.isnan(r) else f"{r:g}" for r in rates], dtype=object)
    return TrueOffsets(found, groups)


def offset_figures(
    condition: Condition, true: TrueOffsets, stated_s: Floats, face_px: Floats | None = None
) -> Iterator[Figure]:
    """Give the figures of one condition: of all items, and per group, frame rate and face size.

    Parameters
    ----------
    condition
        Items and units.
    true
        From :func:`true_offsets`.
    stated_s
        What the detector states, NaN where it states none, shape (n,).
    face_px
        Sizes of faces, NaN where unknown, shape (n,).
    """
    known = ~np.isnan(true.offset_s)
    for metric, estimate in _figures(condition, true.offset_s, stated_s, known):
        yield Figure(metric, ALL, ALL, estimate)
    groups = dict(true.groups)
    if face_px is not None and not np.isnan(face_px).all():
        groups["face_px"] = _face_sizes(face_px)
    for kind, values in groups.items():
        for value in sorted({str(v) for v in values[known]} - {""}):
            for metric, estimate in _figures(
                condition, true.offset_s, stated_s, known & (values == value)
            ):
                yield Figure(metric, kind, value, estimate)


def noticed(offset_s: Floats) -> Mask:
    """Say which offsets lie outside the window that viewers do not notice.

    Examples
    --------
    >>> noticed(np.array([-0.05, -0.04, 0.12, 0.13])).tolist()
    [True, False, False, True]
    """
    return (offset_s < EARLIEST_S) | (offset_s > LATEST_S)


def _figures(
    condition: Condition, true_s: Floats, stated_s: Floats, among: Mask
) -> Iterator[tuple[str, Estimate]]:
    answered = among & ~np.isnan(stated_s)
    error_s = stated_s - true_s
    close = np.abs(error_s) <= FRAME_S + TOLERANCE_S
    out, truly_out = noticed(stated_s), noticed(true_s)
    yield "offset_within_frame", condition.rate(close, answered)
    yield "offset_error_median_s", _median(condition, np.abs(error_s), answered)
    yield "offset_bias_median_s", _median(condition, error_s, answered)
    yield "offset_false_alarm", condition.rate(out, answered & ~truly_out)
    yield "offset_missed", condition.rate(~out, answered & truly_out)
    yield "offset_missing", condition.rate(np.isnan(stated_s), among)


def _median(condition: Condition, values: Floats, among: Mask) -> Estimate:
    rows = np.flatnonzero(among)
    if not rows.size:
        return undefined("no item has one", n=0, method="not computed", level=condition.level)
    units = condition.sheet.units
    return bca(
        lambda some: float(np.median(some)),
        values[rows],
        clusters=None if units is None else units[rows].astype(str),
        n_draws=DRAWS,
        level=condition.level,
        rng=np.random.default_rng(condition.seed),
    )


def _face_sizes(face_px: Floats) -> NDArray[np.object_]:
    low, high = FACE_EDGES_PX
    names = np.select(
        [np.isnan(face_px), face_px < low, face_px < high],
        ["", f"under {low:g}", f"{low:g} to {high:g}"],
        f"{high:g} and more",
    )
    return np.asarray(names, dtype=object)
