"""The items of a bench: what the manifest says of each, ready for counting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..manifest.columns import TextArray, binary_labels, group_labels, identities, paths, texts
from ..manifest.table import PATH_COLUMNS, Manifest, Shape

SOURCES = ("source", "source_repo")
SYSTEMS = ("system", "method", "generator")
FOLDS = 10


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The labelled rows of a manifest, shape (n,) each.

    Attributes
    ----------
    manifest
        The rows that have a label, in its order.
    names
        The path of each item as the manifest writes it.
    is_h1
        Whether H1 is true.
    source
        Where each item comes from; None where the manifest does not say.
    units
        The independent unit of each item: its identity, else its source; an item without is a
        unit of its own. None where there are neither: then items are taken as independent.
    unit_name
        What ``units`` are, in words.
    folds
        What is held out together: the source, else the identity, else one of ten parts.
    fold_name
        What ``folds`` are, in words.
    groups
        Values by kind: ``system``, ``family``, ``source`` and ``group.<name>``.
    """

    manifest: Manifest
    names: TextArray
    is_h1: NDArray[np.bool_]
    source: TextArray | None
    units: TextArray | None
    unit_name: str
    folds: TextArray
    fold_name: str
    groups: Mapping[str, TextArray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.names)


def read_sheet(manifest: Manifest) -> Sheet:
    """Take from a manifest what a bench counts by.

    Raises
    ------
    UsageError
        For trials, without labels, or with items of one class only.
    """
    if manifest.shape is not Shape.CLIPS:
        raise UsageError(f"{manifest.path}: a bench needs clips, and this is a table of trials")
    manifest = _labelled(manifest)
    is_h1 = binary_labels(manifest) == 1
    if is_h1.all() or not is_h1.any():
        raise UsageError(
            f"{manifest.path}: all items have the same label; error rates need both classes"
        )
    paths(manifest)  # every row names a file
    source = _first(manifest, SOURCES)
    who = identities(manifest)
    units, unit_name = _units(who, source)
    folds, fold_name = _folds(who, source, len(manifest))
    return Sheet(
        manifest=manifest,
        names=path_texts(manifest),
        is_h1=is_h1,
        source=source,
        units=units,
        unit_name=unit_name,
        folds=folds,
        fold_name=fold_name,
        groups=_groups(manifest, source),
    )


def path_texts(manifest: Manifest) -> TextArray:
    """Give each row's path as it is written in the table."""
    columns = [texts(manifest, c) for c in PATH_COLUMNS if c in manifest.frame]
    found = columns[0]
    for column in columns[1:]:
        found = np.where(found == "", column, found)
    return np.asarray(found, dtype=object)


def _labelled(manifest: Manifest) -> Manifest:
    known = ~np.isnan(binary_labels(manifest))
    if known.all():
        return manifest
    if not known.any():
        raise UsageError(f"{manifest.path}: no row has a label")
    from dataclasses import replace

    rows = np.flatnonzero(known)
    kept = rows if manifest.kept is None else manifest.kept[rows]
    frame = manifest.frame.iloc[rows].reset_index(drop=True)
    return replace(manifest, frame=frame, kept=kept.astype(np.int64))


def _first(manifest: Manifest, columns: tuple[str, ...]) -> TextArray | None:
    name = next((c for c in columns if c in manifest.frame), None)
    return None if name is None else texts(manifest, name)


def _units(who: TextArray | None, source: TextArray | None) -> tuple[TextArray | None, str]:
    if who is not None and np.any(who != ""):
        return _alone_where_empty(who), "identity"
    if source is not None and np.any(source != ""):
        return _alone_where_empty(source), "source"
    return None, "item"


def _folds(who: TextArray | None, source: TextArray | None, count: int) -> tuple[TextArray, str]:
    for values, name in ((source, "source"), (who, "identity")):
        if values is not None and np.unique(values[values != ""]).size > 1:
            return _alone_where_empty(values), f"leave one {name} out"
    parts = np.random.default_rng(0).permutation(count) % FOLDS
    return parts.astype(str).astype(object), f"{FOLDS} parts drawn at random (no source is named)"


def _alone_where_empty(values: TextArray) -> TextArray:
    own = np.array([f"row {n}" for n in range(len(values))], dtype=object)
    return np.where(values == "", own, values)


def _groups(manifest: Manifest, source: TextArray | None) -> dict[str, TextArray]:
    found: dict[str, TextArray] = {}
    if (system := _first(manifest, SYSTEMS)) is not None:
        found["system"] = system
    if "family" in manifest.frame:
        found["family"] = texts(manifest, "family")
    if source is not None:
        found["source"] = source
    for name in manifest.groups:
        found[f"group.{name}"] = group_labels(manifest, name)
    return found
