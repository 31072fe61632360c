"""Associations of single targets (SC-WEAT, WEFAT) and at several levels (ML-EAT)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .cosine import cosines
from .permutation import p_value, partition_sums
from .scores import Floats
from .weat import ALTERNATIVES, Association, association

BLOCK = 32  # targets permuted at a time: 200,000 partitions of them take 50 MB


def single_association(w: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Give the SC-WEAT effect size of each single target.

    Parameters
    ----------
    w
        Target embeddings, shape (n, d).
    a, b
        Attribute embeddings, shapes (n_a, d) and (n_b, d).

    Returns
    -------
    ndarray
        Shape (n,): mean cosine with a minus mean cosine with b, divided by the standard deviation
        of the cosines with both (ddof = 1). NaN where that is 0 or an embedding has no direction.

    Notes
    -----
    WEFAT of Caliskan, Bryson and Narayanan 2017, called SC-WEAT since.

    Examples
    --------
    >>> single_association([[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]]).round(6).tolist()
    [1.414214]
    """
    with_a, with_b = cosines(w, a), cosines(w, b)
    if not with_a.shape[1] or not with_b.shape[1]:
        return np.full(with_a.shape[0], np.nan)
    spread = np.hstack([with_a, with_b]).std(axis=1, ddof=1)
    spread = np.where(spread > 1e-12, spread, np.nan)
    effects: Floats = (with_a.mean(axis=1) - with_b.mean(axis=1)) / spread
    return effects


@dataclass(frozen=True, kw_only=True)
class SingleAssociations:
    """SC-WEAT effects with their permutation tests.

    Attributes
    ----------
    effects, p
        Per target, shapes (n,); NaN where the effect does not exist. The p-values belong to one
        family: correct them for their number.
    p_min
        The smallest p this design can give.
    exact, n_permutations
        Whether all partitions of the attributes were looked at, and how many there were.
    mean
        Mean effect over the targets where it exists; NaN if there are none.
    """

    effects: Floats
    p: Floats
    p_min: float
    exact: bool
    n_permutations: int
    mean: float


def single_association_test(
    w: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    alternative: str = "two-sided",
    strict: bool = False,
    max_exact: int = 200_000,
    n_permutations: int = 100_000,
    rng: np.random.Generator,
) -> SingleAssociations:
    """Test each single target by permuting the labels of the attribute items.

    Parameters
    ----------
    w, a, b
        As in :func:`single_association`.
    alternative, strict, max_exact, n_permutations, rng
        As in :func:`avaudit.statistics.association`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> eye = np.eye(4)
    >>> found = single_association_test(eye[:1], eye[:1] + 0.1, eye[1:] + 0.1, rng=rng)
    >>> found.exact, found.n_permutations, found.p.tolist()
    (True, 4, [0.5])
    """
    if alternative not in ALTERNATIVES:
        raise ValueError(f"alternative is one of {', '.join(ALTERNATIVES)}: {alternative!r}")
    effects = single_association(w, a, b)
    table = np.hstack([cosines(w, a), cosines(w, b)])
    n_a = np.asarray(a).shape[0]
    p = np.full(effects.size, np.nan)
    known = np.flatnonzero(~np.isnan(effects))
    if not known.size:
        return SingleAssociations(
            effects=effects, p=p, p_min=math.nan, exact=False, n_permutations=0, mean=math.nan
        )
    for start in range(0, known.size, BLOCK):
        rows = known[start : start + BLOCK]
        centred = table[rows] - table[rows].mean(axis=1, keepdims=True)
        null = partition_sums(
            centred.T, n_a, max_exact=max_exact, n_permutations=n_permutations, rng=rng
        )
        for column, row in enumerate(rows):
            p[row] = p_value(
                float(centred[column, :n_a].sum()),
                null.sums[:, column],
                scale=float(np.abs(table[row]).sum()),
                exact=null.exact,
                alternative=alternative,
                strict=strict,
            )
    m = len(null.sums)
    smallest = 1.0 / null.n_possible
    if not null.exact:
        smallest = max(smallest, 1.0 / (1 + m))
    return SingleAssociations(
        effects=effects,
        p=p,
        p_min=min(1.0, 2.0 * smallest) if alternative == "two-sided" else smallest,
        exact=null.exact,
        n_permutations=m,
        mean=float(effects[known].mean()),
    )


@dataclass(frozen=True, kw_only=True)
class MultilevelAssociation:
    """The three levels of ML-EAT.

    Attributes
    ----------
    test
        Level 1: the differential association of both target sets.
    single_x, single_y
        Level 2: SC-WEAT effect of each target, shapes (n_x,) and (n_y,).
    mean_cosine, sd_cosine
        Level 3: mean and standard deviation (ddof = 1) of the cosines of each target set (rows x,
        y) with each attribute set (columns a, b), shape (2, 2). They show what d hides, such as
        both target sets leaning to the same attribute.
    target_cosine_x, target_cosine_y
        Mean cosine of each target with a and with b, shapes (n_x, 2) and (n_y, 2).
    """

    test: Association
    single_x: Floats
    single_y: Floats
    mean_cosine: Floats
    sd_cosine: Floats
    target_cosine_x: Floats
    target_cosine_y: Floats


def multilevel_association(
    x: ArrayLike,
    y: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    identities: tuple[ArrayLike, ArrayLike] | None = None,
    alternative: str = "two-sided",
    max_exact: int = 200_000,
    n_permutations: int = 100_000,
    rng: np.random.Generator,
) -> MultilevelAssociation:
    """Report an association at all three levels: the pair of sets, each target, each cosine.

    Parameters
    ----------
    x, y, a, b, identities, alternative, max_exact, n_permutations, rng
        As in :func:`avaudit.statistics.association`.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Notes
    -----
    Wolfe, Hiniker and Howe, ML-EAT, 2024 (arXiv 2408.01966).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> eye = np.eye(4) + 0.1
    >>> levels = multilevel_association(eye[:2], eye[2:], eye[:2], eye[2:], rng=rng)
    >>> levels.mean_cosine.shape, levels.test.n_permutations
    ((2, 2), 6)
    """
    blocks = [[cosines(targets, attributes) for attributes in (a, b)] for targets in (x, y)]
    return MultilevelAssociation(
        test=association(
            x,
            y,
            a,
            b,
            identities=identities,
            alternative=alternative,
            max_exact=max_exact,
            n_permutations=n_permutations,
            rng=rng,
        ),
        single_x=single_association(x, a, b),
        single_y=single_association(y, a, b),
        mean_cosine=np.array([[_mean(block) for block in row] for row in blocks]),
        sd_cosine=np.array([[_sd(block) for block in row] for row in blocks]),
        target_cosine_x=_per_target(blocks[0]),
        target_cosine_y=_per_target(blocks[1]),
    )


def _mean(block: Floats) -> float:
    return float(block.mean()) if block.size else math.nan


def _sd(block: Floats) -> float:
    return float(block.std(ddof=1)) if block.size > 1 else math.nan


def _per_target(row: list[Floats]) -> Floats:
    return np.column_stack(
        [b.mean(axis=1) if b.shape[1] else np.full(b.shape[0], np.nan) for b in row]
    )
