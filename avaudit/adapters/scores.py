"""Precomputed answers as a model: looked up by path, no model needed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..registry import unknown_name
from .backend import Item
from .protocols import Capability, FloatArray, Pair
from .tables import EMBEDDING, PATH_COLUMNS, read_table

if TYPE_CHECKING:
    import pandas as pd

PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic"}
SOUNDS = {".wav", ".flac", ".mp3", ".m4a", ".aac", ".ogg", ".oga", ".opus", ".aif", ".aiff"}
MODALITIES = {"face": Capability.FACE_EMBEDDER, "voice": Capability.VOICE_EMBEDDER}
BY_COLUMN = {
    "score": Capability.DETECTOR,
    "prediction": Capability.CLASSIFIER,
    "transcript": Capability.TRANSCRIBER,
    "offset_s": Capability.SYNC_ESTIMATOR,
}


def scores_backend(path: Path, params: Mapping[str, str]) -> ScoresBackend:
    """Read a table of answers.

    Parameters
    ----------
    path
        CSV, JSON lines, Parquet or NPZ.
    params
        ``root``: the folder that relative paths in the table start from; default the table's.

    Raises
    ------
    UsageError
        When the table cannot be read, holds no answers, or answers one item twice differently.
    """
    for name in params:
        if name != "root":
            raise UsageError(f"scores:{path}: {unknown_name('parameter', name, ['root'])}")
    root = Path(params.get("root", path.parent))
    frame = read_table(path)
    with path.open("rb") as file:
        fingerprint = hashlib.file_digest(file, "sha256").hexdigest()
    pairs, columns = None, {}
    if {"left", "right"} <= set(frame.columns):
        if "score" in frame.columns:
            pairs = _Pairs(frame, root, path)
    else:
        columns = _columns(frame, root, path)
    if not columns and pairs is None:
        raise UsageError(
            f"{path}: no answers in it: with path, a column score, prediction, transcript, "
            "offset_s, embedding or embedding.0 … is needed; with left and right, score"
        )
    return ScoresBackend(columns, pairs, root, fingerprint)


class ScoresBackend:
    """Answers from a table.

    Parameters
    ----------
    columns
        Answers by normalised path, by capability.
    pairs
        Scores of pairs.
    root
        The folder relative paths started from.
    fingerprint
        SHA-256 of the file.
    """

    reads_files = False

    def __init__(
        self,
        columns: Mapping[Capability, pd.Series],
        pairs: _Pairs | None,
        root: Path,
        fingerprint: str,
    ) -> None:
        self.batch_size: int | None = 1 << 30
        self._columns = columns
        self._pairs = pairs
        self._root = root
        self._absent: dict[str, None] = {}
        self._absent_pairs = 0
        self.fingerprint: str | None = fingerprint
        own = frozenset({Capability.PAIR_SCORER}) if pairs else frozenset()
        self.capabilities = frozenset(columns) | own

    @property
    def cautions(self) -> Sequence[str]:
        """How many of the paths and pairs asked for are not in the table."""
        said = []
        if self._absent:
            said.append(
                f"{len(self._absent)} paths are not in the table of scores, such as "
                f"{next(iter(self._absent))}; {self._advice()}"
            )
        if self._absent_pairs:
            said.append(
                f"{self._absent_pairs} pairs are not in the table of scores; {self._advice()}"
            )
        return said

    def answer(self, op: Capability, items: Sequence[Item], **options: Any) -> object:  # noqa: ARG002
        """Look items up; what is not there has no answer."""
        if op is Capability.PAIR_SCORER:
            pairs = [item for item in items if isinstance(item, Pair)]
            return self.score_columns([p.left for p in pairs], [p.right for p in pairs])
        column = self._columns[op]
        wanted = [_normal(os.fspath(item)) for item in items if isinstance(item, Path)]
        places = column.index.get_indexer(wanted)
        values = column.to_numpy()
        for place, path in zip(places, wanted, strict=True):
            if place < 0:
                self._absent[path] = None
        return [values[place] if place >= 0 else None for place in places]

    def score_columns(self, left: Sequence[Any], right: Sequence[Any]) -> FloatArray:
        """Look pairs up by column, without a loop over pairs."""
        assert self._pairs is not None
        places = self._pairs.find(left, right)
        self._absent_pairs += int((places < 0).sum())
        return np.where(places >= 0, self._pairs.scores[places], np.nan)

    def known_items(self, op: Capability, most: int) -> list[Item]:
        """Give the first items of the table that have an answer."""
        if op is Capability.PAIR_SCORER:
            return list(self._pairs.first(most)) if self._pairs else []
        column = self._columns[op]
        return [Path(key) for key in column[column.notna()].index[:most]]

    def close(self) -> None:
        """Nothing was started."""

    def _advice(self) -> str:
        return (
            f"relative paths in it start from {self._root.resolve()}: give -M root=FOLDER if they "
            "start elsewhere"
        )


class _Pairs:
    """Scores of pairs under one integer per pair: left code times the number of paths plus right.

    Only distinct paths are normalised; all else is integer work on whole columns.
    """

    def __init__(self, frame: pd.DataFrame, root: Path, path: Path) -> None:
        import pandas as pd

        left, left_names = _codes(frame["left"], root)
        right, right_names = _codes(frame["right"], root)
        # two spellings may stand for one path
        self._paths = pd.Index([*left_names, *right_names]).unique()
        keys = self._keys(left, left_names, right, right_names)
        scores: FloatArray = frame["score"].to_numpy(dtype=np.float64)
        series = pd.Series(scores, index=keys)
        if series.index.has_duplicates:
            double = series.index.duplicated(keep=False)
            spread = series[double].groupby(level=0).nunique(dropna=False)
            if (spread > 1).any():
                row = int(np.argmax(keys == spread.index[int(np.argmax(spread > 1))]))
                pair = f"{frame['left'].iloc[row]} and {frame['right'].iloc[row]}"
                raise UsageError(f"{path}: two different scores for {pair}")
            series = series[~series.index.duplicated()]
        self._index = series.index
        self.scores: FloatArray = series.to_numpy()

    def find(self, left: Sequence[Any], right: Sequence[Any]) -> NDArray[np.intp]:
        """Give the row of each pair, -1 where it is not in the table."""
        keys = self._keys(*_codes(left, None), *_codes(right, None))
        places: NDArray[np.intp] = self._index.get_indexer(keys)
        places[keys < 0] = -1
        return places

    def first(self, most: int) -> list[Pair]:
        """Give the first pairs that have a score."""
        keys = self._index.to_numpy()[~np.isnan(self.scores)][:most]
        left, right = np.divmod(keys, len(self._paths))
        return [
            Pair(Path(self._paths[a]), Path(self._paths[b]))
            for a, b in zip(left, right, strict=True)
        ]

    def _keys(
        self, left: Any, left_names: Sequence[str], right: Any, right_names: Sequence[str]
    ) -> NDArray[np.int64]:
        a = np.asarray(self._paths.get_indexer(left_names), dtype=np.int64)[left]
        b = np.asarray(self._paths.get_indexer(right_names), dtype=np.int64)[right]
        keys: NDArray[np.int64] = np.where((a < 0) | (b < 0), -1, a * len(self._paths) + b)
        return keys


def _codes(column: Any, root: Path | None) -> tuple[NDArray[np.intp], list[str]]:
    """Give a number per row and the normalised path behind each number."""
    import pandas as pd

    values = column if hasattr(column, "dtype") else np.asarray(list(column), dtype=object)
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    folder = "" if root is None else os.fspath(root)
    return codes, [_normal(os.path.join(folder, str(name))) for name in distinct]  # noqa: PTH118


def _columns(frame: pd.DataFrame, root: Path, path: Path) -> dict[Capability, pd.Series]:
    import pandas as pd

    there = [name for name in PATH_COLUMNS if name in frame.columns]
    if not there:
        raise UsageError(
            f"{path}: there is no column {', '.join(PATH_COLUMNS)}, nor left and right"
        )
    answers = [name for name in (*BY_COLUMN, EMBEDDING) if name in frame.columns]
    keep = [*answers, *(["modality"] if "modality" in frame.columns else [])]
    parts = [frame[[name, *keep]].rename(columns={name: "key"}) for name in there]
    table = pd.concat(parts, ignore_index=True)
    table = table[table["key"].notna() & (table["key"].astype(str) != "")]
    folder = os.fspath(root)
    table["key"] = [_normal(os.path.join(folder, str(key))) for key in table["key"]]  # noqa: PTH118
    found = {
        BY_COLUMN[name]: _single(table["key"], _values(table[name]), path)
        for name in answers
        if name != EMBEDDING
    }
    return found | (_embeddings(table, path) if EMBEDDING in answers else {})


def _values(column: pd.Series) -> pd.Series:
    """Give text as ``str`` or None; numbers stay as they are."""
    if column.dtype.kind == "f":
        return column
    return column.map(lambda value: None if _is_null(value) else str(value)).astype(object)


def _is_null(value: Any) -> bool:
    return value is None or value != value or type(value).__name__ in ("NAType", "NaTType")  # noqa: PLR0124


def _embeddings(table: pd.DataFrame, path: Path) -> dict[Capability, pd.Series]:
    if "modality" in table.columns:
        said = table["modality"].astype(str).str.strip().str.lower()
        wrong = ~said.isin(list(MODALITIES))
        if wrong.any():
            raise UsageError(
                f"{path}: column modality says '{said[wrong].iloc[0]}'; face or voice is expected"
            )
        masks = {name: said == name for name in MODALITIES}
    else:
        suffix = table["key"].map(lambda key: os.path.splitext(key)[1].lower())  # noqa: PTH122
        # a video may be asked for either
        masks = {"face": ~suffix.isin(list(SOUNDS)), "voice": ~suffix.isin(list(PICTURES))}
    found = {}
    for name, mask in masks.items():
        rows = table[mask]
        if len(rows):
            vectors = rows[EMBEDDING].map(lambda v: None if _absent(v) else np.asarray(v, float))
            if len({len(v) for v in vectors if v is not None}) > 1:
                raise UsageError(f"{path}: the {name} embeddings have different lengths")
            found[MODALITIES[name]] = _single(rows["key"], vectors, path)
    return found


def _absent(vector: Any) -> bool:
    return vector is None or np.ndim(vector) == 0


def _single(keys: pd.Series, values: pd.Series, path: Path) -> pd.Series:
    """Give one value per key; a key with two different values is refused."""
    import pandas as pd

    column = pd.Series(values.to_numpy(), index=pd.Index(keys.to_numpy()))
    double = column.index.duplicated(keep=False)
    if double.any():
        first: dict[str, Any] = {}
        for key, value in zip(column.index[double], column[double], strict=True):
            other = first.setdefault(key, value)
            if not _same(other, value):
                raise UsageError(f"{path}: two different answers for {key}")
        column = column[~column.index.duplicated()]
    return column


def _same(one: Any, other: Any) -> bool:
    if one is None or other is None or isinstance(one, str):
        return one is other or bool(one == other)
    return bool(np.array_equal(one, other, equal_nan=True))


def _normal(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - resolve() would follow symbolic links
