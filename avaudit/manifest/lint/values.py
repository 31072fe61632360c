"""``bad_value``: what is written in the table cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from ..columns import is_numeric, text_of
from ..table import GROUP_PREFIX, PATH_COLUMNS, Manifest, Shape
from ..types import NO_NUMBER, NUMBER, PADDED, is_text
from .problem import MAX_EXAMPLES, Code, Problem, at_rows, count

GROUP_SOURCES = ("self-reported", "annotated", "predicted")
NUMERIC_BY_CONTRACT = frozenset(["score", "known_offset_s"])
PLACEHOLDERS = ("unknown", "n/a", "nan", "null", "?", "-", "not known", "missing")
MOSTLY = 0.8
"""A text column with at least this share of numbers was meant to be numeric."""


def bad_values(manifest: Manifest) -> Iterator[Problem]:
    """Find values that cannot be meant."""
    yield from _labels(manifest)
    yield from _empty_paths(manifest)
    yield from _self_trials(manifest)
    for name in map(str, manifest.frame.columns):
        if is_numeric(manifest.frame[name]):
            yield from _infinite(manifest, name)
        elif name != "label" and not is_text(name):
            yield from _mixed(manifest, name)
        yield from _spellings(manifest, name)
        yield from _group_sources(manifest, name)
        yield from _placeholders(manifest, name)
    yield from _controls(manifest)


def _problem(
    manifest: Manifest, column: str, wrong: np.ndarray[tuple[int], np.dtype[np.bool_]], text: str
) -> Iterator[Problem]:
    rows = np.flatnonzero(wrong)
    if len(rows):
        values = manifest.frame[column].iloc[rows]
        # one example of each value tells more than five of one
        values = values[~values.duplicated()].head(MAX_EXAMPLES)
        shown = [f"'{value}'" for value in values]
        yield Problem(
            code=Code.BAD_VALUE,
            column=column,
            rows=len(rows),
            examples=at_rows(manifest, values.index.to_numpy(), shown),
            text=text,
        )


def _labels(manifest: Manifest) -> Iterator[Problem]:
    if "label" not in manifest.frame:
        return
    column = manifest.frame["label"]
    if is_numeric(column):
        values = column.to_numpy(float)
        yield from _problem(
            manifest,
            "label",
            ~np.isin(values, (0, 1)) & ~np.isnan(values),
            "numeric labels are 0 (H2) or 1 (H1); write classes of other tasks as words",
        )
        missing = np.isnan(values)
    else:
        missing = text_of(column) == ""
        yield from _text_labels(manifest, column, missing)
    if not missing.all():
        yield from _problem(
            manifest,
            "label",
            missing,
            f"{count(int(missing.sum()), 'row')} without a label: probes that need one cannot "
            "use them; fill them in or take them out",
        )


def _text_labels(
    manifest: Manifest, column: pd.Series, missing: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> Iterator[Problem]:
    number = column.str.fullmatch(NUMBER[1:-1]).to_numpy(bool)
    share = number.sum() / max(1, int((~missing).sum()))
    if manifest.shape is Shape.TRIALS or share >= MOSTLY:
        text = "labels are 0 or 1 here; these are something else"
        yield from _problem(manifest, "label", ~number & ~missing, text)
    elif number.any():
        text = "most labels are words and these are numbers; use one kind for all rows"
        yield from _problem(manifest, "label", number, text)


def _empty_paths(manifest: Manifest) -> Iterator[Problem]:
    frame = manifest.frame
    sides = ["left", "right"] if manifest.shape is Shape.TRIALS else []
    for side in sides:
        text = "the path is empty: this side of the trial names no file"
        yield from _problem(manifest, side, text_of(frame[side]) == "", text)
    there = [name for name in PATH_COLUMNS if name in frame]
    if sides or not there:
        return
    empty = np.logical_and.reduce([text_of(frame[name]) == "" for name in there])
    yield from _problem(manifest, there[0], empty, "the path is empty: the row names no file")


def _self_trials(manifest: Manifest) -> Iterator[Problem]:
    if manifest.shape is not Shape.TRIALS:
        return
    left, right = text_of(manifest.frame["left"]), text_of(manifest.frame["right"])
    text = "the trial compares a file with itself, which any model gets right; take it out"
    yield from _problem(manifest, "left", (left == right) & (left != ""), text)


def _infinite(manifest: Manifest, name: str) -> Iterator[Problem]:
    values = manifest.frame[name].to_numpy(float)
    text = "the number is infinite; write a finite number, or nothing where it is not known"
    yield from _problem(manifest, name, np.isinf(values), text)


def _mixed(manifest: Manifest, name: str) -> Iterator[Problem]:
    column = manifest.frame[name]
    filled = (column != "").to_numpy(bool)
    if not filled.any():
        return
    number = column.str.fullmatch(NUMBER[1:-1]).to_numpy(bool)
    if column.str.match(PADDED).to_numpy(bool).any() and name not in NUMERIC_BY_CONTRACT:
        return  # a code with leading zeros
    number = number | column.str.fullmatch(NO_NUMBER[1:-1]).to_numpy(bool)
    if name in NUMERIC_BY_CONTRACT or number.sum() / filled.sum() >= MOSTLY:
        text = "the column holds numbers and these are none, so it is read as text; correct them"
        yield from _problem(manifest, name, filled & ~number, text)


def _spellings(manifest: Manifest, name: str) -> Iterator[Problem]:
    """Find levels that differ only in case or blanks: ``Female`` and ``female``."""
    bare = name.removeprefix("left.").removeprefix("right.")
    is_group = bare.startswith(GROUP_PREFIX) or bare == "split"
    if not is_group and bare != "identity":
        return
    column = manifest.frame[name]
    sizes = {str(level): int(n) for level, n in column.value_counts().items()}
    best: dict[str, str] = {}
    # the commonest way of writing is kept, and the folded one among equals
    for level in sorted(sizes, key=lambda level: (-sizes[level], level.casefold() != level, level)):
        best.setdefault(_folded(level, fold_case=is_group), level)
    odd = [
        level
        for level in sizes
        if level != level.strip() or best[_folded(level, fold_case=is_group)] != level
    ]
    text = (
        "the same level is written in several ways (case or blanks), so it would be taken for "
        "several; write it one way"
    )
    yield from _problem(manifest, name, column.isin(odd).to_numpy(bool), text)


def _placeholders(manifest: Manifest, name: str) -> Iterator[Problem]:
    """Find words for "not known", which would be taken for a group of their own."""
    bare = name.removeprefix("left.").removeprefix("right.")
    if bare.startswith(GROUP_PREFIX) and not bare.endswith(".source"):
        column = manifest.frame[name]
        said = column.isin([level for level in column.unique() if is_placeholder(level)])
        text = "a word for 'not known' is taken for a group of its own; leave the cell empty"
        yield from _problem(manifest, name, said.to_numpy(bool), text)


def is_placeholder(level: str) -> bool:
    """Whether a group's level is a word for "not known"."""
    return level.strip().casefold() in PLACEHOLDERS


