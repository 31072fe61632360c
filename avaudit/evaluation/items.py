"""The items of a bench as its report holds them, for comparisons in pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..result import BenchAnswers, BenchItems
from ..statistics.scores import Floats
from .figures import Condition


def items_of(conditions: Sequence[Condition]) -> BenchItems | None:
    """Give names, truth and units once, scores and held-out ratios for every condition."""
    if not conditions:
        return None
    sheet = conditions[0].sheet
    return BenchItems(
        name=[str(name) for name in sheet.names],
        h1=[bool(is_h1) for is_h1 in sheet.is_h1],
        unit=None if sheet.units is None else [str(unit) for unit in sheet.units],
        answers=[
            BenchAnswers(
                scenario=one.name,
                score=_numbers(one.answers.scores),
                log10_lr=_numbers(one.ratios.bounded),
            )
            for one in conditions
        ],
    )


def _numbers(values: Floats) -> list[float | None]:
    return [float(value) if math.isfinite(value) else None for value in values]
