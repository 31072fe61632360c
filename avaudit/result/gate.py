"""The gate of a report: what a policy asked, and what came of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Verdict = Literal["pass", "fail", "insufficient"]


class Part(BaseModel):
    """Base of all parts of a gate; as strict and as forward compatible as the report itself."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)


class PolicyRef(Part):
    """The policy a gate applied."""

    name: str
    sha256: Sha256


class GateProblem(Part):
    """One thing because of which a rule does not pass.

    ``report`` is the id of the report it stands in, ``subject`` the id of the file there;
    ``detector`` the detector, or scenario and metric of a test. ``state`` compares it with the
    baseline. ``fingerprint`` is the same for the same problem in every report: of the rule, the
    file's SHA-256 (else its name) and the detector.
    """

    verdict: Literal["fail", "insufficient"]
    text: str
    report: str | None = None
    subject: str | None = None
    name: str | None = None
    detector: str | None = None
    state: Literal["new", "unchanged", "fixed"] | None = None
    fingerprint: Sha256


class RuleResult(Part):
    """One rule of a gate with what it saw and asked.

    ``counts`` says how many files or tests it concerned (``concerned``), how many of them fail
    or are undecided; ``problems`` lists them, the failing ones first, up to a limit: where some
    are left out, ``counts.listed`` is smaller than the other counts together. ``n_needed`` is
    how many items would settle an undecided rule.
    """

    id: str
    verdict: Verdict
    observed: Any = None
    required: Any = None
    why: str
    kind: str | None = None
    note: str | None = None
    counts: dict[str, int] | None = None
    n_needed: int | None = None
    problems: list[GateProblem] | None = None


class LeftOut(Part):
    """An optional rule that was not asked, and why."""

    id: str
    why: str


class GateBaseline(Part):
    """What changed against the baseline: how many failing problems are new, fixed, unchanged.

    ``reports`` are the ids of the baseline's reports; ``fixed_problems`` are those that are gone.
    """

    reports: list[str]
    new: int
    unchanged: int
    fixed: int
    fixed_problems: list[GateProblem] = []


class Gate(Part):
    """The verdict of a policy on a report, or on several together.

    ``reports`` are their ids where the gate was not made inside one.
    """

    policy: PolicyRef
    verdict: Verdict
    rules: list[RuleResult] = []
    left_out: list[LeftOut] | None = None
    baseline: GateBaseline | None = None
    reports: list[str] | None = None
