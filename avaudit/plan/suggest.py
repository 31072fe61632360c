"""Which scenarios a data set lends itself to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ..adapters.protocols import Capability
from ..errors import UsageError
from ..manifest import Manifest, Shape, labels, numbers
from ..manifest.lint.sizes import Cell, cells_of
from ..manifest.table import GROUP_PREFIX
from ..registry import PROBES, load, names

if TYPE_CHECKING:
    from ..adapters.model import Model
    from ..probe import Probe

MIN_N = 10
RATE_MARGIN = 0.05
BY_LABEL = {"fpr": "0", "fnr": "1", "fmr": "0", "fnmr": "1"}
"""Metrics that are about one class only."""
TRIAL_PROBES = ("differentials", "matching")
"""Probes that need no more than labelled trials with groups."""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """One scenario to begin with; ``cells`` are the groups it would compare."""

    id: str
    probe: str
    metric: str | None
    group: str
    margin: float | None
    cells: tuple[Cell, ...] = field(default=())


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """What a plan could hold.

    ``scenarios`` are ready to run; ``left_out`` says which groups are not used and why;
    ``others`` are further probes that fit the table, by the question they ask, and need choices
    only a person can make.
    """

    scenarios: tuple[Suggestion, ...]
    left_out: tuple[str, ...]
    others: dict[str, str]


def suggest(manifest: Manifest, model: Model | None = None) -> Suggestions:
    """Say which scenarios fit a data set, and a model if there is one."""
    usable: list[str] = []
    left_out: list[str] = []
    for name in manifest.groups:
        why = _why_not(manifest, name)
        (left_out.append(f"{name}: {why}") if why else usable.append(name))
    planned: list[tuple[str, str | None]] = []
    others: dict[str, str] = {}
    for name in names(PROBES):
        probe = load(PROBES, name)
        if manifest.shape not in probe.shapes or not _can_ask(probe, model):
            continue
        metrics = [m for m in _metrics(name, manifest, model) if m is None or m in probe.metrics]
        planned += [(name, metric) for metric in metrics]
        if not metrics:
            others[name] = probe.asks
    alpha = 0.05 / max(1, len(planned) * len(usable))
    scenarios = tuple(
        Suggestion(
            id=_slug("-".join(part for part in (probe, metric, group) if part)),
            probe=probe,
            metric=metric,
            group=group,
            margin=RATE_MARGIN if metric or probe in TRIAL_PROBES else None,
            cells=tuple(_cells(manifest, group, metric, alpha)),
        )
        for group in usable
        for probe, metric in planned
    )
    return Suggestions(scenarios=scenarios, left_out=tuple(left_out), others=others)


def _can_ask(probe: type[Probe], model: Model | None) -> bool:
    if model is None or not probe.requires:
        return True
    return any(needed <= model.capabilities for needed in probe.requires)


def _metrics(probe: str, manifest: Manifest, model: Model | None) -> Iterator[str | None]:
    """Give the metrics that a probe can measure on this table with no further choices."""
    if probe in TRIAL_PROBES and _has_binary_labels(manifest):
        yield None
    if probe != "gaps":
        return
    can = model.capabilities if model else frozenset(Capability)
    if Capability.TRANSCRIBER in can and "text" in manifest.frame:
        yield "wer"
    if Capability.SYNC_ESTIMATOR in can and _has_numbers(manifest, "known_offset_s"):
        yield "within_tolerance"
    if Capability.DETECTOR in can and _has_binary_labels(manifest):
        yield from ("fpr", "fnr")
    elif Capability.CLASSIFIER in can and "label" in manifest.frame:
        yield "accuracy"


def _has_binary_labels(manifest: Manifest) -> bool:
    if "label" not in manifest.frame:
        return False
    found = labels(manifest)
    return found.dtype.kind == "f" and {0.0, 1.0} == set(np.unique(found[found == found]))  # noqa: PLR0124


def _has_numbers(manifest: Manifest, name: str) -> bool:
    if name not in manifest.frame:
        return False
    try:
        return bool(np.isfinite(numbers(manifest, name)).any())
    except UsageError:
        return False  # text where numbers should be: lint tells


def _columns(manifest: Manifest, group: str) -> tuple[str, str]:
    """Give the columns of a group and of its identities."""
    if manifest.shape is Shape.CLIPS:
        return f"{GROUP_PREFIX}{group}", "identity"
    for side in ("left", "right"):
        if (column := f"{side}.{GROUP_PREFIX}{group}") in manifest.frame:
            return column, f"{side}.identity"
    return f"{GROUP_PREFIX}{group}", ""


def _cells(manifest: Manifest, group: str, metric: str | None, alpha: float) -> Iterator[Cell]:
    label = BY_LABEL.get(metric or "")
    column, who = _columns(manifest, group)
    for cell in cells_of(manifest, column, who, by_label=label is not None, alpha=alpha):
        if label is None or cell.label == label:
            yield cell


def _why_not(manifest: Manifest, group: str) -> str:
    column, who = _columns(manifest, group)
    cells = cells_of(manifest, column, who, by_label=False)
    large = [cell for cell in cells if (cell.n_people or cell.n) >= MIN_N]
    if len(large) >= 2:
        return ""
    unit = "identities" if who in manifest.frame else "rows"
    sizes = ", ".join(f"{cell.level} {cell.n_people or cell.n}" for cell in cells[:8])
    return f"fewer than two levels have {MIN_N} {unit} ({sizes or 'no values'})"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", text.casefold()).strip("-._")[:64] or "scenario"
