"""Which single property of the files separates the classes by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..manifest.columns import is_numeric
from ..manifest.lint.separation import MAX_LEVELS_OF_A_NUMBER, by_level, by_number
from ..manifest.lint.shortcuts import is_property
from ..statistics import Estimate
from .sheet import Sheet

Properties = Mapping[int, Mapping[str, float | str]]
"""What is known of the file of each row."""


@dataclass(frozen=True)
class Shortcut:
    """One property, and the AUC of guessing the class from it alone (at least 0.5 for numbers)."""

    property: str
    auc: Estimate


def shortcuts_of(sheet: Sheet, properties: Properties) -> list[Shortcut]:
    """Measure every property alone, the strongest first.

    Columns of the manifest that describe files count (see :mod:`avaudit.manifest.lint.shortcuts`
    for which do not), and what was read from the files themselves. Numbers are judged by rank,
    categories by guessing each item from the others of its level.
    """
    found = []
    for name, values in _candidates(sheet, properties):
        best = _strongest(values, sheet)
        if best is not None:
            found.append(Shortcut(name, best))
    return sorted(found, key=lambda one: (-one.auc.value, one.property))


def _candidates(sheet: Sheet, properties: Properties) -> list[tuple[str, pd.Series]]:
    frame = sheet.manifest.frame
    found: list[tuple[str, pd.Series]] = []
    for name in frame.columns:
        again = any(frame[name].equals(column) for _, column in found)
        if is_property(str(name)) and not again:
            found.append((str(name), frame[name]))
    if properties:
        table = pd.DataFrame.from_dict({n: dict(p) for n, p in properties.items()}, orient="index")
        table = table.reindex(range(len(sheet)))
        for name in table.columns:
            text = table[name].map(type).eq(str).any()
            values = table[name].fillna("").astype("str") if text else table[name].astype(float)
            found.append((f"file:{name}", values))
    return found


def _strongest(values: pd.Series, sheet: Sheet) -> Estimate | None:
    measured = []
    if is_numeric(values):
        measured.append(by_number(values.to_numpy(float), sheet.is_h1))
        if values.nunique() > MAX_LEVELS_OF_A_NUMBER:
            return measured[0].auc if measured[0] else None
    known = values.notna().to_numpy(bool)
    codes, levels = pd.factorize(values[known])
    if len(levels) > 1:
        measured.append(by_level(codes.astype(np.int64), sheet.is_h1[known]))
    areas = [one.auc for one in measured if one is not None]
    return max(areas, key=lambda area: area.value, default=None)
