"""The line a reader wants first: what the findings of one subject come to.

Findings are not added up. The strongest indication is named, all others are listed, and
indications that cannot both be so are set side by side as contradictions. Of several calibrated
detectors of one family, the most cautious speaks (:mod:`avaudit.evidence.fusion`).
"""

from __future__ import annotations

from collections.abc import Sequence

from .evidence.fusion import RULE, Fused, fuse
from .result import Conclusion, FamilyEvidence, Finding, Indication

ORDER = {"strong": 0, "moderate": 1, "weak": 2}
CONTRADICTING = (
    (
        "captured",
        "generated",
        "one speaks for a recording of the world, the other for generated content",
    ),
)
NOTHING_FOUND = (
    "Nothing was found that says how this file was made. "
    "Absence of provenance is not evidence of authenticity."
)


def conclude(subject: str, findings: Sequence[Finding]) -> Conclusion:
    """Draw the conclusion of one subject.

    Parameters
    ----------
    subject
        Its id.
    findings
        All its findings.
    """
    families = fuse(findings)
    told = [
        (finding, indication)
        for finding in findings
        for indication in finding.indications
        if not _overruled(finding, families)
    ]
    told.sort(key=lambda pair: ORDER[pair[1].weight])
    return Conclusion(
        subject=subject,
        summary=_summary(findings, told),
        contradictions=[
            *(family.contradiction for family in families if family.contradiction),
            *_contradictions(told),
        ],
        families=[_evidence(f) for f in families if len(f.detectors) > 1] or None,
        supports=[
            f"{indication.text} ({finding.detector.name}, {indication.weight})"
            for finding, indication in told
        ],
    )


def _overruled(finding: Finding, families: Sequence[Fused]) -> bool:
    """Whether another detector of the same family speaks, or none may."""
    if finding.log10_lr is None:
        return False
    name = finding.detector.name
    return not any(f.speaks is finding for f in families if name in f.detectors)


def _evidence(family: Fused) -> FamilyEvidence:
    speaks = family.speaks
    return FamilyEvidence(
        family=family.family,
        detectors=list(family.detectors),
        speaks=speaks.detector.name if speaks else None,
        log10_lr=speaks.log10_lr if speaks else None,
        log10_lr_low=speaks.log10_lr_low if speaks else None,
        log10_lr_high=speaks.log10_lr_high if speaks else None,
        strength=speaks.strength if speaks else None,
        rule=RULE,
    )


def _summary(findings: Sequence[Finding], told: list[tuple[Finding, Indication]]) -> str:
    failed = [finding for finding in findings if finding.outcome == "failed"]
    if findings and len(failed) == len(findings):
        reason = failed[0].reason
        return f"Could not be examined: {reason.text if reason else 'no reason given'}."
    summary = told[0][1].text if told else NOTHING_FOUND
    if failed:
        names = ", ".join(sorted(finding.detector.name for finding in failed))
        summary += f" Not everything could be examined ({names} failed)."
    return summary


def _contradictions(told: list[tuple[Finding, Indication]]) -> list[str]:
    lines: list[str] = []
    for one, other, why in CONTRADICTING:
        for first, first_told in told:
            for second, second_told in told:
                if (first_told.points_to, second_told.points_to) != (one, other):
                    continue
                if first.detector.name != second.detector.name:
                    lines.append(
                        f"{first.detector.name} says: {first_told.text} "
                        f"{second.detector.name} says: {second_told.text} These disagree: {why}."
                    )
    return lines
