"""Does a plan fit its data? Said before anything is run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..manifest import Manifest, Shape, group_labels, select
from ..registry import PROBES, load
from .model import Plan, Scenario


def check_plan(plan: Plan, manifest: Manifest) -> list[str]:
    """Say what in a plan does not fit a data set.

    Parameters
    ----------
    plan
        As :func:`avaudit.plan.read_plan` gave it.
    manifest
        The data.

    Returns
    -------
    list of str
        One sentence per problem, beginning with the scenario's id; empty when all fits. Looked
        at are the shape of the table, the columns named in ``groups``, ``control`` and
        ``where``, and whether at least two groups (or, without groups, one row) are large enough.
    """
    return [
        f"scenario '{scenario.id}': {text}"
        for scenario in plan.scenario
        for text in _check(scenario, manifest)
    ]


def _check(scenario: Scenario, manifest: Manifest) -> list[str]:
    probe = load(PROBES, scenario.probe)
    problems = []
    if manifest.shape not in probe.shapes:
        fits = " or ".join(sorted(shape.value for shape in probe.shapes))
        problems.append(
            f"the probe '{scenario.probe}' works on {fits}; this manifest holds "
            f"{manifest.shape.value}"
        )
    try:
        part = select(manifest, scenario.where)
    except UsageError as error:
        return [*problems, str(error)]
    for name in (*scenario.groups, *scenario.control):
        if name not in manifest.groups:
            try:
                _labels(part, (name,))
            except UsageError as error:
                problems.append(str(error))
    if not problems and scenario.groups:
        problems += _check_sizes(scenario, part)
    return problems


def _check_sizes(scenario: Scenario, part: Manifest) -> list[str]:
    levels, counts = np.unique(_labels(part, scenario.groups), return_counts=True)
    sizes = {str(level): int(n) for level, n in zip(levels, counts, strict=True) if level}
    large = [level for level, n in sizes.items() if n >= scenario.min_n]
    if len(large) >= 2:
        return []
    said = ", ".join(f"{level} {n}" for level, n in sizes.items()) or "none"
    return [
        f"fewer than two groups of {' × '.join(scenario.groups)} have min_n = {scenario.min_n} "
        f"rows (rows by group: {said})"
    ]


def _labels(manifest: Manifest, names: tuple[str, ...]) -> NDArray[np.object_]:
    side = "left" if manifest.shape is Shape.TRIALS else None
    return group_labels(manifest, names, side)
