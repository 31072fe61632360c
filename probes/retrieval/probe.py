"""The probe: rank, measure every ranking, compare the groups of those who search."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from avaudit.adapters.protocols import Capability
from avaudit.errors import UsageError
from avaudit.manifest import Shape
from avaudit.manifest.columns import identities
from avaudit.plan import Scenario
from avaudit.probe import Context, Probe, ProbeResult
from avaudit.registry import unknown_name

from .._modality import FloatArray
from .comparison import Asked, compared_groups, other_rows
from .search import Search, gallery_groups, search
from .values import Values, values

DEFAULT_K = 10


class RetrievalProbe(Probe):
    """Whether the people a model shows first depend on who searches."""

    title = "Retrieval"
    asks = "Are some groups shown first, or left out, depending on who searches?"
    requires = (
        frozenset({Capability.FACE_EMBEDDER, Capability.VOICE_EMBEDDER}),
        frozenset({Capability.FACE_EMBEDDER}),
        frozenset({Capability.VOICE_EMBEDDER}),
    )
    shapes = frozenset({Shape.CLIPS})
    metrics: ClassVar[Mapping[str, str]] = {
        "ndkl": "normalised discounted divergence of the ranking from the desired shares",
        "skew": "ln(share of the level options.of among the first k / desired share)",
        "max_skew": "largest skew of any level among the first k",
        "min_skew": "smallest skew of any level among the first k",
        "recall": "share of queries with their own person among the first k",
    }
    options: ClassVar[Mapping[str, str]] = {
        "query": "face or voice: what searches (voice, where the model has both)",
        "gallery": "face or voice: what is searched (face, where the model has both)",
        "query_where": "table: only these rows search",
        "gallery_where": "table: only these rows are searched",
        "gallery_groups": "group columns whose shares are looked at (those of groups)",
        "of": "the level whose skew is compared (metric skew)",
        "k": "how many results count as the first (10)",
        "depth": "how many ranks the divergence looks at (100)",
        "desired": "gallery, queries, equal, or a table of shares (gallery)",
    }
    does_not_say = (
        "That a skew is unjust: a voice that tells the gender may rightly find faces of it.",
        "That results suit the query: recall says how often the own person is among them.",
    )

    def run(self, scenario: Scenario, context: Context) -> ProbeResult:
        """Run all queries of one scenario.

        Raises
        ------
        UsageError
            When an option, a group or a modality is missing or wrong.
        """
        metric = self._metric(scenario)
        k = scenario.options.get("k", DEFAULT_K)
        if not isinstance(k, int) or k < 1:
            raise UsageError(
                f"scenario '{scenario.id}': options.k is a whole number of at least 1, not {k!r}"
            )
        found = search(scenario, context)
        measured = values(found, k, scenario, context.rng)
        key = self._key(metric, found, scenario)
        asked = Asked(metric=metric, key=key, k=k, scenario=scenario, context=context)
        compared = compared_groups(asked, found, measured)
        return ProbeResult(
            summary=" ".join((_shown(found, measured, k), *(one.summary for one in compared))),
            estimates=(
                *(row for one in compared for row in one.estimates),
                *other_rows(asked, found, measured),
            ),
            tests=tuple(one.test for one in compared),
            cautions=(
                *found.cautions,
                *dict.fromkeys(c for one in compared for c in one.cautions),
                *_cautions(found, k),
            ),
            facts=_facts(found, measured, k, scenario),
        )

    def _metric(self, scenario: Scenario) -> str:
        metric = scenario.metric or ("skew" if "of" in scenario.options else "ndkl")
        if metric not in self.metrics:
            raise UsageError(
                f"scenario '{scenario.id}': {unknown_name('metric', metric, list(self.metrics))}"
            )
        return metric

    def _key(self, metric: str, found: Search, scenario: Scenario) -> str:
        if metric != "skew":
            return metric
        level = str(scenario.options.get("of", ""))
        if level not in found.names:
            raise UsageError(
                f"scenario '{scenario.id}', options.of: "
                f"{unknown_name('level in the gallery', level, list(found.names))}"
            )
        return f"skew of {level}"


def _table(found: Search, measured: Values) -> list[dict[str, Any]]:
    """Give the mean share of every level among the first k, by group of the query."""
    return [
        {
            "queries": group,
            "results": level,
            "share": _mean(measured.by_metric[f"share of {level}"], found.groups == group),
            "desired": measured.desired[level],
            "skew": _mean(measured.by_metric[f"skew of {level}"], found.groups == group),
        }
        for group in sorted(set(found.groups.tolist()) - {""})
        for level in found.names
    ]


def _mean(numbers: FloatArray, rows: NDArray[np.bool_]) -> float:
    known = numbers[rows & ~np.isnan(numbers)]
    return float(known.mean()) if len(known) else math.nan


def _shown(found: Search, measured: Values, k: int) -> str:
    rows = [row for row in _table(found, measured) if not math.isnan(row["share"])]
    if not rows:
        return "No ranking could be measured."
    far = max(rows, key=lambda row: abs(row["share"] - row["desired"]))
    return (
        f"Among the first {k} {found.gallery}s that {found.query}s of “{far['queries']}” find, "
        f"{far['share']:.0%} are of “{far['results']}”; {far['desired']:.0%} would be even. This "
        f"is the largest difference among {len(rows)}."
    )


def _cautions(found: Search, k: int) -> list[str]:
    lines = []
    if identities(found.queries) is None:
        lines.append(
            "The manifest has no column identity: every query counts as a person of its own, and "
            "a person's own recordings are among the results."
        )
    if k > found.shown.shape[1]:
        lines.append(
            f"The rankings end at {found.shown.shape[1]} results, before k = {k}; shares are over "
            "what there is."
        )
    return lines


def _facts(found: Search, measured: Values, k: int, scenario: Scenario) -> dict[str, Any]:
    return {
        "query": found.query,
        "gallery": found.gallery,
        "gallery_groups": list(gallery_groups(scenario)),
        "n_queries": len(found.groups),
        "n_gallery": len(found.levels),
        "k": k,
        "depth": int(found.shown.shape[1]),
        "desired": dict(measured.desired),
        "by_chance": dict(measured.chance),
        "shares": _table(found, measured),
    }
