"""Likelihood ratios in words, on a scale that can be set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from pydantic import BaseModel, ConfigDict, Field

MIN_STATED_LR = 2.0


class VerbalStep(BaseModel):
    """From which likelihood ratio on a word holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    from_lr: float = Field(ge=1.0)
    word: str = Field(min_length=1, max_length=100)


ENFSI_2015: tuple[VerbalStep, ...] = tuple(
    VerbalStep(from_lr=start, word=word)
    for start, word in (
        (MIN_STATED_LR, "weak"),
        (10.0, "moderate"),
        (100.0, "moderately strong"),
        (1_000.0, "strong"),
        (10_000.0, "very strong"),
        (1_000_000.0, "extremely strong"),
    )
)
"""ENFSI guideline for evaluative reporting in forensic science, 2015, its example of a scale."""

NO_SUPPORT = "no support for one proposition over the other"


def strength_of(log10_lr: float, scale: Sequence[VerbalStep] = ENFSI_2015) -> str:
    """Give the strength of evidence in words, and which proposition it supports.

    Parameters
    ----------
    log10_lr
        Above 0 supports H1, below 0 H2.
    scale
        Steps with rising ``from_lr``. Below the first one nothing is supported.

    Raises
    ------
    ValueError
        When the ratio is not finite, or the scale is empty or does not rise.

    Examples
    --------
    >>> strength_of(1.3), strength_of(-2.0)
    ('moderate support for H1', 'moderately strong support for H2')
    >>> strength_of(0.2)
    'no support for one proposition over the other'
    """
    if not math.isfinite(log10_lr):
        raise ValueError(f"only a finite likelihood ratio has a strength, not {log10_lr}")
    if not scale or any(a.from_lr >= b.from_lr for a, b in pairwise(scale)):
        raise ValueError("a verbal scale has at least one step, and its steps rise")
    size = abs(log10_lr)
    reached = [step.word for step in scale if size >= math.log10(step.from_lr) - 1e-12]
    if not reached:
        return NO_SUPPORT
    return f"{reached[-1]} support for {'H1' if log10_lr > 0 else 'H2'}"
