"""The model under audit as probes see it: asked in batches, checked, cached, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, cast, runtime_checkable

import numpy as np

from ..errors import AuditError, UsageError
from .answers import Row, name_of
from .asking import Asker
from .backend import Backend, Item
from .cache import AnswerCache
from .protocols import Capability, FloatArray, Pair


@runtime_checkable
class Table(Protocol):
    """A backend that looks answers up: whole columns of pairs at once, items it knows."""

    def known_items(self, op: Capability, most: int) -> list[Item]:
        """Give items that have an answer."""
        ...

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
    asked_by, unanswered_by
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
        self.asked_by: Counter[Capability] = Counter()
        self.unanswered_by: Counter[Capability] = Counter()
        self._backend = backend
        self._asker = Asker(backend, cache, batch_size)
        self._first_unanswered: dict[Capability, str] = {}

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
        self._asker.close()

    def uncached(self, batch_size: int) -> Model:
        """Give the same model without a cache, asked in batches of a given size."""
        return Model(self.reference, self._backend, batch_size=batch_size)

    def known_items(self, op: Capability, most: int) -> list[Item]:
        """Give items the model is known to answer; empty where that is not known (code)."""
        backend = self._backend
        return backend.known_items(op, most) if isinstance(backend, Table) else []

    def ask(self, op: Capability, items: Sequence[Item], **options: Any) -> list[Row]:
        """Ask by the name of the operation; the typed methods below are the usual way.

        Parameters
        ----------
        op
            What is asked.
        items
            Paths, :class:`Pair` objects, or (face, text) for voices from faces.
        **options
            ``seed`` for generators.

        Returns
        -------
        list
            One row per item: vector, number, text or path; None where there is no answer.

        Raises
        ------
        UsageError
            When the model cannot do it.
        AuditError
            When the model fails or answers otherwise than promised.
        """
        self.require(op)
        rows = self._asker.ask(op, items, options)
        gaps = [number for number, row in enumerate(rows) if row is None]
        self._count(op, len(rows), len(gaps), name_of(items[gaps[0]]) if gaps else "")
        return rows

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
    def unanswered(self) -> int:
        """Rows without an answer, over all calls."""
        return self.unanswered_by.total()

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a reader must know about the answers so far: gaps, files that were not there."""
        lines = self._asker.cautions
        for op, count in self.unanswered_by.items():
            if count:
                lines.append(
                    f"{op}: no answer for {count} of {self.asked_by[op]} rows, such as "
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
        if isinstance(self._backend, Table):
            return self.score_columns([p.left for p in pairs], [p.right for p in pairs])
        return self._scalars(Capability.PAIR_SCORER, pairs)

    def score_columns(self, left: Sequence[Any], right: Sequence[Any]) -> FloatArray:
        """Do as :meth:`score_pairs` does, for two columns of paths (text or ``Path``).

        With a table of scores, millions of pairs take about a second.
        """
        self.require(Capability.PAIR_SCORER)
        if len(left) != len(right):
            raise UsageError(f"{len(left)} left sides and {len(right)} right sides")
        if not isinstance(self._backend, Table):
            # one object per file, not per row: its hash is kept
            files = {name: Path(name) for name in {*left, *right}}
            pairs = [Pair(files[a], files[b]) for a, b in zip(left, right, strict=True)]
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
        rows = self.ask(op, [Path(file) for file in files])
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
        rows = self.ask(op, wanted)
        return np.array([np.nan if row is None else row for row in rows], dtype=np.float64)

    def _texts(self, op: Capability, files: Sequence[Path]) -> list[str | None]:
        rows = self.ask(op, [Path(file) for file in files])
        return cast("list[str | None]", rows)

    def _files(self, op: Capability, items: Sequence[Item], seed: int) -> list[Path | None]:
        return cast("list[Path | None]", self.ask(op, items, seed=seed))

    def _count(self, op: Capability, asked: int, unanswered: int, first: str) -> None:
        self.asked_by[op] += asked
        self.unanswered_by[op] += unanswered
        if unanswered:
            self._first_unanswered.setdefault(op, first)


def _listed(capabilities: Iterable[Capability]) -> str:
    return ", ".join(f"{c.protocol} ({c})" for c in sorted(capabilities))


def _at(column: Sequence[Any], number: int) -> str:
    return str(getattr(column, "iloc", column)[number])
