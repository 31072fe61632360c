"""Several calibrated detectors of one family: the most cautious of them speaks.

Their errors are not independent (they hear the same microphone, learnt from like data), so
likelihood ratios are not multiplied. Detectors that did not answer change nothing: absence is
never evidence.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..result import Finding
from .verbal import MIN_STATED_LR

RULE = (
    "same direction: the weakest of those that answered; opposite directions, each by a factor "
    "of 2 or more: none"
)
SAYS_SOMETHING = math.log10(MIN_STATED_LR)


@dataclass(frozen=True)
class Fused:
    """What a family comes to: the finding that speaks for it, or a disagreement in words."""

    family: str
    detectors: tuple[str, ...]
    speaks: Finding | None
    contradiction: str = ""


def family_of(detector: str) -> str:
    """Give the family of a detector's name.

    Examples
    --------
    >>> family_of("speech.synthetic")
    'speech'
    """
    return detector.partition(".")[0]


def fuse(findings: Sequence[Finding]) -> list[Fused]:
    """Join the likelihood ratios of one subject, family by family and question by question.

    Parameters
    ----------
    findings
        All findings of the subject; those without a likelihood ratio are left aside.

    Returns
    -------
    list of Fused
        One for each family and proposition pair that at least one detector answered. ``speaks``
        is the finding with the smallest |log10 LR|, unless two detectors point in opposite
        directions (each by a factor of 2 or more): then it is None and ``contradiction`` says
        which.
    """
    asked: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        if finding.log10_lr is not None and finding.question is not None:
            key = (family_of(finding.detector.name), finding.question.h1, finding.question.h2)
            asked.setdefault(key, []).append(finding)
    return [_fused(family, members) for (family, _, _), members in asked.items()]


def _fused(family: str, members: list[Finding]) -> Fused:
    names = tuple(member.detector.name for member in members)
    ordered = sorted(members, key=lambda f: (_ratio(f), f.detector.name))
    lowest, highest = ordered[0], ordered[-1]
    if _ratio(lowest) <= -SAYS_SOMETHING and _ratio(highest) >= SAYS_SOMETHING:
        text = (
            f"{highest.detector.name} supports H1 (log10 LR {_ratio(highest):+.2g}) and "
            f"{lowest.detector.name} supports H2 (log10 LR {_ratio(lowest):+.2g}) of the same "
            "question. These disagree: no likelihood ratio is stated for the family."
        )
        return Fused(family, names, None, text)
    weakest = min(members, key=lambda f: (abs(_ratio(f)), f.detector.name))
    return Fused(family, names, weakest)


def _ratio(finding: Finding) -> float:
    assert finding.log10_lr is not None
    return finding.log10_lr
