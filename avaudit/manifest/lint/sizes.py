"""``group_too_small``: groups in which only a large gap could be found."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...statistics import design_effect, minimum_detectable_gap
from ..columns import is_numeric
from ..table import GROUP_PREFIX, Manifest, Shape
from .problem import Code, Problem, count
from .values import is_placeholder

LARGEST_USEFUL_GAP = 0.20
"""A group that shows only larger gaps is called too small."""
RATE = 0.9
ICC = 0.3
"""Share of right answers in the larger group, and correlation within a person, assumed."""


@dataclass(frozen=True)
class Cell:
    """One level of a group within one class; ``gap`` is what can be found against the largest."""

    level: str
    label: str
    n: int
    n_people: int | None
    gap: float

    def __str__(self) -> str:
        people = ""
        if self.n_people is not None:
            people = f" of {count(self.n_people, 'identity', 'identities')}"
        found = "no gap" if math.isnan(self.gap) else f"a gap from {self.gap * 100:.0f} points"
        label = f", label {self.label}" if self.label else ""
        return f"{self.level}{label}: {count(self.n, 'row')}{people}, shows {found}"


def small_groups(manifest: Manifest) -> Iterator[Problem]:
    """Find groups that are too small to show a gap of 20 points.

    Cells are levels of one group column, within each class where labels are 0 and 1. The gap is
    :func:`avaudit.statistics.minimum_detectable_gap` against the largest level of the same
    class, for a rate of 0.9 there, power 0.8 and level 0.05; where identities are known, with
    a correlation of 0.3 within each.
    """
    sides = ("",) if manifest.shape is Shape.CLIPS else ("left.", "right.")
    for name in manifest.groups:
        for side in sides:
            column = f"{side}{GROUP_PREFIX}{name}"
            if column in manifest.frame:
                yield from _check(manifest, column, f"{side}identity")
        if manifest.shape is Shape.TRIALS and f"{GROUP_PREFIX}{name}" in manifest.frame:
            yield from _check(manifest, f"{GROUP_PREFIX}{name}", "")


def _check(manifest: Manifest, column: str, who: str) -> Iterator[Problem]:
    cells = cells_of(manifest, column, who)
    levels = {cell.level for cell in cells}
    unknown = int((manifest.frame[column] == "").sum())
    aside = f"; {unknown:,} rows have no value" if unknown else ""
    if len(levels) < 2:
        only = f"only the level '{next(iter(levels))}'" if levels else "no value at all"
        yield Problem(
            code=Code.GROUP_TOO_SMALL,
            column=column,
            rows=len(manifest),
            examples=(),
            text=f"the group has {only}{aside}: there is nothing to compare; add rows of other "
            "groups or drop the column",
        )
        return
    small = [cell for cell in cells if not cell.gap <= LARGEST_USEFUL_GAP]
    if not small:
        return
    small.sort(key=lambda cell: cell.n)
    assumed = f"{RATE:.0%} right in the larger group, power 80 %, level 5 %"
    if small[0].n_people is not None:
        assumed += f", correlation {ICC} within an identity"
    yield Problem(
        code=Code.GROUP_TOO_SMALL,
        column=column,
        rows=sum(cell.n for cell in small),
        examples=tuple(map(str, small[:5])),
        text=f"{len(small)} of {len(cells)} cells (level and class) show only gaps above "
        f"{LARGEST_USEFUL_GAP * 100:.0f} points (minimum detectable gap, {assumed}){aside}: "
        "an audit will call them undecided; collect more people, or merge levels",
    )


def cells_of(
    manifest: Manifest, column: str, who: str, *, by_label: bool = True, alpha: float = 0.05
) -> list[Cell]:
    """Count rows and identities of every level of a group, within each class, with the gaps.

    Parameters
    ----------
    manifest
        Clips or trials.
    column, who
        The group's column and that of the identities, which need not be there.
    by_label
        Whether to count within the classes 0 and 1, where labels are that.
    alpha
        Level of the test whose detectable gap is given.
    """
    frame = pd.DataFrame({"level": manifest.frame[column], "label": ""})
    if by_label and "label" in manifest.frame and is_numeric(manifest.frame["label"]):
        values = manifest.frame["label"].to_numpy(float)
        if np.isin(values[~np.isnan(values)], (0, 1)).all():
            names = np.array(["0", "1", ""], dtype=object)
            frame["label"] = names[np.where(np.isnan(values), 2, values).astype(int)]
    if who in manifest.frame:
        frame["who"] = manifest.frame[who]
    levels = frame["level"].unique()
    frame = frame[frame["level"].isin([x for x in levels if x and not is_placeholder(x)])]
    if frame["label"].ne("").any():
        frame = frame[frame["label"] != ""]
    grouped = frame.groupby(["label", "level"], sort=True)
    sizes = grouped.size()
    people = grouped["who"].agg(_people) if "who" in frame else None
    most = sizes.groupby("label").max()
    cells = []
    for (label, level), n in sizes.items():
        n_people = None if people is None else int(people[label, level])
        gap = _gap(int(most[label]), int(n), n_people, alpha)
        cells.append(Cell(str(level), str(label), int(n), n_people, gap))
    return cells


def _people(names: pd.Series) -> int:
    """Count identities; each row of unknown identity stands for itself."""
    return int(names[names != ""].nunique() + (names == "").sum())


def _gap(largest: int, n: int, n_people: int | None, alpha: float) -> float:
    per_person = n / n_people if n_people else 1.0
    effect = design_effect(ICC, per_person)
    return minimum_detectable_gap(largest / effect, n / effect, RATE, alpha=alpha)
