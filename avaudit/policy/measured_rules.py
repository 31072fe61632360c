"""Rules over what was measured of a model or a detector: each rests on statistical tests."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from .base import ReportKind, Rule, Texts, listed

BenchMetric = Literal[
    "auc",
    "within_source_auc",
    "eer",
    "cllr",
    "cllr_min",
    "misleading_h2_over_1",
    "misleading_h2_over_100",
    "misleading_h1_under_1",
    "misleading_h1_under_0.01",
    "abstention",
    "not_covered",
    "offset_within_frame",
    "offset_error_median_s",
    "offset_false_alarm",
    "offset_missed",
    "offset_missing",
]
HIGHER_IS_BETTER = frozenset({"auc", "within_source_auc", "offset_within_frame"})
DifferentialMetric = Literal[
    "fdr",
    "inequity_rate",
    "garbe",
    "gini_fmr",
    "gini_fnmr",
    "max_geomean_fmr",
    "max_geomean_fnmr",
]


class BiasRule(Rule):
    """Groups are treated alike: reads the confirmatory tests of an audit, never a raw gap.

    Attributes
    ----------
    scenarios, probes, metrics
        Globs; a test must match all three.
    margin
        Largest difference that counts as none; without it the margin of the audit's plan.
    """

    kind: Literal["bias"] = "bias"
    scenarios: Texts = ("*",)
    probes: Texts = ("*",)
    metrics: Texts = ("*",)
    margin: float | None = Field(None, gt=0)

    @property
    def reads(self) -> frozenset[ReportKind]:
        """Audits."""
        return frozenset({"audit"})

    def whom(self) -> str:
        """Whom the rule concerns, in words."""
        parts = [f"{words} {listed(globs)}" for words, globs in (
            ("scenario", self.scenarios), ("probe", self.probes), ("metric", self.metrics),
        ) if globs != ("*",)]  # fmt: skip
        return "every confirmatory test" + (f" of {', '.join(parts)}" if parts else "")

    def asks(self) -> str:
        """In words."""
        margin = "the margin of the plan" if self.margin is None else f"{self.margin:g}"
        return f"the difference between groups is shown to be below {margin}"


class LimitRule(Rule):
    """A measured value must be shown to lie on the right side of a limit."""

    metric: str
    scenarios: Texts = ("*",)
    at_most: float | None = None
    at_least: float | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> LimitRule:
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("say either at_most or at_least")
        return self

    @property
    def limit(self) -> float:
        """The limit itself."""
        limit = self.at_most if self.at_most is not None else self.at_least
        assert limit is not None
        return limit

    @property
    def bound(self) -> str:
        """The limit in words."""
        return f"{'at most' if self.at_most is not None else 'at least'} {self.limit:g}"

    def _where(self) -> str:
        return "" if self.scenarios == ("*",) else f" in {listed(self.scenarios)}"


class WorstGroupRule(LimitRule):
    """The value of every group, so of the worst one, lies on the right side of a limit."""

    kind: Literal["worst-group"] = "worst-group"
    metric: str
    groups: Texts = ("*",)

    @property
    def reads(self) -> frozenset[ReportKind]:
        """Audits and benches."""
        return frozenset({"audit", "bench"})

    def whom(self) -> str:
        """Whom the rule concerns, in words."""
        which = (
            "every group" if self.groups == ("*",) else f"every group like {listed(self.groups)}"
        )
        return f"{which}{self._where()}"

    def asks(self) -> str:
        """In words."""
        return f"{self.metric} is shown to be {self.bound}"


class DifferentialRule(LimitRule):
    """A differential in one number (FDR, GARBE, inequity rate ...) keeps to a limit."""

    kind: Literal["differential"] = "differential"
    metric: DifferentialMetric

    @property
    def reads(self) -> frozenset[ReportKind]:
        """Audits."""
        return frozenset({"audit"})

    def whom(self) -> str:
        """Whom the rule concerns, in words."""
        return f"every confirmatory scenario{self._where()}"

    def asks(self) -> str:
        """In words."""
        return f"{self.metric} is shown to be {self.bound}"


class QualityRule(LimitRule):
    """An error rate or cost of a benched detector keeps to a limit."""

    kind: Literal["quality"] = "quality"
    metric: BenchMetric
    detectors: Texts = ("*",)

    @property
    def reads(self) -> frozenset[ReportKind]:
        """Benches."""
        return frozenset({"bench"})

    def whom(self) -> str:
        """Whom the rule concerns, in words."""
        which = "" if self.detectors == ("*",) else f" of {listed(self.detectors)}"
        return f"every condition{self._where()}{which}"

    def asks(self) -> str:
        """In words."""
        return f"{self.metric} over all items is shown to be {self.bound}"


class DriftRule(Rule):
    """A detector is not worse than in the baseline by more than a margin.

    Where both benches hold the same items the difference is tested in pairs, else as between
    independent samples; the answer says which.
    """

    kind: Literal["drift"] = "drift"
    scenarios: Texts = ("*",)
    metric: BenchMetric
    margin: float = Field(gt=0)
    detectors: Texts = ("*",)

    @property
    def reads(self) -> frozenset[ReportKind]:
        """Benches."""
        return frozenset({"bench"})

    def whom(self) -> str:
        """Whom the rule concerns, in words."""
        where = "" if self.scenarios == ("*",) else f" in {listed(self.scenarios)}"
        which = "" if self.detectors == ("*",) else f" of {listed(self.detectors)}"
        return f"every condition{where}{which}"

    def asks(self) -> str:
        """In words."""
        worse = "lower" if self.metric in HIGHER_IS_BETTER else "higher"
        return (
            f"{self.metric} is shown not to be {worse} than in the baseline by more than "
            f"{self.margin:g}"
        )
