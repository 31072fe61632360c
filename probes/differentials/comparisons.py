"""Which comparisons count for which group, and the threshold that all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avaudit.errors import UsageError
from avaudit.manifest.columns import group_labels
from avaudit.plan import Scenario
from avaudit.registry import unknown_name
from avaudit.statistics import threshold_at_fmr, within_groups

from .._comparison import TextArray
from .._options import number_option, share_option
from .._trials import Trials

DEFAULT_FMR = 0.01
IMPOSTORS = ("within-group", "all")


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """The group of each comparison, ``""`` where it counts for none, and what to say about that."""

    groups: TextArray
    cautions: tuple[str, ...]


def group_comparisons(trials: Trials, scenario: Scenario) -> Grouped:
    """Give each comparison its group.

    Genuine comparisons, and impostor comparisons within a group, belong to the group of both
    sides. With ``impostors = "all"`` an impostor comparison belongs to the group of its left side
    (the reference), whoever is on the right.

    Raises
    ------
    UsageError
        When no group is named, or a side has no such column.
    """
    choice = str(scenario.options.get("impostors", IMPOSTORS[0]))
    if choice not in IMPOSTORS:
        raise UsageError(
            f"scenario '{scenario.id}': {unknown_name('impostors', choice, IMPOSTORS)}"
        )
    if not scenario.groups:
        raise UsageError(f"scenario '{scenario.id}': groups names no group column to compare")
    left, right = (
        group_labels(trials.manifest, scenario.groups, side) for side in ("left", "right")
    )
    groups = np.asarray(within_groups(left, right), dtype=object)
    if choice == "all":
        groups = np.where(trials.is_true, groups, left)
    return Grouped(groups=groups, cautions=tuple(_left_out(groups, left, right, trials)))


def _left_out(groups: TextArray, left: TextArray, right: TextArray, trials: Trials) -> list[str]:
    known = (left != "") & (right != "")
    crossed = (groups == "") & known
    lines = []
    if count := int((crossed & trials.is_true).sum()):
        lines.append(
            f"{count:,} genuine comparisons have different groups on their two sides, which one "
            "person cannot have; they are left out."
        )
    if count := int((crossed & ~trials.is_true).sum()):
        lines.append(f"{count:,} impostor comparisons across groups count for no group.")
    if count := int(((groups == "") & ~known).sum()):
        lines.append(f"{count:,} comparisons have no known group and are left out.")
    return lines


def global_threshold(trials: Trials, scenario: Scenario) -> float:
    """Give the threshold the plan names, or the one with its false match rate over all impostors.

    Raises
    ------
    UsageError
        When an option is no usable number.
    """
    if "threshold" in scenario.options:
        return number_option(scenario, "threshold")
    target = share_option(scenario, "fmr_target", DEFAULT_FMR)
    if target == 0:
        raise UsageError(f"scenario '{scenario.id}': options.fmr_target lies above 0")
    return threshold_at_fmr(trials.scores[~trials.is_true], target)


def few_impostors(trials: Trials, options: Mapping[str, Any]) -> list[str]:
    """Give the caution about a target below what the impostors can show."""
    count = int((~trials.is_true).sum())
    target = float(options.get("fmr_target", DEFAULT_FMR))
    if "threshold" in options or target * count >= 1:
        return []
    return [
        f"A false match rate of {target:g} cannot be set with {count:,} impostor comparisons; the "
        "threshold lies at their highest score."
    ]


def error_outcomes(trials: Trials, threshold: float) -> dict[str, NDArray[np.float64]]:
    """Give 1.0 for an error and 0.0 for none where a comparison counts, NaN elsewhere."""
    matched = trials.scores >= threshold
    return {
        "fmr": np.where(~trials.is_true, matched.astype(np.float64), np.nan),
        "fnmr": np.where(trials.is_true, (~matched).astype(np.float64), np.nan),
    }
