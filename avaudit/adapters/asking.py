"""Asking a model: each item once, in batches, from the cache where it is known."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ..errors import AuditError, AvauditError
from .answers import FORMS, Form, Row, check_rows, name_of
from .backend import Backend, Item
from .cache import AnswerCache
from .files import FileDigests, digest, files_of
from .protocols import Capability

T = TypeVar("T")
BATCH = {Form.VECTOR: 32, Form.SCALAR: 32, Form.TEXT: 32, Form.FILE: 8}
PAIR_BATCH = 1024
CACHED_FORMS = {Form.VECTOR, Form.SCALAR, Form.TEXT}


class Asker:
    """Puts questions to a backend and keeps its answers by content.

    Parameters
    ----------
    backend
        What answers.
    cache
        Where answers are kept; None: nowhere.
    batch_size
        Largest number of items in one call; None: what the backend says.
    """

    def __init__(self, backend: Backend, cache: AnswerCache | None, batch_size: int | None) -> None:
        self._backend = backend
        self._cache = cache if backend.fingerprint and backend.reads_files else None
        self._batch_size = batch_size or backend.batch_size
        self._digests = FileDigests()
        self._missing_files: dict[str, None] = {}
        self._notes: dict[str, None] = {}
        if cache is not None and self._cache is None:
            cache.close()
            if backend.reads_files:
                self._note(
                    "nothing is cached: whether the model has changed cannot be seen; let it "
                    "state a fingerprint"
                )

    @property
    def cautions(self) -> list[str]:
        """Files that were not there, and why nothing is cached."""
        lines = list(self._notes)
        if self._missing_files:
            first = next(iter(self._missing_files))
            lines.append(
                f"{len(self._missing_files)} files do not exist and have no answer, such as "
                f"{first}; avaudit lint lists them"
            )
        return lines

    def close(self) -> None:
        """End the backend and close the cache."""
        self._backend.close()
        if self._cache is not None:
            self._cache.close()
            self._cache = None

    def ask(self, op: Capability, items: Sequence[Item], options: Mapping[str, Any]) -> list[Row]:
        """Give one row per item; None where there is no answer.

        Raises
        ------
        AuditError
            When the model fails or its answer is not what the protocol promises.
        """
        # pairs come in millions: each is hashed once, and all else goes by its number
        numbers: dict[Item, int] = {}
        where = [numbers.setdefault(item, len(numbers)) for item in items]
        wanted = list(numbers)
        rows: list[Row] = [None] * len(wanted)
        left = self._with_files(wanted) if self._backend.reads_files else list(range(len(wanted)))
        keys = self._keys(op, wanted, left)
        found = self._read_cache(list(keys.values()))
        for number in left:
            rows[number] = found.get(keys.get(number, b""))
        left = [number for number in left if rows[number] is None]
        default = PAIR_BATCH if op is Capability.PAIR_SCORER else BATCH[FORMS[op]]
        size = self._batch_size or default
        for start in range(0, len(left), size):
            batch = left[start : start + size]
            answers = self._call(op, [wanted[number] for number in batch], options)
            # what has no answer is asked again next time: the reason may have gone
            kept = {}
            for number, row in zip(batch, answers, strict=True):
                rows[number] = row
                if row is not None and number in keys:
                    kept[keys[number]] = row
            self._write_cache(kept)
        return [rows[number] for number in where]

    def _call(self, op: Capability, batch: list[Item], options: Mapping[str, Any]) -> list[Row]:
        try:
            raw = self._backend.answer(op, batch, **options)
        except AvauditError:
            raise
        except (Exception, SystemExit) as error:
            raise AuditError(self._blame(op, batch, options, error)) from error
        return check_rows(op, raw, batch)

    def _blame(
        self, op: Capability, batch: list[Item], options: Mapping[str, Any], error: BaseException
    ) -> str:
        """Say which item made the model fail, by asking for each alone."""
        for item in batch if len(batch) > 1 else ():
            try:
                self._backend.answer(op, [item], **options)
            except (Exception, SystemExit) as own:  # noqa: BLE001 - a model may raise anything
                return f"{op} failed for {name_of(item)}: {_said(own)}"
        if len(batch) == 1:
            return f"{op} failed for {name_of(batch[0])}: {_said(error)}"
        return (
            f"{op} failed for {len(batch)} inputs together (first {name_of(batch[0])}) "
            f"but for none of them alone: {_said(error)}"
        )

    def _with_files(self, items: Sequence[Item]) -> list[int]:
        """Give the numbers of the items whose files are there."""
        there: dict[Path, bool] = {}
        found = []
        for number, item in enumerate(items):
            complete = True
            for path in files_of(item):
                if path not in there:
                    there[path] = path.is_file()
                    if not there[path]:
                        self._missing_files[str(path)] = None
                complete = complete and there[path]
            if complete:
                found.append(number)
        return found

    def _keys(
        self, op: Capability, items: Sequence[Item], numbers: Sequence[int]
    ) -> dict[int, bytes]:
        """Give the place of each answer in the cache, by the item's number."""
        if self._cache is None or FORMS[op] not in CACHED_FORMS:
            return {}
        head = f"{self._backend.fingerprint}/{op}"
        known: dict[Path, str] = {}
        keys = {}
        for number in numbers:
            parts = [head]
            for path in files_of(items[number]):
                if path not in known:
                    known[path] = self._digests.of(path)
                parts.append(known[path])
            keys[number] = bytes.fromhex(digest(parts))
        return keys

    def _read_cache(self, keys: Sequence[bytes]) -> dict[bytes, Row]:
        if self._cache is None or not keys:
            return {}
        cache = self._cache
        return self._guarded(lambda: cache.get(keys)) or {}

    def _write_cache(self, rows: Mapping[bytes, Row]) -> None:
        if self._cache is not None and rows:
            cache = self._cache
            self._guarded(lambda: cache.put(rows.items()))

    def _guarded(self, action: Callable[[], T]) -> T | None:
        """Do without the cache from now on when it fails: it only saves time."""
        try:
            return action()
        except sqlite3.Error as error:
            assert self._cache is not None
            self._note(f"the cache {self._cache.path} failed ({error}) and is not used")
            self._cache = None
            return None

    def _note(self, text: str) -> None:
        self._notes[text] = None


def _said(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
