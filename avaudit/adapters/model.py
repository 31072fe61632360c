"""The model under audit as probes see it: asked in batches, checked, cached, counted."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar, cast, runtime_checkable

import numpy as np

from ..errors import AuditError, AvauditError, UsageError
from .answers import FORMS, Form, Row, check_rows, name_of
from .backend import Backend, Item
from .cache import AnswerCache
from .files import FileDigests, digest, files_of
from .protocols import Capability, FloatArray, Pair

T = TypeVar("T")
BATCH = {Form.VECTOR: 32, Form.SCALAR: 32, Form.TEXT: 32, Form.FILE: 8}
PAIR_BATCH = 1024
CACHED_FORMS = {Form.VECTOR, Form.SCALAR, Form.TEXT}


@runtime_checkable
class PairTable(Protocol):
    """A backend that scores whole columns of pairs without one object per pair."""

    def score_columns(self, left: Sequence[Any], right: Sequence[Any]) -> FloatArray:
        """Give one score per pair, NaN where there is none."""
        ...


class Model:
    """A model under audit.

    Parameters
    ----------
    reference
        What the user named it by.
    backend
        What answers.
    cache
        Where answers are kept; None: nowhere.
    batch_size
        Largest number of items in one call of the model; default what the model says, else
        32 (1024 for pairs).

    Attributes
    ----------
    reference
        What the user named it by.
    fingerprint
        Changes when the model's code, weights or parameters change, as far as avaudit can see
        them; None where nothing can be seen, and then nothing is cached.
    capabilities
        What it can do.
    asked, unanswered
        Rows asked for and rows without an answer, by capability, over all calls.
    """

    def __init__(
        self,
        reference: str,
        backend: Backend,
        *,
        cache: AnswerCache | None = None,
        batch_size: int | None = None,
    ) -> None:
        self.reference = reference
        self.fingerprint = backend.fingerprint
        self.capabilities = backend.capabilities
        self.asked: Counter[Capability] = Counter()
        self.unanswered: Counter[Capability] = Counter()
        self._backend = backend
        self._cache = cache if backend.fingerprint and backend.reads_files else None
        self._batch_size = batch_size or backend.batch_size
        self._digests = FileDigests()
        self._first_unanswered: dict[Capability, str] = {}
        self._missing_files: dict[str, None] = {}
        self._notes: dict[str, None] = {}
        if cache is not None and backend.reads_files and backend.fingerprint is None:
            self._note(
                "nothing is cached: whether the model has changed cannot be seen; "
                "give it a method fingerprint() that returns a text"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the model's program and close the cache."""
        self._backend.close()
        if self._cache is not None:
            self._cache.close()
            self._cache = None

    def require(self, *capabilities: Capability) -> None:
        """Check that the model can do all of these.

        Raises
        ------
        UsageError
            Naming what it lacks and what it has.
        """
        lacks = [c for c in capabilities if c not in self.capabilities]
        if lacks:
            raise UsageError(
                f"{self.reference}: the model lacks {_listed(lacks)}; "
                f"it has {_listed(self.capabilities) or 'no capability'}"
            )

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a reader must know about the answers so far: gaps, files that were not there."""
        lines = list(self._notes)
        if self._missing_files:
            first = next(iter(self._missing_files))
            lines.append(
                f"{len(self._missing_files)} files do not exist and have no answer, such as "
                f"{first}; avaudit lint lists them"
            )
        for op, count in self.unanswered.items():
            if count:
                lines.append(
                    f"{op}: no answer for {count} of {self.asked[op]} rows, such as "
                    f"{self._first_unanswered[op]}"
                )
        return (*lines, *self._backend.cautions)

    def embed_faces(self, faces: Sequence[Path]) -> FloatArray:
        """Give a vector per picture: shape (n, d), a row of NaN where there is no answer."""
        return self._vectors(Capability.FACE_EMBEDDER, faces)

    def embed_voices(self, voices: Sequence[Path]) -> FloatArray:
        """Give a vector per recording: shape (n, d), a row of NaN where there is no answer."""
        return self._vectors(Capability.VOICE_EMBEDDER, voices)

    def score_pairs(self, pairs: Sequence[Pair]) -> FloatArray:
        """Give a score per pair: shape (n,), NaN where there is no answer; higher belongs more."""
        if isinstance(self._backend, PairTable):
            return self.score_columns([p.left for p in pairs], [p.right for p in pairs])
        return self._scalars(Capability.PAIR_SCORER, pairs)

    def score_columns(self, left: Sequence[Any], right: Sequence[Any]) -> FloatArray:
        """Do as :meth:`score_pairs` does, for two columns of paths (text or ``Path``).

        With a table of scores, millions of pairs take about a second.
        """
        self.require(Capability.PAIR_SCORER)
        if len(left) != len(right):
            raise UsageError(f"{len(left)} left sides and {len(right)} right sides")
        if not isinstance(self._backend, PairTable):
            pairs = [Pair(Path(a), Path(b)) for a, b in zip(left, right, strict=True)]
            return self._scalars(Capability.PAIR_SCORER, pairs)
        scores = self._backend.score_columns(left, right)
        missing = np.isnan(scores)
        first = int(np.argmax(missing)) if missing.any() else None
        name = "" if first is None else f"{_at(left, first)} and {_at(right, first)}"
        self._count(Capability.PAIR_SCORER, len(scores), int(missing.sum()), name)
        return scores

    def classify(self, clips: Sequence[Path]) -> list[str]:
        """Give a label per clip; the empty text where there is no answer."""
        return [row or "" for row in self._texts(Capability.CLASSIFIER, clips)]

    def transcribe(self, voices: Sequence[Path]) -> list[str | None]:
        """Give what is said in each recording.

        None says that there is no answer. The empty text is an answer: nothing is said.
        """
        return self._texts(Capability.TRANSCRIBER, voices)

    def offsets_s(self, clips: Sequence[Path]) -> FloatArray:
        """Give how late the sound is, in seconds: shape (n,), NaN where there is no answer."""
        return self._scalars(Capability.SYNC_ESTIMATOR, clips)

    def score_clips(self, clips: Sequence[Path]) -> FloatArray:
        """Give a score per clip, higher for H1: shape (n,), NaN where there is no answer."""
        return self._scalars(Capability.DETECTOR, clips)

    def voices_from_faces(
        self, faces: Sequence[Path], texts: Sequence[str], *, seed: int
    ) -> list[Path | None]:
        """Give a sound file per face and text; None where there is no answer. Never cached."""
        if len(faces) != len(texts):
            raise UsageError(f"{len(faces)} faces and {len(texts)} texts")
        items = list(zip(map(Path, faces), texts, strict=True))
        return self._files(Capability.VOICE_FROM_FACE, items, seed)

    def faces_from_voices(self, voices: Sequence[Path], *, seed: int) -> list[Path | None]:
        """Give a picture per voice; None where there is no answer. Never cached."""
        return self._files(Capability.FACE_FROM_VOICE, [Path(v) for v in voices], seed)

    def _vectors(self, op: Capability, files: Sequence[Path]) -> FloatArray:
        rows = self._ask(op, [Path(file) for file in files], {})
        sizes = {len(row) for row in rows if isinstance(row, np.ndarray)}
        if len(sizes) > 1:
            raise AuditError(f"{op}: the model answered vectors of lengths {sorted(sizes)}")
        matrix = np.full((len(rows), sizes.pop() if sizes else 1), np.nan)
        for number, row in enumerate(rows):
            if row is not None:
                matrix[number] = row
        return matrix

    def _scalars(self, op: Capability, items: Iterable[Any]) -> FloatArray:
        wanted: list[Item] = [i if isinstance(i, Pair) else Path(i) for i in items]
        rows = self._ask(op, wanted, {})
        return np.array([np.nan if row is None else row for row in rows], dtype=np.float64)

    def _texts(self, op: Capability, files: Sequence[Path]) -> list[str | None]:
        rows = self._ask(op, [Path(file) for file in files], {})
        return cast("list[str | None]", rows)

    def _files(self, op: Capability, items: Sequence[Item], seed: int) -> list[Path | None]:
        return cast("list[Path | None]", self._ask(op, items, {"seed": seed}))

    def _ask(self, op: Capability, items: Sequence[Item], options: dict[str, Any]) -> list[Row]:
        """Answer items: what is cached, then the model for the rest, each item once."""
        self.require(op)
        wanted = list(dict.fromkeys(items))
        answers: dict[Item, Row] = {}
        if self._backend.reads_files:
            answers = dict.fromkeys(self._without_files(wanted))
            wanted = [item for item in wanted if item not in answers]
        keys = self._keys(op, wanted)
        found = self._read_cache(keys)
        answers |= {item: found[keys[item]] for item in wanted if keys.get(item) in found}
        rest = [item for item in wanted if item not in answers]
        default = PAIR_BATCH if op is Capability.PAIR_SCORER else BATCH[FORMS[op]]
        size = self._batch_size or default
        for start in range(0, len(rest), size):
            batch = rest[start : start + size]
            rows = dict(zip(batch, self._call(op, batch, options), strict=True))
            # what has no answer is asked again next time: the reason may have gone
            self._write_cache({keys[i]: row for i, row in rows.items() if row is not None and keys})
            answers |= rows
        result = [answers[item] for item in items]
        gaps = [number for number, row in enumerate(result) if row is None]
        self._count(op, len(result), len(gaps), name_of(items[gaps[0]]) if gaps else "")
        return result

    def _call(self, op: Capability, batch: list[Item], options: dict[str, Any]) -> list[Row]:
        try:
            raw = self._backend.answer(op, batch, **options)
        except AvauditError:
            raise
        except (Exception, SystemExit) as error:
            raise AuditError(self._blame(op, batch, options, error)) from error
        return check_rows(op, raw, batch)

    def _blame(
        self, op: Capability, batch: list[Item], options: dict[str, Any], error: BaseException
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

    def _without_files(self, items: Sequence[Item]) -> list[Item]:
        there: dict[Path, bool] = {}
        gone = []
        for item in items:
            for path in files_of(item):
                if path not in there:
                    there[path] = path.is_file()
                    if not there[path]:
                        self._missing_files[str(path)] = None
            if not all(there[path] for path in files_of(item)):
                gone.append(item)
        return gone

    def _keys(self, op: Capability, items: Sequence[Item]) -> dict[Item, bytes]:
        if self._cache is None or FORMS[op] not in CACHED_FORMS:
            return {}
        head = f"{self.fingerprint}/{op}"
        of = self._digests.of
        return {
            item: bytes.fromhex(digest([head, *(of(path) for path in files_of(item))]))
            for item in items
        }

    def _read_cache(self, keys: Mapping[Item, bytes]) -> dict[bytes, Row]:
        if self._cache is None or not keys:
            return {}
        cache = self._cache
        return self._guarded(lambda: cache.get(list(keys.values()))) or {}

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

    def _count(self, op: Capability, asked: int, unanswered: int, first: str) -> None:
        self.asked[op] += asked
        self.unanswered[op] += unanswered
        if unanswered:
            self._first_unanswered.setdefault(op, first)

    def _note(self, text: str) -> None:
        self._notes[text] = None


def _listed(capabilities: Iterable[Capability]) -> str:
    return ", ".join(f"{c.protocol} ({c})" for c in sorted(capabilities))


def _said(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _at(column: Sequence[Any], number: int) -> str:
    return str(getattr(column, "iloc", column)[number])
