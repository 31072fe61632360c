"""Answers kept by content: the same model asked about the same bytes is not asked again."""

from __future__ import annotations

import contextlib
import sqlite3
import struct
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..home import ensure_private_dir, home_dir
from .answers import Row
from .protocols import FloatArray

FILENAME = "answers.sqlite3"
DEFAULT_BYTES = 2 << 30
USED_GRAIN_S = 3600
"""An answer's time of use is written at most this often: reading shall not write."""
BUSY_S = 60.0
MAX_VARIABLES = 500


class AnswerCache:
    """A bounded table of answers in SQLite; several processes may use it at once.

    Parameters
    ----------
    folder
        Where it lies; default ``cache`` in the state folder.
    max_bytes
        Bound on its size; what was not used for longest is dropped first.

    Raises
    ------
    sqlite3.Error
        When the file cannot be opened or is damaged.
    """

    def __init__(self, folder: Path | None = None, *, max_bytes: int = DEFAULT_BYTES) -> None:
        folder = ensure_private_dir(folder or home_dir() / "cache")
        self.path = folder / FILENAME
        self._max_bytes = max_bytes
        self._db = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)
        self._db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS answers"
            " (key BLOB PRIMARY KEY, value BLOB NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID"
        )
        self._db.execute("CREATE INDEX IF NOT EXISTS answers_used ON answers (used)")

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Row]:
        """Give the answers that are there."""
        found: dict[bytes, Row] = {}
        now, stale = int(time.time()), []
        for start in range(0, len(keys), MAX_VARIABLES):
            some = keys[start : start + MAX_VARIABLES]
            marks = ",".join("?" * len(some))
            query = f"SELECT key, value, used FROM answers WHERE key IN ({marks})"  # noqa: S608
            for key, value, used in self._db.execute(query, some):
                found[key] = _decode(value)
                if now - used > USED_GRAIN_S:
                    stale.append((now, key))
        if stale:
            with self._transaction():
                self._db.executemany("UPDATE answers SET used = ? WHERE key = ?", stale)
        return found

    def put(self, answers: Iterable[tuple[bytes, Row]]) -> None:
        """Keep answers, all of them or (when the process dies) none."""
        now = int(time.time())
        with self._transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)",
                ((key, _encode(row), now) for key, row in answers),
            )
        self._shrink()

    def size_bytes(self) -> int:
        """Give the bytes in use."""
        pages, free, size = (
            self._db.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _shrink(self) -> None:
        # a tenth is dropped at a time, so that a full cache is not shrunk at every call
        while (size := self.size_bytes()) > self._max_bytes:
            count = self._db.execute("SELECT count(*) FROM answers").fetchone()[0]
            if count == 0:
                return
            drop = max(1, int(count * (1 - 0.9 * self._max_bytes / size)))
            with self._transaction():
                self._db.execute(
                    "DELETE FROM answers WHERE key IN"
                    " (SELECT key FROM answers ORDER BY used, key LIMIT ?)",
                    (drop,),
                )
            self._db.execute("PRAGMA incremental_vacuum").fetchall()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")


def _encode(row: Row) -> bytes:
    if isinstance(row, str):
        return b"t" + row.encode("utf-8", "surrogatepass")
    if isinstance(row, float):
        return b"s" + struct.pack("<d", row)
    assert isinstance(row, np.ndarray)
    with np.errstate(over="ignore", under="ignore"):
        short: NDArray[np.float32] = row.astype("<f4")
    if np.array_equal(short.astype(np.float64), row):
        return b"f" + short.tobytes()
    long: NDArray[np.float64] = row.astype("<f8")
    return b"d" + long.tobytes()


def _decode(data: bytes) -> Row:
    kind, body = data[:1], data[1:]
    if kind == b"t":
        return body.decode("utf-8", "surrogatepass")
    if kind == b"s":
        return float(struct.unpack("<d", body)[0])
    row: FloatArray = np.frombuffer(body, "<f4" if kind == b"f" else "<f8").astype(np.float64)
    return row
