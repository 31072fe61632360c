"""Checking what a model answered: length, shape, kind, and numbers that are numbers."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, cast

import numpy as np

from ..errors import AuditError
from .backend import Item
from .protocols import Capability, FloatArray, Pair

Row = FloatArray | float | str | Path | None
"""One answer; None says "no answer"."""


class InvalidAnswerError(AuditError):
    """The model answered, but not as its protocol promises."""


class Form(Enum):
    """What one row of an answer is."""

    VECTOR = "vector"
    SCALAR = "number"
    TEXT = "text"
    FILE = "file"


FORMS = {
    Capability.FACE_EMBEDDER: Form.VECTOR,
    Capability.VOICE_EMBEDDER: Form.VECTOR,
    Capability.PAIR_SCORER: Form.SCALAR,
    Capability.CLASSIFIER: Form.TEXT,
    Capability.TRANSCRIBER: Form.TEXT,
    Capability.SYNC_ESTIMATOR: Form.SCALAR,
    Capability.DETECTOR: Form.SCALAR,
    Capability.VOICE_FROM_FACE: Form.FILE,
    Capability.FACE_FROM_VOICE: Form.FILE,
}


def check_rows(op: Capability, raw: object, items: Sequence[Item]) -> list[Row]:
    """Turn a raw answer into one row per item.

    Parameters
    ----------
    op
        What was asked.
    raw
        The answer: an array, or a sequence with None for rows without an answer.
    items
        What it was asked for.

    Raises
    ------
    InvalidAnswerError
        When the length, the shape or a value is not what the protocol promises, with the item.
    """
    form = FORMS[op]
    if form is Form.TEXT:
        return [_text(op, value, item) for value, item in _zip(op, raw, items)]
    if form is Form.FILE:
        return [_file(op, value, item) for value, item in _zip(op, raw, items)]
    if form is Form.SCALAR:
        return _scalars(op, raw, items)
    return _vectors(op, raw, items)


def _scalars(op: Capability, raw: object, items: Sequence[Item]) -> list[Row]:
    values = _numbers(op, [math.nan if v is None else v for v in _rows(op, raw)])
    if values.ndim != 1 or len(values) != len(items):
        raise InvalidAnswerError(_shape(op, values.shape, len(items), "(n,)"))
    _refuse_infinite(op, np.isinf(values), items)
    return [None if math.isnan(value) else value for value in values.tolist()]


def _vectors(op: Capability, raw: object, items: Sequence[Item]) -> list[Row]:
    rows = _rows(op, raw)
    _same_length(op, len(rows), items)
    present = [number for number, row in enumerate(rows) if row is not None]
    answers: list[Row] = [None] * len(rows)
    if not present:
        return answers
    try:
        matrix = _numbers(op, [rows[number] for number in present])
    except ValueError as error:
        raise InvalidAnswerError(f"{op}: the vectors have different lengths: {error}") from error
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise InvalidAnswerError(_shape(op, matrix.shape, len(items), "(n, d)"))
    asked = [items[number] for number in present]
    _refuse_infinite(op, np.isinf(matrix).any(axis=1), asked)
    missing = np.isnan(matrix)
    empty = np.all(missing, axis=1)
    partly = missing.any(axis=1) & ~missing.all(axis=1)
    if partly.any():
        item = asked[int(np.argmax(partly))]
        raise InvalidAnswerError(
            f"{op}: some numbers of the vector for {name_of(item)} are NaN; a row without an "
            "answer must be NaN throughout"
        )
    for number, row, gone in zip(present, matrix, empty.tolist(), strict=True):
        answers[number] = None if gone else row
    return answers


def _text(op: Capability, value: object, item: Item) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise InvalidAnswerError(
            f"{op}: the answer for {name_of(item)} is {_kind(value)}, where text was expected"
        )
    # only for labels does the empty text say "no answer": silence has an empty transcript
    return None if op is Capability.CLASSIFIER and value == "" else str(value)


def _file(op: Capability, value: object, item: Item) -> Path | None:
    if value is None:
        return None
    if not isinstance(value, str | os.PathLike):
        raise InvalidAnswerError(
            f"{op}: the answer for {name_of(item)} is {_kind(value)}, where a path was expected"
        )
    path = Path(os.fspath(value))
    if not path.is_file():
        raise InvalidAnswerError(f"{op}: the answer for {name_of(item)} is no file: {path}")
    return path


def _zip(op: Capability, raw: object, items: Sequence[Item]) -> Iterable[tuple[Any, Item]]:
    rows = _rows(op, raw)
    _same_length(op, len(rows), items)
    return zip(rows, items, strict=True)


def _rows(op: Capability, raw: object) -> Sequence[Any]:
    if hasattr(raw, "detach"):  # a torch tensor, perhaps with a gradient or on an accelerator
        raw = raw.detach().cpu().numpy()
    if isinstance(raw, str | bytes) or not hasattr(raw, "__len__") or not hasattr(raw, "__iter__"):
        raise InvalidAnswerError(
            f"{op}: the answer is {_kind(raw)}, where one row per input was expected"
        )
    if isinstance(raw, np.ndarray):
        return cast("Sequence[Any]", raw) if raw.dtype.kind in "fiu" else list(raw)
    rows = list(raw)
    return [row.detach().cpu().numpy() if hasattr(row, "detach") else row for row in rows]


def _numbers(op: Capability, rows: Sequence[Any]) -> FloatArray:
    found = np.asarray(rows)
    if found.size and found.dtype.kind not in "fiu":
        raise InvalidAnswerError(
            f"{op}: the answer holds values that are no real numbers ({found.dtype})"
        )
    return found.astype(np.float64)


def _same_length(op: Capability, got: int, items: Sequence[Item]) -> None:
    if got != len(items):
        raise InvalidAnswerError(f"{op}: {got} answers for {len(items)} inputs")


def _refuse_infinite(op: Capability, infinite: Any, items: Sequence[Item]) -> None:
    if infinite.any():
        item = items[int(np.argmax(infinite))]
        raise InvalidAnswerError(
            f"{op}: the answer for {name_of(item)} is infinite; NaN says that there is no answer"
        )


def _shape(op: Capability, got: tuple[int, ...], n: int, wanted: str) -> str:
    return f"{op}: the answer has shape {got} for {n} inputs, where {wanted} was expected"


def _kind(value: object) -> str:
    return f"of type {type(value).__name__}"


def name_of(item: Item) -> str:
    """Name an item for people."""
    if isinstance(item, Pair):
        return f"{item.left} and {item.right}"
    if isinstance(item, tuple):
        return str(item[0])
    return str(item)
