"""Does a plan fit its data? Said before anything is run."""

from __future__ import annotations

import numpy as np

from ..errors import UsageError
from ..manifest import Manifest, Shape, group_labels, select
from ..manifest.columns import Side
from ..registry import PROBES, load, unknown_name
from .model import Plan, Scenario


def check_plan(plan: Plan, manifest: Manifest) -> list[str]:
    """Say what in a plan cannot be run on a data set.

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
        at are the shape of the table and what is named in ``groups``, ``control`` and ``where``.
    """
    return [
        f"scenario '{scenario.id}': {text}"
        for scenario in plan.scenario
        for text in _misfits(scenario, manifest)
    ]


def plan_cautions(plan: Plan, manifest: Manifest) -> list[str]:
    """Say which scenarios can be run and will hardly be settled by this data.

    Returns
    -------
    list of str
        One sentence per scenario that compares groups of which fewer than two reach ``min_n``.
    """
    return [
        f"scenario '{scenario.id}': {text}"
        for scenario in plan.scenario
        if scenario.groups and not _misfits(scenario, manifest)
        for text in _too_small(scenario, select(manifest, scenario.where))
    ]


def _misfits(scenario: Scenario, manifest: Manifest) -> list[str]:
    probe = load(PROBES, scenario.probe)
    problems = []
    if manifest.shape not in probe.shapes:
        fits = " or ".join(sorted(shape.value for shape in probe.shapes))
        problems.append(
            f"the probe '{scenario.probe}' works on {fits}; this manifest holds "
            f"{manifest.shape.value}"
        )
    problems += [
        unknown_name("group in the manifest called", name, manifest.groups)
        for name in (*scenario.groups, *scenario.control)
        if name not in manifest.groups
    ]
    try:
        select(manifest, scenario.where)
    except UsageError as error:
        problems.append(str(error))
    return problems


def _too_small(scenario: Scenario, manifest: Manifest) -> list[str]:
    sizes = group_sizes(manifest, scenario.groups)
    if sum(n >= scenario.min_n for n in sizes.values()) >= 2:
        return []
    said = ", ".join(f"{level} {n}" for level, n in sizes.items()) or "none"
    return [
        f"fewer than two groups of {' × '.join(scenario.groups)} have min_n = {scenario.min_n} "
        f"rows (rows by group: {said}), so nothing will be tested"
    ]


def group_sizes(manifest: Manifest, names: tuple[str, ...]) -> dict[str, int]:
    """Count the rows of every group; in trial tables those of the side that has the columns."""
    sides: tuple[Side | None, ...] = (
        ("left", "right") if manifest.shape is Shape.TRIALS else (None,)
    )
    for side in sides:
        try:
            labels = group_labels(manifest, names, side)
        except UsageError:
            continue  # left may be a face with groups, right a voice without, or reversed
        levels, counts = np.unique(labels[labels != ""], return_counts=True)
        return {str(level): int(n) for level, n in zip(levels, counts, strict=True)}
    return {}
