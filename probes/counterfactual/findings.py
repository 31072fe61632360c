"""What is found for one kind of swap: rates, net of the placebo, tests and words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avaudit.plan import Scenario
from avaudit.probe import Context, Measured, Tested
from avaudit.statistics import (
    Estimate,
    FlipRates,
    GroupRates,
    equivalence_p,
    flip_rates,
    group_means,
    group_rates,
    score_shift,
)

from .._comparison import n_needed
from .answers import Answers
from .pairs import Ints, Pairs


@dataclass(frozen=True, kw_only=True)
class SwapRows:
    """One kind of swap: the rows whose answers are there, and those that have a placebo too."""

    name: str
    before: Ints
    after: Ints
    placebo: Ints
    with_placebo: NDArray[np.bool_]


def swap_rows(name: str, rows: tuple[Ints, Ints, Ints], answers: Answers) -> SwapRows:
    """Give the pairs of one kind whose two answers are there."""
    before, after, placebo = rows
    keep = answers.answered[before] & answers.answered[after]
    before, after, placebo = before[keep], after[keep], placebo[keep]
    has = (placebo >= 0) & answers.answered[placebo]
    return SwapRows(name=name, before=before, after=after, placebo=placebo, with_placebo=has)


class SwapFindings:
    """The answer for one kind of swap."""

    def __init__(
        self,
        kind: SwapRows,
        groups: NDArray[np.object_],
        answers: Answers,
        pairs: Pairs,
        scenario: Scenario,
        context: Context,
    ) -> None:
        self.kind, self.answers, self.scenario, self.context = kind, answers, scenario, context
        self.people = pairs.people[kind.before]
        self.groups = groups[kind.before]
        everyone = np.ones(len(kind.before), dtype=bool)
        self.flips = self._flips(everyone)
        self.net = self._flips(kind.with_placebo).net if kind.with_placebo.any() else None

    def _flips(self, rows: NDArray[np.bool_]) -> FlipRates:
        k, answers = self.kind, self.answers
        before, after = k.before[rows], k.after[rows]
        control = k.placebo[rows] if rows.any() and k.with_placebo[rows].all() else None
        if answers.positive is None:
            one = np.zeros(len(before), dtype=np.int64)
            other = answers.changed(before, after).astype(np.int64)
            third = None if control is None else answers.changed(before, control).astype(np.int64)
        else:
            one, other = answers.decisions(before), answers.decisions(after)
            third = None if control is None else answers.decisions(control)
        return flip_rates(
            one,
            other,
            placebo=third,
            identities=self.people[rows],
            n_draws=self.context.n_draws,
            level=self.context.level,
            rng=self.context.rng,
        )

    def rows(self) -> list[Measured]:
        """Give the estimates: by group, over all, placebo and net."""
        name = self.kind.name
        rows = [
            Measured(metric=f"flip rate | {name}", group=level, estimate=self._flips(own).cfr)
            for level in sorted(set(self.groups.tolist()) - {""})
            if (own := np.asarray(self.groups == level)).any()
        ]
        rows.append(
            self._row("flip rate", "swap", self.flips.cfr, "reference" if rows else "group")
        )
        if self.kind.with_placebo.any():
            found = self._flips(self.kind.with_placebo)
            assert found.placebo is not None
            rows.append(self._row("flip rate", "placebo", found.placebo, "reference"))
            assert self.net is not None
            rows.append(self._row("net flip rate", "swap − placebo", self.net, "gap"))
        if self.answers.positive is not None:
            to, away = f"to {self.answers.positive}", f"from {self.answers.positive}"
            rows += [
                self._row("flip rate", to, self.flips.cfr_plus, "detail"),
                self._row("flip rate", away, self.flips.cfr_minus, "detail"),
                self._row("direction", f"{to} − {away}", self.flips.direction, "detail"),
            ]
        return rows + [
            self._row("score change", words, estimate, "detail")
            for words, estimate in self._shift().items()
        ]

    def _row(self, metric: str, group: str, estimate: Estimate, role: str) -> Measured:
        name = f"{metric} | {self.kind.name}"
        return Measured(metric=name, group=group, estimate=estimate, role=role)

    def _shift(self) -> dict[str, Estimate]:
        scores, k = self.answers.scores, self.kind
        if scores is None:
            return {}
        shared: dict[str, Any] = {
            "n_draws": self.context.n_draws, "level": self.context.level, "rng": self.context.rng
        }  # fmt: skip
        found = score_shift(scores[k.before], scores[k.after], identities=self.people, **shared)
        result = {"mean": found["shift"], "mean absolute": found["absolute"]}
        if (rows := k.with_placebo).any():
            net = score_shift(
                scores[k.before[rows]],
                scores[k.after[rows]],
                placebo=scores[k.placebo[rows]],
                identities=self.people[rows],
                **shared,
            )
            result["mean absolute, net of placebo"] = net["net_absolute"]
        return result

    def test(self, metric: str) -> Tested:
        """Test one metric of this kind of swap; identities are what is independent."""
        name = f"{metric} | {self.kind.name}"
        if not len(self.kind.before):
            return self._untested(name, "no pair has both answers")
        if metric != "direction" and not self.kind.with_placebo.any():
            return self._untested(
                name, "there is no placebo to compare with; add copies with swap_kind placebo"
            )
        found, groups = self._compared(metric)
        effect = found.by_group[groups[1]].value - found.by_group[groups[0]].value
        p = found.test.p
        if metric != "direction" and effect <= 0 and not math.isnan(p):
            # a placebo that changes more than the swap is no sign of bias
            p = 1.0
        margin = self.scenario.margin
        return Tested(
            metric=name,
            groups=groups,
            statistic=found.test.statistic,
            effect=effect,
            p=p,
            p_equivalence=equivalence_p(found, margin) if margin is not None else math.nan,
            p_min=found.test.p_min,
            minimum_detectable=found.minimum_detectable,
            n_needed=n_needed(found, margin),
            method=found.test.method,
            reason=found.test.reason,
        )

    def _untested(self, name: str, reason: str) -> Tested:
        return Tested(
            metric=name,
            groups=(self.kind.name, "placebo"),
            statistic=math.nan,
            effect=math.nan,
            p=math.nan,
            method="none",
            reason=reason,
        )

    def _compared(self, metric: str) -> tuple[GroupRates, tuple[str, str]]:
        k, answers, shared = self.kind, self.answers, self._settings()
        if metric == "direction":
            values = [answers.decisions(k.before), answers.decisions(k.after)]
            labels = ["original"] * len(k.before) + ["swapped"] * len(k.after)
            people = [*self.people, *self.people]
            found = group_rates(np.concatenate(values), labels, identities=people, **shared)
            return found, ("original", "swapped")
        rows = k.with_placebo
        before, after, placebo = k.before[rows], k.after[rows], k.placebo[rows]
        labels = ["placebo"] * len(before) + [k.name] * len(before)
        people = [*self.people[rows], *self.people[rows]]
        if metric == "net_cfr":
            flips = [answers.changed(before, placebo), answers.changed(before, after)]
            found = group_rates(np.concatenate(flips), labels, identities=people, **shared)
        else:
            assert answers.scores is not None
            scores = answers.scores
            moved = [np.abs(scores[c] - scores[before]) for c in (placebo, after)]
            found = group_means(np.concatenate(moved), labels, identities=people, **shared)
        return found, ("placebo", k.name)

    def _settings(self) -> dict[str, Any]:
        c = self.context
        return {"n_draws": c.n_draws, "level": c.level, "rng": c.rng}

    def summary(self) -> str:
        """Say it in one or two sentences."""
        found = self.flips.cfr
        if not found.defined:
            return f"No pair of {self.kind.name} has both answers."
        said = (
            f"Under the swap {self.kind.name}, {found.value:.1%} of {found.n:,} decisions flip "
            f"({found.low:.1%} to {found.high:.1%})"
        )
        if self.answers.positive is not None:
            said += (
                f", {self.flips.gained} to “{self.answers.positive}” and {self.flips.lost} from it"
            )
        if self.net is None:
            return f"{said}. Without a placebo, what the edit alone does is not known."
        return (
            f"{said}. Beyond the placebo it is {self.net.value:.1%} "
            f"({self.net.low:.1%} to {self.net.high:.1%})."
        )

    def cautions(self) -> list[str]:
        """Say what limits it."""
        n, people = len(self.kind.before), len(set(self.people.tolist()))
        if people == n or not n:
            return []
        return [
            f"{n:,} pairs of {self.kind.name} come from {people:,} identities: McNemar's p in the "
            "facts takes pairs as independent, the test of the plan does not."
        ]

    def facts(self) -> dict[str, Any]:
        """Give the counts behind the rates."""
        directed = self.answers.positive is not None
        return {
            "pairs": len(self.kind.before),
            "pairs_with_placebo": int(self.kind.with_placebo.sum()),
            "identities": len(set(self.people.tolist())),
            "flipped_to_positive": self.flips.gained if directed else None,
            "flipped_from_positive": self.flips.lost if directed else None,
            "mcnemar_p": self.flips.p if directed and len(self.kind.before) else None,
        }
