"""``label_shortcut``: one number or one property that tells the classes apart by itself.

What counts as a property. A shortcut is something a model can find in a file that carries no
label. So these columns are never reported:

* what says the answer or how it came about: ``label``, ``score``, ``system``, ``family``,
  ``method``, ``generator``, ``attack``, ``task``, ``processing``, ``evidence``, ``notes`` ...;
* names and bookkeeping: paths, identities, ``split``, ``use``, ``pair_id`` and all columns
  ending in ``_id``, digests;
* the truth of another task (``known_offset_s``, ``start_offset_s``, ``transcript``);
* a category in which one class is exactly one level, no other level holds that class, and the
  level is empty or a word for "nothing was done" (``none``, ``real``, ``bona fide`` ...): such
  a column names the ways of generating.

All other columns are measured, and so are the properties of the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ...statistics import holm
from ..columns import is_numeric
from ..table import GROUP_PREFIX, Manifest, Shape
from ..types import is_text
from .container import Properties
from .problem import Code, Problem
from .separation import (
    MAX_LEVELS_OF_A_NUMBER,
    MIN_PER_CLASS,
    BoolArray,
    FloatArray,
    Separation,
    by_level,
    by_number,
    defining_level,
)

MIN_AUC = 0.65
ALPHA = 0.05
NO_PROPERTY = re.compile(
    r"^(label|score|scores|target|truth|system|systems|family|method|generator|model|attack\w*|"
    r"manipulation\w*|task|processing|evidence|notes?|comments?|transcript|text|sentence|split|"
    r"use|fold|speaker|source_(blob|path)|masks?|subset|matched\w*|"
    r".*_offset_s|.*(_id|_path|_file|_group|sha1|sha256|md5)|id|index||"
    r"(is_)?(fake|real|synthetic|generated|bonafide|spoof))$"
)
UNTOUCHED = re.compile(
    r"|none|no|-|n/a|not applicable|real|human|natural|genuine|original|authentic|pristine|"
    r"camera|bona[ -]?fide"
)


@dataclass(frozen=True)
class _Candidate:
    column: str
    values: pd.Series
    positive: BoolArray
    rows: int


def shortcuts(
    manifest: Manifest, properties: Mapping[str, Properties], sampled: str = ""
) -> Iterator[Problem]:
    """Find single properties that tell the classes apart.

    A property is reported when its AUC is at least 0.65 and it separates at the 5 % level after
    Holm's adjustment over all properties looked at.

    Parameters
    ----------
    manifest
        With a column ``label`` of 0 and 1; others have no shortcuts to find.
    properties
        Of the files, by their name in the table; empty when they were not read.
    sampled
        What to say when not all files were read.
    """
    if not can_have_shortcuts(manifest):
        return
    label = manifest.frame["label"].to_numpy(float)
    candidates = [*_columns(manifest, label), *_file_properties(manifest, properties, label)]
    measured = [
        (candidate, kind, found) for candidate in candidates for kind, found in _measure(candidate)
    ]
    adjusted = holm([found.p for _, _, found in measured])
    best: dict[str, tuple[float, Problem]] = {}
    for (candidate, kind, found), p in zip(measured, adjusted, strict=True):
        if found.auc.value < MIN_AUC or p > ALPHA:
            continue
        if candidate.column not in best or found.auc.value > best[candidate.column][0]:
            problem = _problem(candidate, kind, found, sampled)
            best[candidate.column] = (found.auc.value, problem)
    for _, problem in sorted(best.values(), key=lambda pair: -pair[0]):
        yield problem


def can_have_shortcuts(manifest: Manifest) -> bool:
    """Whether there are labels 0 and 1, and enough of each to measure anything."""
    if "label" not in manifest.frame or not is_numeric(manifest.frame["label"]):
        return False
    label = manifest.frame["label"].to_numpy(float)
    return min(int((label == 0).sum()), int((label == 1).sum())) >= MIN_PER_CLASS


def is_property(column: str) -> bool:
    """Whether a column may describe files that carry no label, by its name.

    Examples
    --------
    >>> [is_property(name) for name in ("codec", "face_px", "method", "pair_id", "group.gender")]
    [True, True, False, False, True]
    """
    name = column.removeprefix("left.").removeprefix("right.").casefold()
    if name.startswith(GROUP_PREFIX):
        return not name.endswith(".source")
    return not is_text(name) and NO_PROPERTY.fullmatch(name) is None


def _columns(manifest: Manifest, label: FloatArray) -> Iterator[_Candidate]:
    positive, usable = label == 1, (label == 0) | (label == 1)
    for name in map(str, manifest.frame.columns):
        if is_property(name):
            values = manifest.frame[name][usable].reset_index(drop=True)
            yield _Candidate(name, values, positive[usable], int(usable.sum()))


def _file_properties(
    manifest: Manifest, properties: Mapping[str, Properties], label: FloatArray
) -> Iterator[_Candidate]:
    if not properties:
        return
    table = pd.DataFrame.from_dict(dict(properties), orient="index")
    if manifest.shape is Shape.TRIALS:
        yield from _pair_properties(manifest, table, label)
        return
    for column in [
        c for c in ("path", "audio_path", "video_path", "image_path") if c in manifest.frame
    ]:
        names = manifest.frame[column]
        usable = names.isin(table.index).to_numpy(bool) & ((label == 0) | (label == 1))
        found = table.loc[names[usable]].reset_index(drop=True)
        prefix = "file" if column == "path" else column.removesuffix("_path")
        for key in found.columns:
            values = _tidy(found[key])
            yield _Candidate(f"{prefix}:{key}", values, label[usable] == 1, int(usable.sum()))


def _pair_properties(
    manifest: Manifest, table: pd.DataFrame, label: FloatArray
) -> Iterator[_Candidate]:
    """Compare the two files of each trial: positives may share a codec, a size, a rate."""
    left, right = manifest.frame["left"], manifest.frame["right"]
    usable = (left.isin(table.index) & right.isin(table.index)).to_numpy(bool)
    usable = usable & ((label == 0) | (label == 1))
    mine = table.loc[left[usable]].reset_index(drop=True)
    theirs = table.loc[right[usable]].reset_index(drop=True)
    for key in table.columns:
        one, other = _tidy(mine[key]), _tidy(theirs[key])
        if is_numeric(one) and is_numeric(other):
            values = (one - other).abs()
        else:
            values = pd.Series(np.where(one == other, "same", "different"), dtype="str")
        yield _Candidate(
            f"file:{key}, left against right", values, label[usable] == 1, int(usable.sum())
        )


def _tidy(values: pd.Series) -> pd.Series:
    if values.map(type).eq(str).any():
        return values.fillna("").astype("str")
    return values.astype(float)


def _measure(candidate: _Candidate) -> Iterator[tuple[str, Separation]]:
    values, positive = candidate.values, candidate.positive
    numeric = is_numeric(values)
    if numeric:
        if (found := by_number(values.to_numpy(float), positive)) is not None:
            yield "number", found
        if values.nunique() > MAX_LEVELS_OF_A_NUMBER:
            return
        known = values.notna()
        values, positive = values[known], positive[known.to_numpy(bool)]
    codes, levels = pd.factorize(values)
    if len(levels) < 2 or (not numeric and _says_label(candidate, codes, levels)):
        return
    if (found := by_level(codes.astype(np.int64), positive)) is not None:
        yield "level", found


def _says_label(candidate: _Candidate, codes: NDArray[np.intp], levels: pd.Index) -> bool:
    if candidate.column.startswith("file:"):
        return False
    level = defining_level(codes.astype(np.int64), candidate.positive)
    if level is None:
        return False
    return UNTOUCHED.fullmatch(str(levels[level]).strip().casefold()) is not None


def _problem(candidate: _Candidate, kind: str, found: Separation, sampled: str) -> Problem:
    area = found.auc
    interval = f"AUC {area.value:.2f}, {area.level:.0%} interval {area.low:.2f} to {area.high:.2f}"
    if kind == "number":
        how = f"'{candidate.column}' alone tells the classes apart ({interval}; "
        how += f"higher for label {found.higher})"
    else:
        how = (
            f"the level of '{candidate.column}' alone tells the classes apart ({interval}): "
            f"guessing from it is right for {found.right:.0%} of rows, always guessing the "
            f"commoner class for {found.base:.0%}"
        )
    from_files = ":" in candidate.column
    return Problem(
        code=Code.LABEL_SHORTCUT,
        column=candidate.column,
        rows=candidate.rows,
        examples=_examples(candidate),
        text=how + (sampled if from_files else "") + ". A score on this data may be no more than "
        "that; match the classes in it, or split and report within its levels",
    )


def _examples(candidate: _Candidate) -> tuple[str, ...]:
    """Say what is usual in each class."""
    said = []
    for label in (0, 1):
        part = candidate.values[candidate.positive == bool(label)]
        if is_numeric(part) and part.nunique() > MAX_LEVELS_OF_A_NUMBER:
            low, middle, high = part.quantile([0.25, 0.5, 0.75])
            said.append(f"label {label}: median {middle:g}, half between {low:g} and {high:g}")
        else:
            shares = part.value_counts(normalize=True).head(3)
            levels = ", ".join(f"{_level(level)} {share:.0%}" for level, share in shares.items())
            said.append(f"label {label}: {levels}")
    return tuple(said)


def _level(level: object) -> str:
    return f"{level:g}" if isinstance(level, float) else str(level) or "(empty)"
