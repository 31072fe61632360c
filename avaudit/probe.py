"""What a probe is: one question about a model over a data set, with inference that holds.

A probe is one class named by one entry point in the group ``avaudit.probes``. It says which
capabilities it needs, runs one scenario of a plan, and answers with estimates, tests and a
sentence for people. It never gives a verdict: adjustment over the whole plan and the three
verdicts are made in one place (:mod:`avaudit.auditing`).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from .adapters.protocols import Capability
from .manifest.table import Manifest, Shape
from .plan.model import Scenario
from .statistics.estimate import Estimate

if TYPE_CHECKING:
    from .adapters.model import Model

ALONE_POWER = 0.8
"""Power at which probes state what a test alone would find."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One estimate with its place: which metric, of which group.

    ``group`` is the level of the group (``female``), the levels of an intersection
    (``female × dark``), or a role in words (``all``, ``max − min``). ``role`` tells views how
    to draw it: ``group`` rows make a forest plot, ``gap`` and ``floor`` rows its summary,
    ``reference`` is drawn as a line, ``detail`` only stands in the table.
    """

    metric: str
    group: str
    estimate: Estimate
    role: str = "group"
    simultaneous: Estimate | None = None
    """Interval that holds for all groups of the scenario at once, where there is one."""


@dataclass(frozen=True, kw_only=True)
class Tested:
    """One test, not yet adjusted for the others of the plan.

    Attributes
    ----------
    metric, groups
        What was compared.
    statistic, effect
        Test statistic, and the effect in the unit of the metric (the gap).
    p
        Two-sided p of "there is no difference"; NaN with a reason.
    p_equivalence
        p of "the difference is at least the margin"; NaN where the scenario has no margin
        or the metric no equivalence test.
    p_min
        Smallest p this test can reach with this data (permutation tests); 0 for others.
    minimum_detectable
        Smallest true effect found with a power of 80 % by this test alone, at an error of
        1 − level; NaN if unknown. The plan's own level and power are applied to it later.
    n_needed
        Items per group that would settle the question, for this test alone; None if unknown.
    reason
        Why p is NaN, or a caution.
    """

    __test__: ClassVar = False  # no test class, whatever a test runner makes of the name

    metric: str
    groups: tuple[str, ...]
    statistic: float
    effect: float
    p: float
    p_equivalence: float = math.nan
    p_min: float = 0.0
    minimum_detectable: float = math.nan
    n_needed: int | None = None
    method: str
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class ProbeResult:
    """What a probe found in one scenario.

    ``summary`` says it in one or two plain sentences with numbers; ``cautions`` say what limits
    it (small groups, answers the model did not give, an unbalanced attribute set). ``facts`` are
    further JSON values that views may show.
    """

    summary: str
    estimates: tuple[Measured, ...] = ()
    tests: tuple[Tested, ...] = ()
    cautions: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a probe is given beside its scenario.

    Attributes
    ----------
    manifest
        The data.
    model
        The model under audit.
    rng
        Generator of this scenario alone: seeded from the plan's seed and the scenario's id, so
        that the order of scenarios changes nothing.
    level, n_draws
        Confidence level of intervals, and bootstrap or permutation draws.
    scratch
        A folder for files made on the way (swapped clips ...).
    progress
        Called with a line for people.
    """

    manifest: Manifest
    model: Model
    rng: np.random.Generator
    scratch: Path
    level: float = 0.95
    n_draws: int = 2000
    progress: Callable[[str], None] = lambda _line: None


class Probe(ABC):
    """One kind of question about a model.

    Attributes
    ----------
    title
        A few words for headings.
    asks
        The question in one plain sentence.
    requires
        Sets of capabilities of which the model must have at least one whole set. An empty
        tuple: the probe needs no model.
    shapes
        The shapes of manifests it works on.
    metrics
        Metric names it offers, by what each means; the first is the default. Empty: any.
    does_not_say
        What a reader must not conclude.
    """

    title: ClassVar[str]
    asks: ClassVar[str]
    requires: ClassVar[tuple[frozenset[Capability], ...]]
    shapes: ClassVar[frozenset[Shape]]
    metrics: ClassVar[Mapping[str, str]] = {}
    options: ClassVar[Mapping[str, str]] = {}
    """Keys of ``[scenario.options]`` it understands, by what each means."""
    does_not_say: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def run(self, scenario: Scenario, context: Context) -> ProbeResult:
        """Run one scenario.

        Raises
        ------
        UsageError
            When the scenario asks for a column, metric or option that is not there.
        AuditError
            When the model failed; the other scenarios go on.
        """
