"""How many items, as they came, a scan would find a calibration for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from ..conditions.match import match
from ..conditions.measure import Conditions
from ..evidence.tables import Part
from .figures import ALL, Condition, Figure

NOT_COVERED = "not_covered"


def coverage_of(
    condition: Condition,
    measured: Mapping[int, Mapping[str, Any]],
    calibrated: Collection[str],
    part: Part | None,
) -> Figure | None:
    """Give the share of scored items whose measured conditions match no calibrated one.

    A scan abstains on them (``condition_not_covered``), on top of the detector's own abstentions.
    None for detectors of bytes, which have no conditions, and where nothing was measured.
    """
    if part is None or not measured:
        return None
    outside = np.zeros(len(condition.sheet), dtype=bool)
    known = np.zeros(len(condition.sheet), dtype=bool)
    for row, values in measured.items():
        known[row] = True
        found = match(Conditions.from_dict(values), calibrated, of=part)
        outside[row] = "not_measured" in values or found.name is None
    return Figure(NOT_COVERED, ALL, ALL, condition.rate(outside, known & condition.answers.scored))
