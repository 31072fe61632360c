"""Append-only columns on disk, of which only what was committed counts.

Every column is one file of fixed-width records. How many of them count is written, for all
columns at once, into ``index.json`` by one atomic rename; what a killed process has left behind
that point is cut off by the next one that writes.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from ..atomic import sync_dir, write_atomic
from ..errors import AvauditError, UsageError
from ..home import ensure_private_dir

FORMAT = "avaudit.known/1"
STATE = "index.json"
Array = npt.NDArray[Any]


def read_state(folder: Path) -> dict[str, Any]:
    """Read the last committed state; an empty one where there is no index.

    Raises
    ------
    AvauditError
        When the file is no such state.
    """
    path = folder / STATE
    try:
        state: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {"format": FORMAT, "counts": {}, "segments": {}, "next_segment": 0}
    except (OSError, ValueError) as error:
        raise AvauditError(f"{path}: the index of known media cannot be read: {error}") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise AvauditError(f"{path}: this is no index of known media of the format {FORMAT}")
    return state


def mapped(path: Path, dtype: np.dtype[Any], count: int, *, offset: int = 0) -> Array:
    """Map the first ``count`` records of a file, read-only.

    Raises
    ------
    AvauditError
        When the file is shorter than was committed.
    """
    if count == 0:
        return np.zeros(0, dtype)
    try:
        size = path.stat().st_size
    except OSError as error:
        raise AvauditError(f"{path}: a part of the index is missing: {error.strerror}") from error
    if size < offset + count * dtype.itemsize:
        raise AvauditError(
            f"{path}: the index is damaged: it holds {size} bytes of {count * dtype.itemsize}"
        )
    held: Array = np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=(count,))
    return held.view(np.ndarray)


class Lock:
    """The right to write to a folder: one process at a time has it.

    Raises
    ------
    UsageError
        When another process has it.
    """

    def __init__(self, folder: Path) -> None:
        ensure_private_dir(folder)
        self._fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._fd)
            raise UsageError(
                f"{folder}: another process is adding to the index of known media; "
                "wait until it is done"
            ) from error

    def release(self) -> None:
        """Give the right back."""
        os.close(self._fd)


class ColumnWriter:
    """Appends to columns; nothing counts until :meth:`sync` and a new state.

    Parameters
    ----------
    folder
        Where the files lie.
    dtypes
        Name of each column and its record.
    counts
        How many records of each are committed; what lies behind them is cut off.
    """

    def __init__(
        self, folder: Path, dtypes: Mapping[str, np.dtype[Any]], counts: Mapping[str, int]
    ) -> None:
        self._dtypes = dtypes
        self.counts = {name: int(counts.get(name, 0)) for name in dtypes}
        self._files: dict[str, BinaryIO] = {}
        for name, dtype in dtypes.items():
            fd = os.open(folder / f"{name}.col", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            file = self._files[name] = os.fdopen(fd, "r+b", buffering=1 << 16)
            committed = self.counts[name] * dtype.itemsize
            if os.fstat(fd).st_size < committed:
                self.close()
                raise AvauditError(f"{folder / name}.col: the index is damaged: it is too short")
            file.truncate(committed)
            file.seek(committed)
        sync_dir(folder)

    def append(self, name: str, records: Array) -> int:
        """Write records and give the number of the first."""
        first = self.counts[name]
        data = np.ascontiguousarray(records, dtype=self._dtypes[name])
        self._files[name].write(data.tobytes())
        self.counts[name] += len(data)
        return first

    def sync(self) -> None:
        """Force all that was written to disk."""
        for file in self._files.values():
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Close the files."""
        for file in self._files.values():
            with suppress(OSError):  # what was not committed does not count
                file.close()


def write_state(folder: Path, state: Mapping[str, Any]) -> None:
    """Commit: from here on the new counts are what a reader sees."""
    write_atomic(folder / STATE, json.dumps(state, indent=1).encode(), mode=0o600)
