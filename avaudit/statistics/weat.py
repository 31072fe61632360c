"""Embedding association tests (WEAT and its relatives) with the identity as the unit.

Caliskan, Bryson and Narayanan, Semantics derived automatically from language corpora contain
human-like biases, Science 356, 2017; for images Steed and Caliskan 2021 (iEAT), for speech
Slaughter et al. 2023 (SpEAT). The statistic is the same in all of them; only the encoder changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .cosine import association_values
from .permutation import p_value, partition_sums
from .roc_area import auc
from .scores import Floats, codes_of

ALTERNATIVES = ("two-sided", "greater", "less")


@dataclass(frozen=True, kw_only=True)
class Association:
    """The answer of a differential association test.

    Attributes
    ----------
    effect
        Effect size d: difference of the targets' mean associations, divided by their standard
        deviation over both target sets (ddof = 1). Within (-2, 2) for sets of equal size, where it
        saturates; read ``mean_difference`` and ``auc`` beside it.
    statistic
        S = sum of associations over x minus sum over y.
    mean_difference
        Mean association over x minus mean over y, in cosine units.
    auc
        Probability that a target of x is associated more with a than a target of y (ties one half).
    rank_biserial
        ``2 auc - 1``.
    p
        Permutation p-value, see :func:`association`.
    p_min
        The smallest p this design can give. A level below it can never be reached.
    exact
        Whether all partitions were looked at.
    n_permutations
        How many partitions p rests on.
    unit, n_units
        What was permuted (``"item"`` or ``"identity"``) and how many of them there are.
    n_x, n_y
        Number of target items.
    alternative
        The alternative of the test.
    reason
        Why a number is NaN; empty when all is well.
    """

    effect: float
    statistic: float
    mean_difference: float
    auc: float
    rank_biserial: float
    p: float
    p_min: float
    exact: bool
    n_permutations: int
    unit: str
    n_units: int
    n_x: int
    n_y: int
    alternative: str
    reason: str = ""


def association(
    x: ArrayLike,
    y: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    identities: tuple[ArrayLike, ArrayLike] | None = None,
    alternative: str = "two-sided",
    strict: bool = False,
    max_exact: int = 200_000,
    n_permutations: int = 100_000,
    rng: np.random.Generator,
) -> Association:
    """Test whether two sets of targets are differently associated with two sets of attributes.

    Parameters
    ----------
    x, y
        Target embeddings, shapes (n_x, d) and (n_y, d).
    a, b
        Attribute embeddings, shapes (n_a, d) and (n_b, d).
    identities
        Identity of each item of x and of y. Whole identities are then permuted, because clips
        of one person are not independent. None: every item is its own unit.
    alternative
        ``"two-sided"`` (twice the smaller one-sided p, at most 1), ``"greater"`` (x is associated
        with a) or ``"less"``.
    strict
        Count partitions with a larger statistic only, as Caliskan et al. write, instead of those
        at least as large (iEAT, SpEAT, the default and the conservative choice).
    max_exact
        All partitions are looked at where there are at most so many.
    n_permutations
        Number of random partitions otherwise; p is then (1 + #) / (1 + N).
    rng
        Source of randomness.

    Returns
    -------
    Association
        Numbers that do not exist are NaN with a reason.

    Raises
    ------
    ValueError
        If shapes do not fit or the alternative is not known.

    Notes
    -----
    Partitions keep the number of units in x. The permuted statistic is the difference of the mean
    associations of the items. With one item per unit that orders partitions as S does; with
    identities of unequal size it is comparable between partitions while S, a sum, is not.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> a = rng.normal(3, 1, (8, 5)) * [1, 1, 1, 0, 0]
    >>> b = rng.normal(3, 1, (8, 5)) * [0, 0, 0, 1, 1]
    >>> found = association(a[:4], b[:4], a[4:], b[4:], alternative="greater", rng=rng)
    >>> found.exact, found.n_permutations, round(found.p, 6), found.effect > 1.8
    (True, 70, 0.014286, True)
    """
    return association_of_values(
        association_values(x, a, b),
        association_values(y, a, b),
        identities=identities,
        alternative=alternative,
        strict=strict,
        max_exact=max_exact,
        n_permutations=n_permutations,
        rng=rng,
    )


def association_of_values(
    s_x: ArrayLike,
    s_y: ArrayLike,
    *,
    identities: tuple[ArrayLike, ArrayLike] | None = None,
    alternative: str = "two-sided",
    strict: bool = False,
    max_exact: int = 200_000,
    n_permutations: int = 100_000,
    rng: np.random.Generator,
) -> Association:
    """Run the test of :func:`association` on associations that are already there.

    Parameters
    ----------
    s_x, s_y
        Association of each target with a over b, shapes (n_x,) and (n_y,), from
        :func:`association_values` or from any other table.
    identities, alternative, strict, max_exact, n_permutations, rng
        As in :func:`association`.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> association_of_values([3.0, 4.0, 5.0], [0.0, 1.0, 2.0], alternative="greater", rng=rng).p
    0.05
    """
    if alternative not in ALTERNATIVES:
        raise ValueError(f"alternative is one of {', '.join(ALTERNATIVES)}: {alternative!r}")
    s = np.concatenate([_flat(s_x, "s_x"), _flat(s_y, "s_y")])
    n_x = np.asarray(s_x).size
    is_x = np.arange(s.size) < n_x
    units, unit_is_x, problem = _units(is_x, identities)
    problem = problem or _problem(s, is_x)
    unit = "item" if identities is None else "identity"
    n_units = int(unit_is_x.size)
    p = p_min = math.nan
    n_done, exact = 0, False
    if not problem:
        p, p_min, n_done, exact = _permute(
            s, units, unit_is_x, alternative, strict, max_exact, n_permutations, rng
        )
    effect, why = (math.nan, problem) if problem else effect_of(s, is_x)
    known = not problem
    area = auc(s[is_x], s[~is_x]) if known else math.nan
    return Association(
        effect=effect,
        statistic=float(s[is_x].sum() - s[~is_x].sum()) if known else math.nan,
        mean_difference=float(s[is_x].mean() - s[~is_x].mean()) if known else math.nan,
        auc=area,
        rank_biserial=2.0 * area - 1.0,
        p=p,
        p_min=p_min,
        exact=exact,
        n_permutations=n_done,
        unit=unit,
        n_units=n_units,
        n_x=int(n_x),
        n_y=int(s.size - n_x),
        alternative=alternative,
        reason=why,
    )


def _flat(values: ArrayLike, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, and has the shape {array.shape}")
    return array


def _units(
    is_x: NDArray[np.bool_], identities: tuple[ArrayLike, ArrayLike] | None
) -> tuple[NDArray[np.intp], NDArray[np.bool_], str]:
    """Give the unit of each item, whether each unit belongs to x, and what forbids permuting."""
    if identities is None:
        return np.arange(is_x.size), is_x, ""
    n_x = int(is_x.sum())
    names_x, codes_x = codes_of(identities[0], n_x, "identities of x")
    names_y, codes_y = codes_of(identities[1], is_x.size - n_x, "identities of y")
    shared = np.intersect1d(names_x.astype(str), names_y.astype(str)).size
    problem = f"{shared} identities have items in both x and y" if shared else ""
    units = np.concatenate([codes_x, codes_y + names_x.size])
    return units, np.arange(names_x.size + names_y.size) < names_x.size, problem


def _problem(s: Floats, is_x: NDArray[np.bool_]) -> str:
    if is_x.all() or not is_x.any():
        return "one of the two target sets is empty"
    missing = int(np.count_nonzero(~np.isfinite(s)))
    if missing:
        return (
            f"{missing} of {s.size} targets have no association: an embedding is zero or not "
            "finite, or an attribute set is empty"
        )
    return ""


def effect_of(s: Floats, is_x: NDArray[np.bool_]) -> tuple[float, str]:
    """Give the effect size d of associations, or NaN and the reason.

    Parameters
    ----------
    s
        Association of each target, shape (n,).
    is_x
        Whether the target belongs to x (else to y), shape (n,).
    """
    if s.size < 2:
        return math.nan, "fewer than two targets"
    spread = float(s.std(ddof=1))
    if spread <= 1e-12 * max(1.0, float(np.abs(s).max())):
        return math.nan, "all targets have the same association, so d does not exist"
    return float((s[is_x].mean() - s[~is_x].mean()) / spread), ""


def _permute(
    s: Floats,
    units: NDArray[np.intp],
    unit_is_x: NDArray[np.bool_],
    alternative: str,
    strict: bool,
    max_exact: int,
    n_permutations: int,
    rng: np.random.Generator,
) -> tuple[float, float, int, bool]:
    centred = s - s.mean()
    n_units = unit_is_x.size
    sizes = np.bincount(units, minlength=n_units).astype(np.float64)
    sums = np.bincount(units, weights=centred, minlength=n_units)
    columns: Floats = np.column_stack([sums, sizes])
    null = partition_sums(
        columns if units.size > n_units else columns[:, :1],
        int(unit_is_x.sum()),
        max_exact=max_exact,
        n_permutations=n_permutations,
        rng=rng,
    )
    total, count = float(sums.sum()), float(s.size)
    size_x = null.sums[:, 1] if null.sums.shape[1] == 2 else float(unit_is_x.sum())
    differences = null.sums[:, 0] / size_x - (total - null.sums[:, 0]) / (count - size_x)
    is_x = unit_is_x[units]
    observed = float(centred[is_x].mean() - centred[~is_x].mean())
    p = p_value(
        observed,
        differences,
        scale=float(np.abs(s).max()),
        exact=null.exact,
        alternative=alternative,
        strict=strict,
    )
    smallest = 1.0 / null.n_possible
    if not null.exact:
        smallest = max(smallest, 1.0 / (1 + differences.size))
    if alternative == "two-sided":
        smallest = min(1.0, 2.0 * smallest)
    return p, smallest, int(differences.size), null.exact
