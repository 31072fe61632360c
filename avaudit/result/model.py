"""The one result model: everything a run found, as report.json holds it.

HTML, PDF, SARIF, JUnit, the dashboard and gates are views of this model; a number
that is not here is in no view. The models are frozen, unknown keys of later
``avaudit.report/1`` files survive a round trip, and NaN or infinity cannot be stored.
"""

from __future__ import annotations

import os
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .gate import Gate, Sha256

SCHEMA = "avaudit.report/1"

Facts = dict[str, Any]


class Model(BaseModel):
    """Base of all parts of a report: frozen, finite numbers only, forward compatible."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)


class Tool(Model):
    """The program that made the report."""

    name: str = "avaudit"
    version: str


class Environment(Model):
    """Where the report was made: interpreter, platform, library versions, confinement in force."""

    python: str
    platform: str
    packages: dict[str, str]
    confinement: dict[str, Any] = {}


class Plan(Model):
    """The plan file that said beforehand what would be tested."""

    path: str
    sha256: Sha256


class Artefact(Model):
    """A file kept with the report; ``path`` is relative to the report's folder.

    ``name`` is the detector's own name for it, by which its facts refer to it.
    """

    path: str
    media_type: str
    sha256: Sha256
    name: str | None = None
    role: str | None = None
    title: str | None = None


class Stream(Model):
    """One elementary stream as the container declares it (see ``avaudit.media.StreamInfo``)."""

    index: int
    kind: str
    codec: str | None = None
    start_s: float | None = None
    duration_s: float | None = None
    bit_rate: int | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    pixel_format: str | None = None
    rotation_deg: int | None = None
    sample_rate: int | None = None
    channels: int | None = None


class Subject(Model):
    """One file that was examined.

    ``name`` is for reading, ``path`` leads from the report's folder to the file, ``sha256`` and
    ``bytes`` are of the file as read (absent when it could not be read). ``conditions`` are what
    was measured while it was decoded (see ``avaudit.conditions.measure.Conditions``).
    """

    id: str
    name: str
    path: str | None = None
    sha256: Sha256 | None = None
    bytes: int | None = None
    media_type: str | None = None
    kind: str | None = None
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    streams: list[Stream] = []
    sidecar: Artefact | None = None
    thumbnail: Artefact | None = None
    conditions: dict[str, float | int | str] | None = None


class DetectorRef(Model):
    """Which detector made a finding, to the digest of its card and weights."""

    name: str
    version: str
    card_sha256: Sha256 | None = None
    weights_sha256: Sha256 | None = None
    title: str | None = None
    asks: str | None = None


class Question(Model):
    """The proposition pair of a scored finding."""

    h1: str
    h2: str


class Reason(Model):
    """Why there is no answer, or no number: a stable code and a sentence."""

    code: str
    text: str


class Segment(Model):
    """A stretch of time, in seconds."""

    start_s: float
    end_s: float
    score: float | None = None
    log10_lr: float | None = None
    label: str | None = None


class Region(Model):
    """A rectangle in the displayed picture, in pixels."""

    x: float
    y: float
    w: float
    h: float
    frame_s: float | None = None
    score: float | None = None
    log10_lr: float | None = None


class Indication(Model):
    """What a finding speaks for, in words (see ``avaudit.detector.Indication``)."""

    points_to: str
    weight: Literal["strong", "moderate", "weak"]
    text: str


class Finding(Model):
    """What one detector said of one subject.

    ``seconds`` is the time the detector itself took. ``does_not_say`` comes from the
    detector's card: what a reader must not conclude.
    """

    subject: str
    detector: DetectorRef
    question: Question | None = None
    outcome: Literal["scored", "observed", "abstained", "failed"]
    reason: Reason | None = None
    summary: str = ""
    score: float | None = None
    log10_lr: float | None = None
    log10_lr_low: float | None = None
    log10_lr_high: float | None = None
    strength: str | None = None
    calibration: dict[str, Any] | None = None
    facts: Facts = {}
    segments: list[Segment] = []
    regions: list[Region] = []
    artefacts: list[Artefact] = []
    indications: list[Indication] = []
    does_not_say: list[str] = []
    seconds: float | None = None


class FamilyEvidence(Model):
    """What several calibrated detectors of one family come to under a conservative rule.

    ``speaks`` names the detector whose likelihood ratio stands for the family; absent, with all
    ratios, where they point in opposite directions.
    """

    family: str
    detectors: list[str]
    speaks: str | None = None
    log10_lr: float | None = None
    log10_lr_low: float | None = None
    log10_lr_high: float | None = None
    strength: str | None = None
    rule: str


class Conclusion(Model):
    """The line a reader wants first, with what speaks for it and what contradicts it."""

    subject: str
    summary: str
    contradictions: list[str] = []
    supports: list[str] = []
    families: list[FamilyEvidence] | None = None


class Estimate(Model):
    """One measured number of an audit, with its interval.

    ``role`` says what the number is among its scenario's: ``group``, ``gap``, ``floor`` (what
    chance alone would show), ``reference`` or ``detail``. The simultaneous interval holds for
    all groups of the scenario at once.
    """

    probe: str
    scenario: str
    metric: str
    group: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float
    n: int
    n_clusters: int | None = None
    method: str
    reason: Reason | None = None
    role: str = "group"
    simultaneous_low: float | None = None
    simultaneous_high: float | None = None


class Test(Model):
    """One test of an audit's plan.

    ``p`` is of "no difference", ``p_adjusted`` the same after ``correction`` over the plan,
    ``p_equivalence`` of "the difference is at least ``margin``". ``minimum_detectable`` is the
    effect that would have been found, ``n_needed`` how many items per group would settle it.
    Only ``confirmatory`` tests can fail an audit. ``why`` says the verdict in one sentence.
    """

    __test__ = False

    probe: str
    scenario: str
    metric: str
    groups: list[str]
    statistic: float | None = None
    effect: float | None = None
    p: float | None = None
    p_adjusted: float | None = None
    correction: str | None = None
    minimum_detectable: float | None = None
    verdict: Literal["pass", "fail", "insufficient"]
    confirmatory: bool = True
    margin: float | None = None
    p_equivalence: float | None = None
    p_min: float | None = None
    n_needed: int | None = None
    method: str = ""
    reason: Reason | None = None
    why: str = ""


class Scenario(Model):
    """One scenario of an audit's plan with what came of it, in words.

    ``verdict`` is that of its tests together; absent where nothing was tested. ``facts`` are
    values of the probe beside its estimates.
    """

    id: str
    probe: str
    title: str
    asks: str
    metric: str | None = None
    groups: list[str] = []
    margin: float | None = None
    confirmatory: bool = True
    outcome: Literal["measured", "failed"]
    reason: Reason | None = None
    summary: str = ""
    verdict: Literal["pass", "fail", "insufficient"] | None = None
    cautions: list[str] = []
    facts: Facts = {}
    does_not_say: list[str] = []
    at_risk: str = ""
    hazard: str = ""
    mitigation: str = ""
    review_trigger: str = ""
    seconds: float | None = None


class Series(Model):
    """One line of a curve: points (x, y)."""

    name: str
    x: list[float]
    y: list[float]


class Curve(Model):
    """A picture of error rates of one scenario of a bench.

    ``kind`` ``det``: false alarm rate against miss rate; ``tippett``: log10 LR against the share
    of items of each class with more; ``reliability``: stated log10 LR against what was observed.
    """

    kind: Literal["det", "tippett", "reliability"]
    scenario: str
    series: list[Series]


class BenchAnswers(Model):
    """Scores and held-out likelihood ratios under one condition, in the order of the items."""

    scenario: str
    score: list[float | None]
    log10_lr: list[float | None]


class BenchItems(Model):
    """The items of a bench, so that two benches of the same items can be compared in pairs.

    ``name`` is the path as the manifest writes it, ``h1`` whether H1 is true, ``unit`` what is
    independent (identity or source); absent where items are.
    """

    name: list[str]
    h1: list[bool]
    unit: list[str] | None = None
    answers: list[BenchAnswers] = []


class Seal(Model):
    """What makes the report tamper-evident.

    ``previous`` is the hash of the ledger entry before this one; ``digest`` the SHA-256 of the
    report's JSON without blanks, members in the order of the file, without ``digest``,
    ``signature``, ``key_id`` and ``public_key``; the signature is Ed25519 over the domain
    ``avaudit.report/1``, a zero byte and the digest (see ``avaudit.seal``).
    """

    previous: Sha256
    digest: Sha256
    signature: str | None = None
    key_id: str | None = None
    public_key: str | None = None


class Report(Model):
    """A whole report, ``avaudit.report/1``.

    The key ``gate`` of report.json is the attribute ``gate_``; :meth:`gate` judges the report.
    """

    schema_: Literal["avaudit.report/1"] = Field(default="avaudit.report/1", alias="schema")
    id: str
    kind: Literal["scan", "audit", "bench"]
    created: str
    tool: Tool
    environment: Environment
    parameters: dict[str, Any] = {}
    plan: Plan | None = None
    subjects: list[Subject] = []
    findings: list[Finding] = []
    conclusions: list[Conclusion] = []
    scenarios: list[Scenario] = []
    estimates: list[Estimate] = []
    tests: list[Test] = []
    curves: list[Curve] | None = None
    items: BenchItems | None = None
    gate_: Gate | None = Field(default=None, alias="gate")
    seal: Seal | None = None

    model_config = ConfigDict(
        frozen=True, extra="allow", allow_inf_nan=False, populate_by_name=True
    )

    def to_dict(self) -> dict[str, Any]:
        """Give the report as plain JSON types, absent values left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def to_json(self) -> str:
        """Give the report as the exact text of report.json."""
        from .serialise import report_text

        return report_text(self.to_dict())

    def gate(
        self,
        policy: str | os.PathLike[str],
        baseline: str | os.PathLike[str] | Report | None = None,
    ) -> Gate:
        """Judge this report by a policy file; the report itself stays as it is.

        Parameters
        ----------
        policy
            The policy file (see :mod:`avaudit.policy`).
        baseline
            An earlier report, or its file: says what is new, fixed, unchanged.

        Raises
        ------
        UsageError
            When the policy or the baseline cannot be read.

        Examples
        --------
        >>> report.gate("policy.toml").verdict  # doctest: +SKIP
        'pass'
        """
        from ..policy import gate_of

        return gate_of(self, policy, baseline)

    def findings_of(self, subject_id: str) -> list[Finding]:
        """Give the findings of one subject, in the order of the report."""
        return [finding for finding in self.findings if finding.subject == subject_id]

    def conclusion_of(self, subject_id: str) -> Conclusion | None:
        """Give the conclusion of one subject, if there is one."""
        return next((c for c in self.conclusions if c.subject == subject_id), None)
