"""Reading a table of precomputed answers: CSV, JSON lines, Parquet or NPZ."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UsageError

if TYPE_CHECKING:
    import pandas as pd

PATH_COLUMNS = ("path", "audio_path", "video_path", "image_path")
NUMBER_COLUMNS = ("score", "offset_s")
TEXT_COLUMNS = (*PATH_COLUMNS, "left", "right", "prediction", "transcript", "modality")
EMBEDDING, EMBEDDING_PREFIX = "embedding", "embedding."
PLURALS = {"paths": "path", "embeddings": EMBEDDING, "scores": "score"}
NO_NUMBER = ["", "nan", "NaN", "null", "None", "NA"]


def read_table(path: Path) -> pd.DataFrame:
    """Read the columns that hold answers; vectors come as one column ``embedding``.

    Raises
    ------
    UsageError
        When the file is missing, of another kind, or damaged.
    """
    readers = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet, ".npz": _npz}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path}: a table of scores ends in {', '.join(readers)}")
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file")
    try:
        frame = reader(path)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path}: the table cannot be read: {error}") from error
    return _numbers(_with_vectors(frame, path), path)


def _csv(path: Path) -> pd.DataFrame:
    import pandas as pd

    header = list(pd.read_csv(path, nrows=0, encoding="utf-8-sig").columns)
    wanted = [name for name in header if _is_answer(name)]
    text = {name: str for name in wanted if name in TEXT_COLUMNS}
    empty = {name: NO_NUMBER for name in wanted if name not in TEXT_COLUMNS}
    return pd.read_csv(
        path,
        usecols=wanted,
        dtype=text,
        na_values=empty,
        keep_default_na=False,
        encoding="utf-8-sig",
        low_memory=False,
    )


def _jsonl(path: Path) -> pd.DataFrame:
    import pandas as pd

    frame = pd.read_json(path, lines=True, dtype=False, precise_float=True)
    return frame[[name for name in frame.columns if _is_answer(name)]]


def _parquet(path: Path) -> pd.DataFrame:
    import pandas as pd
    from pyarrow import parquet

    with parquet.ParquetFile(path) as file:
        names = file.schema_arrow.names
        return pd.DataFrame(
            file.read(columns=[name for name in names if _is_answer(name)]).to_pandas()
        )


def _npz(path: Path) -> pd.DataFrame:
    import pandas as pd

    with np.load(path, allow_pickle=False) as arrays:
        columns = {PLURALS.get(name, name): arrays[name] for name in arrays.files}
    columns = {name: array for name, array in columns.items() if _is_answer(name)}
    lengths = {name: len(array) if array.ndim else 0 for name, array in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the arrays have different lengths: {lengths}")
    vectors = columns.pop(EMBEDDING, None)
    frame = pd.DataFrame(columns)
    if vectors is not None:
        frame[EMBEDDING] = list(vectors.astype(np.float64))
    return frame


def _is_answer(name: str) -> bool:
    known = (*TEXT_COLUMNS, *NUMBER_COLUMNS, EMBEDDING)
    return name in known or (
        name.startswith(EMBEDDING_PREFIX) and name.removeprefix(EMBEDDING_PREFIX).isdigit()
    )


def _with_vectors(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    parts = sorted(
        (name for name in frame.columns if str(name).startswith(EMBEDDING_PREFIX)),
        key=lambda name: int(name.removeprefix(EMBEDDING_PREFIX)),
    )
    if not parts:
        return frame
    numbers = [int(name.removeprefix(EMBEDDING_PREFIX)) for name in parts]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))) or numbers[0] > 1:
        raise UsageError(
            f"{path}: columns embedding.0, embedding.1 … without gaps are expected; "
            f"there are {len(numbers)} up to embedding.{numbers[-1]}"
        )
    matrix = _floats(frame[parts], path, "embedding.*")
    return frame.drop(columns=parts).assign(**{EMBEDDING: list(matrix)})


def _numbers(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    for name in NUMBER_COLUMNS:
        if name in frame.columns:
            frame[name] = _floats(frame[name], path, name)
            if np.isinf(frame[name]).any():
                row = int(np.argmax(np.isinf(frame[name])))
                raise UsageError(f"{path}: column {name}, row {row + 1} is infinite")
    return frame


def _floats(column: Any, path: Path, name: str) -> Any:
    try:
        return column.astype(np.float64).to_numpy()
    except (ValueError, TypeError) as error:
        raise UsageError(f"{path}: column {name} holds no numbers: {error}") from error