def _folded(level: str, *, fold_case: bool) -> str:
    joined = " ".join(level.split())
    return joined.casefold() if fold_case else joined


def _group_sources(manifest: Manifest, name: str) -> Iterator[Problem]:
    bare = name.removeprefix("left.").removeprefix("right.")
    if not (bare.startswith(GROUP_PREFIX) and bare.endswith(".source")):
        return
    column = manifest.frame[name]
    known = column.isin([*GROUP_SOURCES, ""]).to_numpy(bool)
    text = f"how a group was found out is one of {', '.join(GROUP_SOURCES)}"
    yield from _problem(manifest, name, ~known, text)


def _controls(manifest: Manifest) -> Iterator[Problem]:
    if manifest.shape is not Shape.TRIALS or "control" not in manifest.frame:
        return
    column = manifest.frame["control"]
    for claim in column.unique():
        unknown = [name for name in controlled(claim) if not _has_sides(manifest, name)]
        if unknown:
            text = (
                f"the list claims to control {', '.join(unknown)}, and the table has no columns "
                f"left.{GROUP_PREFIX}{unknown[0]} and right.{GROUP_PREFIX}{unknown[0]} to check it"
            )
            yield from _problem(manifest, "control", (column == claim).to_numpy(bool), text)


def controlled(claim: str) -> list[str]:
    """Give the group names in a cell of the column ``control``."""
    names = (part.strip().removeprefix(GROUP_PREFIX) for part in claim.split(","))
    return [name for name in names if name]


def _has_sides(manifest: Manifest, name: str) -> bool:
    return all(f"{side}.{GROUP_PREFIX}{name}" in manifest.frame for side in ("left", "right"))
