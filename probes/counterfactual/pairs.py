"""Which row is the counterfactual of which: originals, swaps by kind, placebos."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from avaudit.errors import UsageError
from avaudit.manifest import Manifest
from avaudit.manifest.columns import paths, texts
from avaudit.manifest.table import PATH_COLUMNS

from .._comparison import listed
from .._modality import people_of

OF, KIND, PLACEBO = "counterfactual_of", "swap_kind", "placebo"
Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Rows of originals and of their edited copies.

    Attributes
    ----------
    kinds
        Per kind of swap: row of the original, row of the swapped copy, row of the placebo of
        the same original (-1 where it has none), shape (n,) each.
    people
        Identity of every row of the manifest: that of the original for copies that state none.
    cautions
        What was left out.
    """

    kinds: Mapping[str, tuple[Ints, Ints, Ints]]
    people: NDArray[np.object_]
    cautions: tuple[str, ...]


def find_pairs(manifest: Manifest, options: Mapping[str, Any]) -> Pairs:
    """Match every copy with its original.

    ``counterfactual_of`` names the original by its ``clip_id``, by its path as the manifest
    writes it, or by a path to the same file.

    Raises
    ------
    UsageError
        When a column is missing, an original is not in the table, or there is no swap.
    """
    for column, holds in ((OF, "the path or clip_id of the original"), (KIND, "what was done")):
        if column not in manifest.frame:
            raise UsageError(
                f"{manifest.path}: there is no column '{column}'; add it, with {holds} for every "
                "edited copy and empty for originals (avaudit swaps make writes both)"
            )
    named, kinds = texts(manifest, OF), texts(manifest, KIND)
    copies = np.flatnonzero(named != "")
    originals = _originals(manifest, named, copies)
    if unnamed := [int(row) for row in copies if kinds[row] == ""]:
        raise UsageError(
            f"{manifest.path}, line {manifest.line(unnamed[0])}: the copy has no {KIND}"
        )
    placebo_kind = str(options.get("placebo", PLACEBO))
    placebos: dict[int, int] = {}
    swaps: dict[str, list[tuple[int, int]]] = {}
    for row in copies.tolist():
        if kinds[row] == placebo_kind:
            placebos.setdefault(originals[row], row)
        else:
            swaps.setdefault(str(kinds[row]), []).append((originals[row], row))
    chosen = _chosen(swaps, options, manifest)
    return Pairs(
        kinds={
            kind: (
                np.array([o for o, _ in swaps[kind]], dtype=np.int64),
                np.array([c for _, c in swaps[kind]], dtype=np.int64),
                np.array([placebos.get(o, -1) for o, _ in swaps[kind]], dtype=np.int64),
            )
            for kind in chosen
        },
        people=_people(manifest, originals),
        cautions=_cautions(swaps, chosen, placebos, placebo_kind),
    )


def _originals(manifest: Manifest, named: NDArray[np.object_], copies: Ints) -> dict[int, int]:
    """Give the row of the original of every copy."""
    by_name: dict[str, int] = {}
    columns = [texts(manifest, c) for c in ("clip_id", *PATH_COLUMNS) if c in manifest.frame]
    files = [os.path.abspath(file) for file in paths(manifest)]  # noqa: PTH100 - links are kept
    taken = set(copies.tolist())
    for row in range(len(manifest)):
        if row in taken:
            continue
        by_name.setdefault(files[row], row)
        for column in columns:
            by_name.setdefault(str(column[row]), row)
    found = {}
    for row in copies.tolist():
        name = str(named[row])
        absolute = os.path.abspath(manifest.folder / name)  # noqa: PTH100
        original = by_name.get(name, by_name.get(absolute))
        if original is None:
            raise UsageError(
                f"{manifest.path}, line {manifest.line(row)}: the original '{name}' is not in "
                "the table (as path or clip_id), or is a copy itself"
            )
        found[row] = original
    return found


def _chosen(
    swaps: Mapping[str, Any], options: Mapping[str, Any], manifest: Manifest
) -> tuple[str, ...]:
    wanted = options.get("swaps")
    kinds = sorted(swaps) if wanted is None else [wanted] if isinstance(wanted, str) else wanted
    missing = [kind for kind in kinds if kind not in swaps]
    if missing or not kinds:
        what = f"'{missing[0]}'" if missing else "but the placebo"
        raise UsageError(
            f"{manifest.path}: no row has a {KIND} {what}; it holds {listed(sorted(swaps))}"
            if swaps
            else f"{manifest.path}: no row is a swap of another ({OF} and {KIND})"
        )
    return tuple(kinds)


def _people(manifest: Manifest, originals: Mapping[int, int]) -> NDArray[np.object_]:
    people = people_of(manifest).copy()
    for row, original in originals.items():
        people[row] = people[original]
    return people


def _cautions(
    swaps: Mapping[str, list[tuple[int, int]]],
    chosen: tuple[str, ...],
    placebos: Mapping[int, int],
    placebo_kind: str,
) -> tuple[str, ...]:
    lines = []
    for kind in chosen:
        without = sum(original not in placebos for original, _ in swaps[kind])
        if without == len(swaps[kind]):
            lines.append(
                f"No original of {kind} has a placebo ({KIND} = {placebo_kind}): how much the "
                "edit alone changes is not known, so flips are no proof of bias."
            )
        elif without:
            lines.append(
                f"{without:,} of {len(swaps[kind]):,} originals of {kind} have no placebo and "
                "do not count for the net rate."
            )
    return tuple(lines)
