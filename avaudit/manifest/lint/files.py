"""``missing_file`` and ``duplicate``: the files a table names, and rows named twice."""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from ..columns import text_of
from ..table import PATH_COLUMNS, Manifest, Shape
from .problem import MAX_EXAMPLES, Code, Problem, at_rows, count


def file_columns(manifest: Manifest) -> list[str]:
    """Give the columns that name files."""
    wanted = PATH_COLUMNS if manifest.shape is Shape.CLIPS else ("left", "right")
    return [name for name in wanted if name in manifest.frame]


def sizes_of(manifest: Manifest) -> dict[str, int]:
    """Give the size in bytes of every file named; -1 where none can be read."""
    sizes: dict[str, int] = {}
    for column in file_columns(manifest):
        for name in manifest.frame[column].unique():
            if name and name not in sizes:
                sizes[name] = _size(manifest.folder / name)
    return sizes


def _size(path: Path) -> int:
    try:
        status = path.stat()
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return -1
    usable = stat.S_ISREG(status.st_mode) and os.access(path, os.R_OK)
    return status.st_size if usable else -1


def missing_files(manifest: Manifest, sizes: dict[str, int]) -> Iterator[Problem]:
    """Find names behind which there is no file."""
    missing = {name for name, size in sizes.items() if size < 0}
    for column in file_columns(manifest):
        rows = np.flatnonzero(manifest.frame[column].isin(missing).to_numpy(bool))
        if len(rows) == 0:
            continue
        names = manifest.frame[column].iloc[rows]
        gone, named = names.nunique(), manifest.frame[column].nunique()
        yield Problem(
            code=Code.MISSING_FILE,
            column=column,
            rows=len(rows),
            examples=at_rows(manifest, rows, list(names.head(MAX_EXAMPLES))),
            text=f"{count(gone, 'file')} of {named:,} not there, or not readable; paths are "
            "relative to the manifest's folder",
        )


def repeated_rows(manifest: Manifest) -> Iterator[Problem]:
    """Find the same clip, or the same trial (also mirrored), in several rows."""
    columns = file_columns(manifest)
    if manifest.shape is Shape.TRIALS:
        key, what = _trial_keys(manifest), "trial (left and right may be swapped)"
    else:
        names = [manifest.frame[name].map(_normal, na_action="ignore") for name in columns]
        key = pd.Series(pd.factorize(_joined(names))[0])
        what = "file"
    empty = np.logical_and.reduce([text_of(manifest.frame[name]) == "" for name in columns])
    again = key.duplicated().to_numpy(bool) & ~empty
    rows = np.flatnonzero(again)
    if len(rows) == 0:
        return
    first = pd.Series(np.arange(len(key))).groupby(key.to_numpy()).transform("first")
    shown = [
        f"{_said(manifest, columns, int(row))} (first on line {manifest.line(int(first[row]))})"
        for row in rows[:MAX_EXAMPLES]
    ]
    yield Problem(
        code=Code.DUPLICATE,
        column=",".join(columns),
        rows=len(rows),
        examples=at_rows(manifest, rows, shown),
        text=f"{count(len(rows), 'row')} with the same {what} as an earlier row"
        f"{_disagreement(manifest, key.to_numpy(), again)}: repeated rows count twice and make "
        "intervals too narrow; keep one of each",
    )


def _trial_keys(manifest: Manifest) -> pd.Series:
    n = len(manifest)
    both = pd.concat([manifest.frame["left"], manifest.frame["right"]])
    codes, levels = pd.factorize(both)
    left, right = codes[:n].astype(np.int64), codes[n:].astype(np.int64)
    return pd.Series(np.minimum(left, right) * len(levels) + np.maximum(left, right))


def _normal(name: str) -> str:
    return os.path.normpath(name) if name else ""


def _joined(names: list[pd.Series]) -> pd.Series:
    joined = names[0]
    for more in names[1:]:
        joined = joined + "\0" + more
    return joined


def _said(manifest: Manifest, columns: list[str], row: int) -> str:
    return ", ".join(name for c in columns if (name := manifest.frame[c].iloc[row]))


def _disagreement(
    manifest: Manifest,
    key: np.ndarray[tuple[int], np.dtype[np.int64]],
    again: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> str:
    if "label" not in manifest.frame:
        return ""
    involved = np.isin(key, key[again])
    kinds = manifest.frame["label"][involved].groupby(key[involved]).nunique()
    torn = int((kinds > 1).sum())
    return f", {torn:,} of them with a different label" if torn else ""


def same_content(manifest: Manifest, sizes: dict[str, int]) -> Iterator[Problem]:
    """Find clips under different names whose bytes are the same.

    Only files of equal size are read. In trial tables one recording is meant to be in many
    rows, and its copies are told all the same.
    """
    twins = _twins(manifest.folder, sizes)
    if not twins:
        return
    copies = {name for group in twins for name in group[1:]}
    columns = file_columns(manifest)
    rows = np.logical_or.reduce([manifest.frame[c].isin(copies).to_numpy(bool) for c in columns])
    yield Problem(
        code=Code.DUPLICATE,
        column=",".join(columns),
        rows=int(rows.sum()),
        examples=tuple(" = ".join(group[:3]) for group in twins[:MAX_EXAMPLES]),
        text=f"{count(len(copies), 'file')} with the same bytes as another file of the table: "
        "the same clip under two names counts twice, and can stand on both sides of a split; "
        "keep one of each",
    )


def _twins(folder: Path, sizes: dict[str, int]) -> list[list[str]]:
    by_size: dict[int, dict[str, str]] = defaultdict(dict)
    for name, size in sizes.items():
        if size > 0:
            by_size[size].setdefault(os.path.normpath(folder / name), name)
    twins = []
    for candidates in by_size.values():
        if len(candidates) > 1:
            by_digest: dict[str, list[str]] = defaultdict(list)
            for path, name in candidates.items():
                if digest := _digest(path):
                    by_digest[digest].append(name)
            twins += [names for names in by_digest.values() if len(names) > 1]
    return twins


def _digest(path: str) -> str | None:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - already a resolved text
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None  # gone or not readable since its size was taken: it has no twin that we know
