"""Associations between modalities: centring, balance within strata, what strata explain."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .cosine import association_values
from .scores import Floats, codes_of
from .weat import Association, association_of_values

Pair = tuple[ArrayLike, ArrayLike]


def centred(embeddings: ArrayLike, *, identities: ArrayLike | None = None) -> Floats:
    """Move the embeddings of one modality so that their mean is 0.

    Joint spaces keep modalities apart (the modality gap), which adds a constant to all cosines
    between them. Report a cross-modal association with and without centring.

    Parameters
    ----------
    embeddings
        Embeddings of one modality, shape (n, d).
    identities
        Identity of each row; each identity then has the same say in the mean.

    Raises
    ------
    ValueError
        If the array is not two-dimensional.

    Notes
    -----
    Liang et al., Mind the gap, NeurIPS 2022 (arXiv 2203.02053).

    Examples
    --------
    >>> centred([[1.0, 0.0], [3.0, 0.0]]).tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    array = np.asarray(embeddings, dtype=np.float64)
    if array.ndim != 2:
        raise ValueError(f"embeddings have the shape (n, d), and not {array.shape}")
    if not len(array):
        return array.copy()
    if identities is None:
        weights = np.full(len(array), 1.0)
    else:
        _, codes = codes_of(identities, len(array), "identities")
        weights = 1.0 / np.bincount(codes)[codes]
    moved: Floats = array - weights @ array / weights.sum()
    return moved


@dataclass(frozen=True, kw_only=True)
class BalancedAssociation:
    """An association with the share that a stratum (gender, say) explains taken out.

    Attributes
    ----------
    raw
        The association as it is, strata ignored.
    balanced
        The same test on associations averaged over strata of the attributes: within a stratum, a
        and b hold the same kind of people, so the stratum itself cannot make the difference.
    within
        One association per stratum that has both attribute sets, by name; where the targets have
        strata, of the targets of that stratum only.
    within_effect
        Mean of the effects within strata; NaN where one of them does not exist.
    explained_effect
        ``raw.effect`` minus ``within_effect`` where the targets have strata, else minus
        ``balanced.effect``: the part of d that goes away.
    left_out
        Strata without items in both attribute sets.
    reason
        What a reader must know; empty when all is well.
    """

    raw: Association
    balanced: Association
    within: dict[str, Association]
    within_effect: float
    explained_effect: float
    left_out: tuple[str, ...]
    reason: str = ""


def balanced_association(
    x: ArrayLike,
    y: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    attribute_strata: Pair,
    target_strata: Pair | None = None,
    identities: Pair | None = None,
    alternative: str = "two-sided",
    max_exact: int = 200_000,
    n_permutations: int = 100_000,
    rng: np.random.Generator,
) -> BalancedAssociation:
    """Test an association within strata of the attributes, and say what the strata explain.

    A face-voice model that only matches people correctly links men's faces with low voices. Within
    one gender that link is gone, and what remains is not gender matching.

    Parameters
    ----------
    x, y, a, b
        Embeddings, shapes (n, d).
    attribute_strata
        Stratum (speaker gender) of each item of a and of b.
    target_strata
        Stratum of each item of x and of y. None where the target sets are themselves the strata
        (men against women) or do not differ in them.
    identities, alternative, max_exact, n_permutations, rng
        As in :func:`avaudit.statistics.association`.

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> men, women = np.array([[1.0, 0.0, 0.1]] * 6), np.array([[0.0, 1.0, 0.1]] * 6)
    >>> noise = lambda: rng.normal(0, 0.05, (6, 3))
    >>> low, high = men + noise(), women + noise()
    >>> low[4:], high[4:] = high[4:].copy(), low[4:].copy()  # two of six cross over
    >>> kinds = (["m"] * 4 + ["w"] * 2, ["w"] * 4 + ["m"] * 2)
    >>> found = balanced_association(
    ...     men + noise(), women + noise(), low, high, attribute_strata=kinds, rng=rng
    ... )
    >>> found.raw.mean_difference > 0.3, abs(found.balanced.mean_difference) < 0.1
    (True, True)
    """
    options: dict[str, Any] = {
        "alternative": alternative,
        "max_exact": max_exact,
        "n_permutations": n_permutations,
    }
    cells = _Cells(x, y, a, b, attribute_strata, target_strata, identities)

    def test(s_x: Floats, s_y: Floats, ids: Pair | None) -> Association:
        return association_of_values(s_x, s_y, identities=ids, rng=rng, **options)

    raw = test(*cells.raw, identities)
    within = {name: test(*cells.inside(name)) for name in cells.usable}
    if not cells.usable:
        nan_x, nan_y = (np.full(part.size, np.nan) for part in cells.raw)
        balanced = test(nan_x, nan_y, identities)
    else:
        stacked = [cells.values[name] for name in cells.usable]
        mean_x = np.mean([pair[0] for pair in stacked], axis=0)
        mean_y = np.mean([pair[1] for pair in stacked], axis=0)
        balanced = test(mean_x, mean_y, identities)
    effects = [found.effect for found in within.values()]
    within_effect = float(np.mean(effects)) if effects else math.nan
    rest = balanced.effect if target_strata is None else within_effect
    notes = []
    if not cells.usable:
        notes.append("no stratum has items in both attribute sets")
    elif cells.left_out:
        notes.append(f"without items in both attribute sets: {', '.join(cells.left_out)}")
    notes += [f"{name}: {found.reason}" for name, found in within.items() if found.reason]
    return BalancedAssociation(
        raw=raw,
        balanced=balanced,
        within=within,
        within_effect=within_effect,
        explained_effect=raw.effect - rest,
        left_out=tuple(cells.left_out),
        reason="; ".join(notes),
    )


class _Cells:
    """Associations of all targets with the attributes of each stratum."""

    def __init__(
        self,
        x: ArrayLike,
        y: ArrayLike,
        a: ArrayLike,
        b: ArrayLike,
        attribute_strata: Pair,
        target_strata: Pair | None,
        identities: Pair | None,
    ) -> None:
        self.raw = (association_values(x, a, b), association_values(y, a, b))
        sides = (np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64))
        of_a, of_b = (_labels(s, len(e)) for s, e in zip(attribute_strata, sides, strict=True))
        self.usable = [str(name) for name in np.intersect1d(of_a, of_b)]
        self.left_out = [str(name) for name in np.setxor1d(of_a, of_b)]
        self.values = {
            name: tuple(
                association_values(w, sides[0][of_a == name], sides[1][of_b == name])
                for w in (x, y)
            )
            for name in self.usable
        }
        self.target_strata = target_strata and tuple(
            _labels(s, e.size) for s, e in zip(target_strata, self.raw, strict=True)
        )
        self.identities = identities

    def inside(self, name: str) -> tuple[Floats, Floats, Pair | None]:
        """Associations within a stratum, of its targets if they have strata, and identities."""
        s_x, s_y = self.values[name]
        if self.target_strata is None:
            return s_x, s_y, self.identities
        keep_x, keep_y = (labels == name for labels in self.target_strata)
        ids = None
        if self.identities is not None:
            ids = (
                np.asarray(self.identities[0])[keep_x],
                np.asarray(self.identities[1])[keep_y],
            )
        return s_x[keep_x], s_y[keep_y], ids


def _labels(strata: ArrayLike, n: int) -> NDArray[np.str_]:
    names, codes = codes_of(strata, n, "strata")
    return names.astype(str)[codes]
