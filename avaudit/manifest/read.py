"""Reading manifests: CSV, JSON lines and Parquet give the same table."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .table import PATH_COLUMNS, Manifest, Shape
from .types import typed_frame

if TYPE_CHECKING:
    import pyarrow as pa

SUFFIXES = (".csv", ".jsonl", ".parquet")
FIRST_ROW = {".csv": 2, ".jsonl": 1, ".parquet": 1}


def read_manifest(path: str | os.PathLike[str]) -> Manifest:
    r"""Read a data set's table.

    The three formats give the same table. A column is numeric when every value that is not
    empty is a number and the name does not say text (paths, identities, groups, ``split`` ...);
    its empty values are NaN. All other columns are text, with ``""`` where nothing is known.
    Files named in the table are not looked for here.

    Parameters
    ----------
    path
        A file ending in ``.csv`` (UTF-8, comma-separated, with a header), ``.jsonl`` (one
        object per line) or ``.parquet``.

    Raises
    ------
    UsageError
        When the file is missing, broken (with file, line and column), empty, or names no media:
        neither a path column nor the pair ``left`` and ``right``.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "people.csv").write_text("path,label,group.gender\na.wav,1,female\n")
    >>> manifest = read_manifest(folder / "people.csv")
    >>> len(manifest), manifest.shape.value, manifest.groups
    (1, 'clips', ('gender',))
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(
            f"{path}: a manifest ends in {', '.join(SUFFIXES)}; this one ends in '{suffix}'"
        )
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: the manifest cannot be read: {error.strerror}") from error
    table = {".csv": _read_csv, ".jsonl": _read_jsonl, ".parquet": _read_parquet}[suffix](
        path, data
    )
    table = _with_clean_header(path, table)
    shape = _shape(path, table.column_names)
    if table.num_rows == 0:
        raise UsageError(f"{path}: the manifest has a header and no rows")
    return Manifest(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        shape=shape,
        frame=typed_frame(table),
        first_row=FIRST_ROW[suffix],
    )


def _with_clean_header(path: Path, table: pa.Table) -> pa.Table:
    names = [str(name).strip() for name in table.column_names]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise UsageError(f"{path}: the column '{name}' is there twice; rename one of them")
    return table.rename_columns(names)


def _shape(path: Path, columns: list[str]) -> Shape:
    sides = [side for side in ("left", "right") if side in columns]
    if len(sides) == 2:
        return Shape.TRIALS
    if sides:
        other = "right" if sides == ["left"] else "left"
        raise UsageError(
            f"{path}: there is a column '{sides[0]}' and none called '{other}'; "
            "a trial table needs both"
        )
    if any(column in columns for column in PATH_COLUMNS):
        return Shape.CLIPS
    raise UsageError(
        f"{path}: no column says which files are meant; clips need one of "
        f"{', '.join(PATH_COLUMNS)}, trials need left and right. "
        f"Columns found: {', '.join(columns)}"
    )


def _read_csv(path: Path, data: bytes) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    header = _csv_header(path, data)
    quoted = b'"' in data
    try:
        return arrow_csv.read_csv(
            pa.BufferReader(data),
            # the names are given and the header skipped: duplicates are told by us, not merged
            read_options=arrow_csv.ReadOptions(column_names=header, skip_rows_after_names=1),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=quoted),
            convert_options=arrow_csv.ConvertOptions(
                column_types={name: pa.string() for name in header}, strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        _check_utf8(path, data)
        raise UsageError(_csv_problem(path, data, len(header)) or f"{path}: {error}") from error


def _csv_header(path: Path, data: bytes) -> list[str]:
    try:
        header = next(csv.reader(_lines(data)), [])
    except UnicodeDecodeError:
        _check_utf8(path, data)
        raise
    except csv.Error as error:
        raise UsageError(f"{path}, line 1: the header is broken: {error}") from error
    if not header:
        raise UsageError(f"{path}: the manifest is empty; its first line must name the columns")
    return _distinct(path, header)


def _lines(data: bytes) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")


def _distinct(path: Path, header: list[str]) -> list[str]:
    names = [name.strip() for name in header]
    for position, name in enumerate(names):
        if name in names[:position]:
            raise UsageError(
                f"{path}, line 1: the column '{name}' is there twice; rename one of them"
            )
    return names


def _csv_problem(path: Path, data: bytes, width: int) -> str | None:
    """Find the first row that has not as many values as the header; None when there is none."""
    reader = csv.reader(_lines(data))
    start = 1
    try:
        for row in reader:
            if row and len(row) != width:
                return (
                    f"{path}, line {start}: {len(row)} values where the header names {width} "
                    "columns; put values that hold commas in double quotes"
                )
            start = reader.line_num + 1
    except csv.Error as error:
        return f"{path}, line {reader.line_num}: {error}"
    return None


def _check_utf8(path: Path, data: bytes) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{path}, line {line}: the text is not UTF-8 (byte 0x{data[error.start]:02x}); "
            "save the file as UTF-8"
        ) from error


def _read_jsonl(path: Path, data: bytes) -> pa.Table:
    import pyarrow as pa

    _check_utf8(path, data)
    columns: dict[str, list[str]] = {}
    count = 0
    for line, row in _objects(path, data):
        for name, value in row.items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = []
            if len(column) > count:
                raise UsageError(f"{path}, line {line}: the key '{name}' is there twice")
            column.extend([""] * (count - len(column)))
            column.append(value if isinstance(value, str) else _as_text(value))
        count += 1
    for column in columns.values():
        column.extend([""] * (count - len(column)))
    return pa.table({name: pa.array(column, pa.string()) for name, column in columns.items()})


def _objects(path: Path, data: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    for line, text in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except ValueError as error:
            raise UsageError(f"{path}, line {line}: this is no JSON: {error}") from error
        if not isinstance(row, dict):
            raise UsageError(f"{path}, line {line}: each line must be one JSON object")
        yield line, row


def _as_text(value: Any) -> str:
    """Give a JSON value as the text a CSV file would hold; None and NaN are empty."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float | int) and not isinstance(value, bool):
        return repr(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _read_parquet(path: Path, data: bytes) -> pa.Table:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise UsageError(f"{path}: this is no readable Parquet file: {error}") from error
    for column in table.schema:
        if pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type):
            raise UsageError(
                f"{path}, column '{column.name}': it holds bytes; write the files out and "
                "give their paths"
            )
    return table
