"""Columns of a manifest by what they mean: groups, identities, files, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..registry import unknown_name
from .table import GROUP_PREFIX, PATH_COLUMNS, Manifest, Shape

if TYPE_CHECKING:
    import pandas as pd

Side = Literal["left", "right"]
MediaKind = Literal["audio", "video", "image", "any"]
TextArray = NDArray[np.object_]
FloatArray = NDArray[np.float64]
JOINER = " × "


def group_labels(
    manifest: Manifest, names: str | Sequence[str], side: Side | None = None
) -> TextArray:
    """Give the group of every row: ``female``, or ``female × dark`` for an intersection.

    Parameters
    ----------
    manifest
        Clips, or trials.
    names
        One group column without prefix, or several.
    side
        For trials, whose group: the left or the right recording's (``left.group.<name>``).
        A column ``group.<name>`` of a trial table belongs to the trial and serves both sides.

    Returns
    -------
    ndarray of str, shape (n,)
        ``""`` where the group, or one of several, is not known.

    Raises
    ------
    UsageError
        When there is no such group column.
    """
    wanted = (names,) if isinstance(names, str) else tuple(names)
    if not wanted:
        raise UsageError("no group is named")
    columns = [_group_column(manifest, name, side) for name in wanted]
    joined = text_of(manifest.frame[columns[0]])
    for column in columns[1:]:
        more = text_of(manifest.frame[column])
        unknown = (joined == "") | (more == "")
        joined = joined + JOINER + more
        joined[unknown] = ""
    return joined


def identities(manifest: Manifest, side: Side | None = None) -> TextArray | None:
    """Give who is heard or seen in every row, or None where the manifest does not say.

    ``""`` marks rows whose identity is not known. For trials ``side`` is needed.
    """
    column = f"{side}.identity" if side else "identity"
    if column not in manifest.frame:
        return None
    return text_of(manifest.frame[column])


def paths(manifest: Manifest, kind: MediaKind = "any", side: Side | None = None) -> list[Path]:
    """Give the file of every row, relative paths taken from the manifest's folder.

    Whether the files exist is not looked at.

    Parameters
    ----------
    manifest
        Clips, or trials.
    kind
        ``audio`` takes ``audio_path``, else ``path``; ``video`` and ``image`` likewise; ``any``
        takes the first column of ``path, audio_path, video_path, image_path`` that is filled.
    side
        For trials: the file in the column ``left`` or ``right``.

    Raises
    ------
    UsageError
        When no such column is there, or a row has no path in it (with the line).
    """
    texts = _path_texts(manifest, kind, side)
    empty = np.flatnonzero(texts == "")
    if len(empty):
        what = side or (f"{kind} file" if kind != "any" else "file")
        raise UsageError(
            f"{manifest.path}, line {manifest.line(int(empty[0]))}: no {what} is named"
            + (f" (nor in {len(empty) - 1} more rows)" if len(empty) > 1 else "")
        )
    folder = manifest.folder
    known = {text: folder / text for text in dict.fromkeys(texts)}
    return [known[text] for text in texts]


def labels(manifest: Manifest) -> TextArray | FloatArray:
    """Give the column ``label``: numbers when all of them are, else text.

    Raises
    ------
    UsageError
        When there is no such column.
    """
    column = _column(manifest, "label")
    return _numbers(column) if is_numeric(column) else text_of(column)


def binary_labels(manifest: Manifest) -> FloatArray:
    """Give the column ``label`` as 0, 1, or NaN where it is empty.

    Raises
    ------
    UsageError
        When the column is missing or holds anything else (with the line).
    """
    values = numbers(manifest, "label")
    wrong = np.flatnonzero(~np.isnan(values) & (values != 0) & (values != 1))
    if len(wrong):
        raise UsageError(
            f"{manifest.path}, line {manifest.line(int(wrong[0]))}, column 'label': "
            f"{values[wrong[0]]:g} is neither 0 nor 1"
        )
    return values


def numbers(manifest: Manifest, name: str) -> FloatArray:
    """Give a numeric column, NaN where it is empty.

    Raises
    ------
    UsageError
        When there is no such column, or it holds text (with the first line that does).
    """
    column = _column(manifest, name)
    if is_numeric(column):
        return _numbers(column)
    import pandas as pd

    texts = text_of(column)
    values = pd.to_numeric(column.where(column != ""), errors="coerce").to_numpy(float)
    bad = np.flatnonzero(np.isnan(values) & (texts != ""))
    if len(bad) == 0:
        return np.asarray(values, dtype=np.float64)
    raise UsageError(
        f"{manifest.path}, line {manifest.line(int(bad[0]))}, column '{name}': "
        f"'{texts[bad[0]]}' is no number"
    )


def texts(manifest: Manifest, name: str) -> TextArray:
    """Give any column as text; whole numbers are written without a decimal point.

    Raises
    ------
    UsageError
        When there is no such column.
    """
    column = _column(manifest, name)
    if not is_numeric(column):
        return text_of(column)
    values = _numbers(column)
    levels, where = np.unique(values, return_inverse=True)
    written = [
        "" if np.isnan(v) else str(int(v)) if v.is_integer() else repr(v)
        for v in map(float, levels)
    ]
    return np.array(written, dtype=object)[where]


def select(manifest: Manifest, where: Mapping[str, str | Sequence[str]]) -> Manifest:
    """Give the rows whose columns have the wanted values.

    Parameters
    ----------
    manifest
        Clips, or trials.
    where
        Columns (with prefix: ``group.gender``, ``split``) and the value, or the values, that
        are kept. Numbers may be written as text: ``{"label": "1"}``.

    Raises
    ------
    UsageError
        When a column does not exist or no row is left.
    """
    if not where:
        return manifest
    keep = np.ones(len(manifest), dtype=bool)
    for name, wanted in where.items():
        allowed = (wanted,) if isinstance(wanted, str) else tuple(wanted)
        column = _column(manifest, name)
        if is_numeric(column):
            values = [_number_of(manifest, name, value) for value in allowed]
            keep &= np.isin(_numbers(column), values)
        else:
            keep &= column.isin(allowed).to_numpy(bool)
    rows = np.flatnonzero(keep)
    if len(rows) == 0:
        said = " and ".join(f"{name} = {value}" for name, value in where.items())
        raise UsageError(f"{manifest.path}: no row has {said}")
    kept = rows if manifest.kept is None else manifest.kept[rows]
    frame = manifest.frame.iloc[rows].reset_index(drop=True)
    return replace(manifest, frame=frame, kept=kept.astype(np.int64))


def _number_of(manifest: Manifest, name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise UsageError(
            f"{manifest.path}, column '{name}': it holds numbers, and '{value}' is none"
        ) from error


def _group_column(manifest: Manifest, name: str, side: Side | None) -> str:
    tried = [f"{side}.{GROUP_PREFIX}{name}"] if side else []
    tried.append(f"{GROUP_PREFIX}{name}")
    for column in tried:
        if column in manifest.frame:
            return column
    if manifest.shape is Shape.TRIALS and side is None and name in manifest.groups:
        raise UsageError(
            f"{manifest.path}: the group '{name}' is known for each side of a trial, "
            "not for the trial as a whole"
        )
    raise UsageError(f"{manifest.path}: {unknown_name('group', name, manifest.groups)}")


def _path_texts(manifest: Manifest, kind: MediaKind, side: Side | None) -> TextArray:
    if manifest.shape is Shape.TRIALS:
        if side is None:
            raise UsageError(f"{manifest.path}: a trial table names two files per row")
        return text_of(manifest.frame[side])
    wanted = PATH_COLUMNS if kind == "any" else (f"{kind}_path", "path")
    there = [column for column in wanted if column in manifest.frame]
    if not there:
        raise UsageError(f"{manifest.path}: there is no column {' or '.join(wanted)}")
    found = text_of(manifest.frame[there[0]])
    for column in there[1:]:
        found = np.where(found == "", text_of(manifest.frame[column]), found)
    return found


def _column(manifest: Manifest, name: str) -> pd.Series[Any]:
    if name not in manifest.frame:
        known = [str(column) for column in manifest.frame.columns]
        raise UsageError(f"{manifest.path}: {unknown_name('column', name, known)}")
    return manifest.frame[name]


def is_numeric(column: pd.Series[Any]) -> bool:
    """Whether a column holds numbers (else it holds text)."""
    return bool(column.dtype.kind == "f")


def _numbers(column: pd.Series[Any]) -> FloatArray:
    return np.array(column.to_numpy(), dtype=np.float64)


def text_of(column: pd.Series[Any]) -> TextArray:
    """Give a text column as an array of ``str`` of its own."""
    return np.array(column.to_numpy(dtype=object), dtype=object)
