"""Where a finding stands for whoever has to look: read off what it states, never computed anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

STANDINGS = {
    "flagged": "It speaks for content that was generated, edited, altered after signing or "
    "stripped of its provenance: by a strong or moderate indication, or by a likelihood ratio "
    "whose whole interval supports H1.",
    "undecided": "It measured, and the answer leaves both open: the interval of the likelihood "
    "ratio holds 1, the indication is weak, or the item's condition is not covered.",
    "failed": "The examination broke off: the file may be damaged, cut short or hostile.",
    "quiet": "It was answered, and nothing in it speaks for the propositions above. That is no "
    "evidence of authenticity.",
    "abstained": "The detector gives no answer, for a reason that lies in the file or the set-up.",
}
NEEDS_PERSON = ("flagged", "undecided", "failed")
_HARMLESS = {"captured", "supports_h2"}
_OPEN_REASONS = {"condition_not_covered", "out_of_domain"}
_PRIORITY = {"strong": 40, "moderate": 30, "weak": 20}
_CONTRADICTED = 5
STRONG, MODERATE = 4.0, 2.0


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a finding stands.

    ``word`` is a key of :data:`STANDINGS`; ``priority`` orders the triage queue (more first);
    ``points_to`` and ``weight`` are those of the indication that decided, where there is one.
    """

    word: str
    priority: int
    points_to: str | None = None
    weight: str | None = None


def standing_of(finding: Mapping[str, Any], *, contradicted: bool = False) -> Standing:
    """Tell where a finding stands.

    Parameters
    ----------
    finding
        As report.json holds it.
    contradicted
        Whether the conclusion about its subject lists contradictions.

    Examples
    --------
    >>> told = {"points_to": "generated", "weight": "strong", "text": ""}
    >>> standing_of({"outcome": "observed", "indications": [told]}).word
    'flagged'
    >>> standing_of({"outcome": "abstained", "reason": {"code": "no_face"}}).word
    'abstained'
    """
    extra = _CONTRADICTED if contradicted else 0
    outcome = finding.get("outcome")
    if outcome == "failed":
        return Standing(word="failed", priority=15 + extra)
    if outcome == "abstained":
        reason = (finding.get("reason") or {}).get("code")
        if reason in _OPEN_REASONS and finding.get("score") is not None:
            return Standing(word="undecided", priority=10 + extra)
        return Standing(word="abstained", priority=0)
    told = sorted(_told(finding), key=lambda pair: -_PRIORITY.get(pair[1], 0))
    points_to, weight = told[0] if told else (None, None)
    if weight in ("strong", "moderate"):
        priority = _PRIORITY[weight] + extra
        return Standing(word="flagged", priority=priority, points_to=points_to, weight=weight)
    return _by_ratio(finding, points_to, weight, extra)


def _told(finding: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Give what the finding points to; an indication of a ratio below 1 speaks for H2."""
    ratio = finding.get("log10_lr")
    if ratio is not None and ratio < 0:
        return
    for indication in finding.get("indications") or ():
        if indication.get("points_to") not in _HARMLESS:
            yield str(indication.get("points_to")), str(indication.get("weight"))


def _by_ratio(
    finding: Mapping[str, Any], points_to: str | None, weight: str | None, extra: int
) -> Standing:
    ratio = finding.get("log10_lr")
    if ratio is None:
        if weight is None:
            return Standing(word="quiet", priority=0)
        return Standing(word="undecided", priority=10 + extra, points_to=points_to, weight=weight)
    low, high = finding.get("log10_lr_low"), finding.get("log10_lr_high")
    low, high = ratio if low is None else low, ratio if high is None else high
    if low > 0:
        said = "strong" if ratio >= STRONG else "moderate" if ratio >= MODERATE else "weak"
        priority = _PRIORITY[said] + extra
        return Standing(word="flagged", priority=priority, points_to=points_to, weight=said)
    if high >= 0:
        return Standing(word="undecided", priority=10 + extra, points_to=points_to, weight=weight)
    return Standing(word="quiet", priority=0)
