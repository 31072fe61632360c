"""Values worked out by hand or printed in the documentation of other libraries."""

from __future__ import annotations

from ..statistics import ndkl, parity_metrics
from .rows import Golden

# the 18 items of fairlearn's page on bootstrapping: true negatives, false positives, false
# negatives, true positives of groups a and b
FAIRLEARN = ((1, 3, 1, 2), (1, 1, 5, 4))


def toy_rows() -> list[Golden]:
    """Recompute ranking toys and fairlearn's example."""
    return [*_rankings(), *_fairlearn()]


def _rankings() -> list[Golden]:
    half = {"A": 0.5, "B": 0.5}
    rows = [
        ("NDKL of AABB, shares 1/2, 1/2", 0.4523688, ndkl("AABB", half)),
        ("NDKL of ABAB, shares 1/2, 1/2", 0.2816450, ndkl("ABAB", half)),
        ("NDKL of AAAB, shares 3/4, 1/4", 0.2393148, ndkl("AAAB", {"A": 0.75, "B": 0.25})),
    ]
    return [
        Golden(name=name, source="Geyik et al. 2019 (by hand)", published=published, ours=ours,
               tolerance=1e-7)
        for name, published, ours in rows
    ]  # fmt: skip


def _fairlearn() -> list[Golden]:
    found = parity_metrics(FAIRLEARN)
    published = {
        "demographic_parity_difference": 0.2597403,
        "demographic_parity_ratio": 0.6363636,
        "equalized_odds_difference": 0.25,
        "equalized_odds_difference_mean": 0.2361111,
    }
    return [
        Golden(name=name, source="fairlearn's documentation (18 items)", published=value,
               ours=float(found[name]), tolerance=5e-8)
        for name, value in published.items()
    ]  # fmt: skip
