"""Which columns are numbers and which are text, the same for every file format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .table import GROUP_PREFIX, PATH_COLUMNS

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

TEXT_COLUMNS = frozenset(
    [*PATH_COLUMNS, "left", "right", "identity", "split", "control", "pair_id", "notes", "use"]
)
NUMBER = r"^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$"
NO_NUMBER = r"^(?i:[+-]?(nan|inf|infinity))$"
PADDED = r"^[+-]?0\d"
"""A number with leading zeros is a code (``007``), and becomes text with its column."""


def is_text(column: str) -> bool:
    """Whether a column is text by its name, whatever it holds.

    Examples
    --------
    >>> is_text("left.identity"), is_text("group.age"), is_text("score")
    (True, True, False)
    """
    name = column.removeprefix("left.").removeprefix("right.")
    return name in TEXT_COLUMNS or name.startswith(GROUP_PREFIX)


def typed_frame(table: pa.Table) -> pd.DataFrame:
    """Give an Arrow table as a frame whose columns are ``str`` or ``float64``."""
    import pyarrow as pa

    columns = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        as_number = None if is_text(name) else _numbers(name, column)
        columns.append(_texts(column) if as_number is None else as_number)
    return pa.table(columns, names=table.column_names).to_pandas(split_blocks=True)


def _numbers(name: str, column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Give a column as float64 with nulls, or None when it is text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return pc.cast(column, pa.float64(), safe=False)
    texts = _texts(column)
    if name == "label" and (flags := _flags(texts)) is not None:
        return flags
    number = pc.match_substring_regex(texts, NUMBER)
    blank = pc.or_(pc.equal(texts, ""), pc.match_substring_regex(texts, NO_NUMBER))
    if not pc.any(number).as_py() or not pc.all(pc.or_(number, blank)).as_py():
        return None
    if pc.any(pc.match_substring_regex(texts, PADDED)).as_py():
        return None
    missing = pc.or_(pc.equal(texts, ""), pc.match_substring_regex(texts, r"^(?i:[+-]?nan)$"))
    # the cast knows no leading plus
    plain = pc.replace_substring_regex(texts, r"^\+", "")
    return pc.cast(pc.if_else(missing, pa.scalar(None, pa.string()), plain), pa.float64())


def _flags(texts: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Read labels written ``true`` and ``false``; None when they are something else."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lower = pc.utf8_lower(texts)
    known = pc.is_in(lower, pa.array(["true", "false", ""]))
    if not pc.all(known).as_py() or not pc.any(pc.not_equal(lower, "")).as_py():
        return None
    flag = pc.cast(pc.equal(lower, "true"), pa.float64())
    return pc.if_else(pc.equal(lower, ""), pa.scalar(None, pa.float64()), flag)


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_floating(kind):
        # as Python writes it (0.1, 7.0), so that all formats agree; Arrow writes 7
        texts = ["" if v is None or v != v else repr(v) for v in column.to_pylist()]  # noqa: PLR0124
        return pa.chunked_array([pa.array(texts, pa.string())])
    if pa.types.is_nested(kind):
        texts = ["" if v is None else _json(v) for v in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    return pc.fill_null(pc.cast(column, pa.string()), "")


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
