"""The detector at work on one file: collects lips and sound, matches them, judges, answers."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np

from avaudit.detector import Examination, Outcome
from avaudit.errors import ExaminationError
from avaudit.media.types import Chunk

from .answer import Seen, answer
from .block import match
from .curve import REACH_S, Slots, joined
from .hearing import Hearing
from .model import SyncModel
from .watching import Stretch, Watching

MARGIN_S = REACH_S + 0.3
"""Sound around a stretch that is compared with it."""

PATIENCE_S = 15.0
"""So long sound may stay away before a stretch is matched without it."""


class SyncExamination(Examination):
    """Matches the faces of one file with its sound.

    Held at a time: pictures of mouths of some 13 s per face, spectra of as much sound, and one
    curve per second of each face (2 kB).
    """

    def __init__(self, model: SyncModel, scratch: Path) -> None:
        if model.head is None:
            raise ExaminationError("weights_damaged", "the model has no weights for a score")
        self._model, self._head, self._scratch = model, model.head, scratch
        self._hearing, self._watching = Hearing(), Watching()
        self._waiting: list[Stretch] = []
        self._slots: dict[int, list[Slots]] = defaultdict(list)
        self._seen = Seen()

    def feed(self, chunk: Chunk) -> None:
        """Take the next second."""
        self._hearing.push(chunk.audio)
        self._seen.take(chunk)
        faces = chunk.faces
        if faces is not None:
            self._waiting += self._watching.push(faces.observations)
            for end in faces.ends:
                self._waiting += self._watching.end(end.track)
        self._match(chunk.end_s)
        held_s = min([self._watching.earliest_s(), *(s.times_s[0] for s in self._waiting)])
        self._hearing.drop_before(min(held_s, chunk.end_s) - MARGIN_S - 1.0)

    def finish(self) -> Outcome:
        """Answer."""
        self._hearing.flush()
        self._waiting += self._watching.flush()
        self._match(np.inf)
        tracks = {number: joined(parts) for number, parts in sorted(self._slots.items())}
        return answer(tracks, self._seen, self._hearing, self._head, self._scratch)

    def _match(self, now_s: float) -> None:
        """Match the stretches around which all sound is known."""
        ready_s = max(self._hearing.until_s - MARGIN_S, now_s - PATIENCE_S)
        ready = [stretch for stretch in self._waiting if stretch.times_s[-1] <= ready_s]
        self._waiting = [stretch for stretch in self._waiting if stretch.times_s[-1] > ready_s]
        for stretch in ready:
            heard = self._hearing.between(
                stretch.times_s[0] - MARGIN_S, stretch.times_s[-1] + MARGIN_S
            )
            slots = match(
                self._model,
                stretch.mouths,
                stretch.times_s,
                heard.power,
                heard.start_s,
                heard.speech,
            )
            self._seen.note(stretch)
            if len(slots):
                self._slots[stretch.track].append(slots)
