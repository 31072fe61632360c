"""Does the answer survive re-sharing? One item under several conditions, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..result import Finding, Reason
from .fusion import SAYS_SOMETHING

RESHARES = (
    "mp3_64k",
    "opus_24k",
    "telephone_8k",
    "noise_20db",
    "jpeg_q70",
    "webp_q80",
    "scale_half_back",
    "crop_80pct",
)
"""What ``--stability`` tries: the first four on sound, the others on stills."""


def stability_facts(
    finding: Finding,
    reshared: Mapping[str, Finding],
    asked: Sequence[str],
    *,
    missing: Reason | None = None,
    covers_s: float | None = None,
) -> dict[str, Any]:
    """Say how a finding changes when the item is re-shared.

    Parameters
    ----------
    finding
        Of the item as it came.
    reshared
        Of the item under each condition, by name, with its own calibration applied.
    asked
        The conditions that apply to what the detector judges; none: the answer says so.
    missing
        Why an answer that was asked for is not there.
    covers_s
        How much of the sound was re-shared, where that is not all of it.

    Returns
    -------
    dict
        ``conditions{name: {log10_lr | score | reason}}``, the range ``log10_lr_low`` to
        ``log10_lr_high`` over them and the item itself, and ``verdict_flips``: whether any of
        them supports the other proposition (by a factor of 2 or more). Without likelihood ratios
        ``score_low`` and ``score_high`` stand instead, and ``verdict_flips`` is absent: a bare
        score has no verdict.
    """
    if not asked:
        return {"reason": "what this detector judges cannot be re-shared in memory"}
    conditions = {name: _told(reshared.get(name), missing) for name in asked}
    part = {} if covers_s is None else {"first_s": covers_s}
    return {"conditions": conditions, **part, **_range(finding, list(reshared.values()))}


def _told(again: Finding | None, missing: Reason | None) -> dict[str, Any]:
    if again is None:
        text = missing.text if missing else "no answer came"
        return {"reason": {"code": missing.code if missing else "no_answer", "text": text}}
    told: dict[str, Any] = {}
    if again.score is not None:
        told["score"] = again.score
    if again.log10_lr is not None:
        told["log10_lr"] = again.log10_lr
    elif again.reason is not None:
        told["reason"] = {"code": again.reason.code, "text": again.reason.text}
    return told


def _range(finding: Finding, reshared: Sequence[Finding]) -> dict[str, Any]:
    own = finding.log10_lr
    if own is not None:
        ratios = [own, *(f.log10_lr for f in reshared if f.log10_lr is not None)]
        flips = any(own * r < 0 and min(abs(own), abs(r)) >= SAYS_SOMETHING for r in ratios)
        return {
            "log10_lr_low": min(ratios),
            "log10_lr_high": max(ratios),
            "verdict_flips": flips,
        }
    scores = [f.score for f in (finding, *reshared) if f.score is not None]
    return {"score_low": min(scores), "score_high": max(scores)} if scores else {}
