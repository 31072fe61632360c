"""The numbers of an association: raw, centred, balanced, and beyond what is real."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from avaudit.probe import Context
from avaudit.statistics import (
    Association,
    CosineTable,
    Estimate,
    StereotypeExcess,
    association,
    association_interval,
    balanced_association,
    stereotype_excess,
)

from .sets import Items, Sets

PERMUTATIONS_PER_DRAW = 50
"""Permutations cost less than bootstrap draws: 100,000 at the default of 2,000 draws."""


@dataclass(frozen=True, kw_only=True)
class Measures:
    """All numbers of one scenario.

    Attributes
    ----------
    raw, centred
        d of the vectors as they are, and with the mean of each modality taken out.
    balanced
        d within the strata of ``control``, centred; None without control.
    within
        d per stratum.
    excess
        Model, reference and their difference, centred and balanced; None without reference.
    test, balanced_test
        Identity-level permutation tests of the centred and of the balanced association.
    """

    raw: Estimate
    centred: Estimate
    test: Association
    balanced: Estimate | None = None
    balanced_test: Association | None = None
    within: dict[str, Association] | None = None
    explained: float = math.nan
    excess: StereotypeExcess | None = None


def measure(sets: Sets, context: Context) -> Measures:
    """Measure the association of the targets with the attributes."""
    raw = _interval(sets, context, moved=False)
    moved = _interval(sets, context, moved=True)
    test = association(
        sets.x.moved,
        sets.y.moved,
        sets.a.moved,
        sets.b.moved,
        identities=(sets.x.people, sets.y.people),
        n_permutations=PERMUTATIONS_PER_DRAW * context.n_draws,
        rng=context.rng,
    )
    stratified = any(sets.a.strata != "") and any(sets.b.strata != "")
    even = balanced_sets(sets, context.rng) if stratified else sets
    excess = _excess(even, context) if even.own_x is not None else None
    if not stratified:
        return Measures(raw=raw, centred=moved, test=test, excess=excess)
    found = balanced_association(
        sets.x.moved,
        sets.y.moved,
        sets.a.moved,
        sets.b.moved,
        attribute_strata=(sets.a.strata, sets.b.strata),
        target_strata=(sets.x.strata, sets.y.strata),
        identities=(sets.x.people, sets.y.people),
        n_permutations=PERMUTATIONS_PER_DRAW * context.n_draws,
        rng=context.rng,
    )
    return Measures(
        raw=raw,
        centred=moved,
        test=test,
        balanced=_interval(even, context, moved=True),
        balanced_test=found.balanced,
        within=found.within,
        explained=found.explained_effect,
        excess=excess,
    )


def balanced_sets(sets: Sets, rng: np.random.Generator) -> Sets:
    """Draw attribute sets that hold the same number of items of each stratum."""
    rows_a, rows_b = [], []
    for stratum in sorted({*sets.a.strata.tolist()} & {*sets.b.strata.tolist()} - {""}):
        in_a = np.flatnonzero(sets.a.strata == stratum)
        in_b = np.flatnonzero(sets.b.strata == stratum)
        n = min(len(in_a), len(in_b))
        rows_a.append(rng.permutation(in_a)[:n])
        rows_b.append(rng.permutation(in_b)[:n])
    if not rows_a:
        return sets
    return replace(
        sets,
        a=sets.a.take(np.sort(np.concatenate(rows_a))),
        b=sets.b.take(np.sort(np.concatenate(rows_b))),
    )


def _vectors(items: Items, *, moved: bool) -> np.ndarray:
    return items.moved if moved else items.vectors


def _interval(sets: Sets, context: Context, *, moved: bool) -> Estimate:
    x, y, a, b = (_vectors(s, moved=moved) for s in (sets.x, sets.y, sets.a, sets.b))
    return association_interval(
        x,
        y,
        a,
        b,
        identities=(sets.x.people, sets.y.people),
        attribute_identities=(sets.a.people, sets.b.people),
        n_draws=context.n_draws,
        level=context.level,
        rng=context.rng,
    )


def _excess(sets: Sets, context: Context) -> StereotypeExcess:
    assert sets.own_x is not None
    assert sets.own_y is not None
    attributes = (sets.a.moved, sets.b.moved)
    return stereotype_excess(
        CosineTable.of(sets.x.moved, sets.y.moved, *attributes),
        CosineTable.of(sets.own_x.moved, sets.own_y.moved, *attributes),
        identities=(sets.x.people, sets.y.people),
        attribute_identities=(sets.a.people, sets.b.people),
        n_draws=context.n_draws,
        level=context.level,
        rng=context.rng,
    )
