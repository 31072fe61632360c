"""Does one file keep to one rule? What speaks against it, fault by fault."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from ..result import Finding
from .base import listed
from .cases import Case
from .select import named
from .subject_rules import (
    ContradictionsRule,
    DetectorRule,
    EvidenceRule,
    KnownRule,
    MetadataRule,
    ProvenanceRule,
    SubjectRule,
    SyncRule,
    WatermarkRule,
)

C2PA, METADATA = "provenance.c2pa", "provenance.metadata"
WEIGHTS = {"low": 0, "medium": 1, "high": 2}
OPEN_INTEGRITY = {
    "unreadable": "its manifest cannot be read",
    "remote_only": "its manifest lies elsewhere and was not fetched",
    "not_supported": "manifests in this format cannot be read",
}
OPEN_TRUST = "no trust list can judge the signer; install the lists with: avaudit trust update"


@dataclass(frozen=True)
class Fault:
    """One reason why a file does not pass a rule."""

    verdict: Literal["fail", "insufficient"]
    detector: str | None
    text: str


Faults = Iterator[Fault]


def faults_of(rule: SubjectRule, case: Case) -> list[Fault]:
    """Give everything that keeps a file from passing a rule; nothing when it passes."""
    return list(CHECKS[type(rule)](rule, case))


def _provenance(rule: ProvenanceRule, case: Case) -> Faults:
    finding = case.findings.get(C2PA)
    if unanswered := _unanswered(finding, C2PA):
        yield unanswered
        return
    assert finding is not None
    integrity = _word(finding, "integrity")
    if integrity not in rule.integrity:
        why = OPEN_INTEGRITY.get(integrity)
        if why or not integrity:
            yield Fault("insufficient", C2PA, why or "the finding states no integrity")
        else:
            accepted = listed(rule.integrity)
            yield Fault("fail", C2PA, f"its C2PA manifest is {integrity} (accepted: {accepted})")
    if integrity not in ("valid", "invalid"):
        return  # without a manifest there is nothing to ask of its signer
    yield from _signer(rule, finding)
    signal = _word(finding, "ai_signal")
    if rule.ai_signal and signal not in rule.ai_signal:
        text = f"its manifest says of AI {signal or 'nothing'}, not {listed(rule.ai_signal)}"
        yield Fault("insufficient" if signal in ("", "unknown") else "fail", C2PA, text)
    problems = finding.facts.get("ingredient_problems")
    count = len(problems) if isinstance(problems, list) else 0
    if rule.max_ingredient_problems is not None and count > rule.max_ingredient_problems:
        text = f"its manifest records {count} ingredient problems"
        yield Fault("fail", C2PA, f"{text}, more than {rule.max_ingredient_problems}")


def _signer(rule: ProvenanceRule, finding: Finding) -> Faults:
    trust, by = _word(finding, "trust"), _word(finding, "trust_list")
    if rule.trust and trust not in rule.trust:
        if trust in ("", "unknown"):
            yield Fault("insufficient", C2PA, OPEN_TRUST)
        else:
            yield Fault("fail", C2PA, f"its signer is {trust}, not {listed(rule.trust)}")
    elif rule.trust_lists and not named(by, rule.trust_lists):
        if trust in ("", "unknown"):
            yield Fault("insufficient", C2PA, OPEN_TRUST)
        else:
            said = f"the list {by} vouches" if by else "no list vouches"
            yield Fault("fail", C2PA, f"{said} for its signer, not {listed(rule.trust_lists)}")


def _metadata(rule: MetadataRule, case: Case) -> Faults:
    finding = case.findings.get(METADATA)
    if finding is not None and abstained_with(finding, ("format_not_supported",)):
        if rule.require:
            yield Fault("insufficient", METADATA, "metadata of this format is not read")
        return
    if unanswered := _unanswered(finding, METADATA):
        yield unanswered
        return
    assert finding is not None
    claims = [
        claim
        for claim in _rows(finding.facts.get("claims"))
        if WEIGHTS.get(str(claim.get("weight")), 0) >= WEIGHTS[rule.min_weight]
    ]
    for says in rule.forbid:
        if found := [c for c in claims if c.get("says") == says]:
            where = f"{found[0].get('where', '?')}, {found[0].get('field', '?')}"
            yield Fault("fail", METADATA, f"its metadata says {says} ({where})")
    if rule.require and not any(c.get("says") in rule.require for c in claims):
        yield Fault("fail", METADATA, f"its metadata does not say {listed(rule.require)}")


def _watermark(rule: WatermarkRule, case: Case) -> Faults:
    answered = found = False
    for finding, silent in _answers(rule, case):
        if finding is None:
            yield from _some(silent)
            continue
        answered = True
        if payload := finding.facts.get("payload"):
            found = True
            if rule.payload == "forbid":
                text = f"it carries the known watermark {payload} ({_p_value(finding)})"
                yield Fault("fail", finding.detector.name, text)
    if rule.payload == "require" and answered and not found:
        yield Fault("fail", None, "no known watermark is found in it")


def _p_value(finding: Finding) -> str:
    p = _number(finding.facts.get("p_value"))
    return "no p value" if p is None else f"p = {p:.1g}"


def _evidence(rule: EvidenceRule, case: Case) -> Faults:
    for finding, silent in _answers(rule, case):
        if finding is None:
            yield from _some(silent)
            continue
        value, name = finding.log10_lr, finding.detector.name
        if value is None:
            yield from _silence(rule, finding, "no likelihood ratio is stated")
            continue
        low = value if finding.log10_lr_low is None else finding.log10_lr_low
        high = value if finding.log10_lr_high is None else finding.log10_lr_high
        said = f"log10 LR {value:+.2f} ({low:+.2f} to {high:+.2f})"
        if low >= rule.max_log10_lr:
            yield Fault("fail", name, f"{said} is not below {rule.max_log10_lr:g}")
        elif high >= rule.max_log10_lr:
            yield Fault("insufficient", name, f"{said} may be below {rule.max_log10_lr:g} or not")


def _contradictions(_rule: ContradictionsRule, case: Case) -> Faults:
    if case.conclusion is None:
        yield Fault("insufficient", None, "the report draws no conclusion of it")
        return
    for line in case.conclusion.contradictions:
        yield Fault("fail", None, f"findings contradict each other: {line.rstrip('.')}")


def _known(rule: KnownRule, case: Case) -> Faults:
    for finding, silent in _answers(rule, case):
        if finding is None:
            yield from _some(silent)
            continue
        for match in _rows(finding.facts.get("matches")):
            label, distance = str(match.get("label", "")), _number(match.get("distance"))
            near = rule.max_distance is None or distance is None or distance <= rule.max_distance
            if near and named(label, rule.labels):
                at = "" if distance is None else f" at a distance of {distance:g}"
                text = f"it matches known media labelled '{label}'{at}"
                yield Fault("fail", finding.detector.name, text)


def _sync(rule: SyncRule, case: Case) -> Faults:
    for finding, silent in _answers(rule, case):
        if finding is None:
            yield from _some(silent)
            continue
        offset, name = _number(finding.facts.get("offset_s")), finding.detector.name
        if offset is None:
            yield from _silence(rule, finding, "no offset of sound and lips is stated")
            continue
        low, high = (
            offset if (bound := _number(finding.facts.get(key))) is None else bound
            for key in ("offset_low_s", "offset_high_s")
        )
        window = f"the window of {-rule.early_s:+.3f} s to {rule.late_s:+.3f} s"
        said = f"sound is {offset:+.3f} s against the lips ({low:+.3f} to {high:+.3f})"
        if low > rule.late_s or high < -rule.early_s:
            yield Fault("fail", name, f"{said}, outside {window}")
        elif high > rule.late_s or low < -rule.early_s:
            yield Fault("insufficient", name, f"{said}, perhaps outside {window}")


def _some(fault: Fault | None) -> Faults:
    if fault is not None:
        yield fault


CHECKS: dict[type[SubjectRule], Callable[[Any, Case], Faults]] = {
    ProvenanceRule: _provenance,
    MetadataRule: _metadata,
    WatermarkRule: _watermark,
    EvidenceRule: _evidence,
    ContradictionsRule: _contradictions,
    KnownRule: _known,
    SyncRule: _sync,
}


def _answers(rule: DetectorRule, case: Case) -> Iterator[tuple[Finding | None, Fault | None]]:
    """Give what the detectors of a rule answered, or the fault that one did not.

    Abstentions that say the question does not arise are left out, and so are those that the rule
    lets pass.
    """
    asked = list(case.said_by(rule.detectors))
    for finding in asked:
        name = finding.detector.name
        if finding.outcome != "abstained":
            silent = _unanswered(finding, name)
            yield (None, silent) if silent else (finding, None)
        elif not abstained_with(finding, rule.not_for):
            yield from ((None, fault) for fault in _silence(rule, finding, ""))
    missing = case.silent(rule.detectors)
    if not (asked or missing):
        missing = [listed(rule.detectors)]
    yield from ((None, _unanswered(None, name)) for name in missing)


def _silence(rule: DetectorRule, finding: Finding, what: str) -> Faults:
    """Give what an answer without a value comes to, as the rule says."""
    if rule.no_answer != "pass":
        name = finding.detector.name
        why = f": {finding.reason.text.rstrip('.')}" if finding.reason else ""
        yield Fault(rule.no_answer, name, f"{what or f'{name} {finding.outcome}'}{why}")


def _unanswered(finding: Finding | None, name: str) -> Fault | None:
    if finding is None:
        return Fault("insufficient", name, f"{name} did not examine it")
    if finding.outcome in ("scored", "observed"):
        return None
    why = f": {finding.reason.text.rstrip('.')}" if finding.reason else ""
    return Fault("insufficient", name, f"{name} {finding.outcome}{why}")


def abstained_with(finding: Finding, codes: tuple[str, ...]) -> bool:
    """Whether a detector abstained for one of these reasons."""
    reason = finding.reason
    return finding.outcome == "abstained" and reason is not None and reason.code in codes


def _word(finding: Finding, key: str) -> str:
    value = finding.facts.get(key)
    return value if isinstance(value, str) else ""


def _rows(value: object) -> list[dict[str, Any]]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
