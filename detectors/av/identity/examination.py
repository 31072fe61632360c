"""One clip: whose face is seen in each stretch, what voice is heard, and do they go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from avaudit.detector import Abstained, Examination, JsonValue, Outcome, Scored, Segment
from avaudit.media.types import Chunk

from .embedders import Embedders, Vector, unit
from .stretches import STRETCH_S, Stretch, Stretches

SAME_FACE = 0.6
"""Cosine of two stretches' faces from which they are taken for one person's."""
MOST = 400
"""Stretches that are compared: twenty minutes."""


@dataclass
class Person:
    """A face, over all its tracks: mean direction, and the voices heard with it."""

    faces: list[Vector] = field(default_factory=list)
    voices: list[Vector] = field(default_factory=list)
    stretches: list[int] = field(default_factory=list)
    tracks: set[int] = field(default_factory=set)

    @property
    def direction(self) -> Vector:
        """Mean direction of the face."""
        return unit(np.mean(self.faces, axis=0))

    @property
    def agreement(self) -> float | None:
        """Mean cosine of the voices heard with the face; None where it is one stretch."""
        if len(self.voices) < 2:
            return None
        among = np.stack(self.voices) @ np.stack(self.voices).T
        count = len(among)
        return float((among.sum() - np.trace(among)) / (count * (count - 1)))


class IdentityExamination(Examination):
    """Keeps two vectors for each stretch with one face and sound."""

    def __init__(self, embedders: Embedders) -> None:
        self._embedders = embedders
        self._stretches = Stretches()
        self._persons: list[Person] = []
        self._faces = self._silent = self._several = self._left_out = 0

    def feed(self, chunk: Chunk) -> None:
        """Take a chunk, compare what is complete."""
        for number, stretch in self._stretches.feed(chunk):
            self._compare(number, stretch)

    def _compare(self, number: int, stretch: Stretch) -> None:
        self._faces += bool(stretch.faces)
        track = stretch.track
        if track is None:
            self._several += len(stretch.faces) > 1
            return
        if not stretch.audible:
            self._silent += 1
            return
        if sum(len(person.voices) for person in self._persons) >= MOST:
            self._left_out += 1
            return
        face = self._embedders.face(stretch.faces[track])
        person = self._person_of(face)
        person.faces.append(face)
        person.voices.append(self._embedders.voice(stretch.sound))
        person.stretches.append(number)
        person.tracks.add(track)

    def _person_of(self, face: Vector) -> Person:
        near = [(float(p.direction @ face), p) for p in self._persons]
        cosine, person = max(near, key=lambda one: one[0], default=(-1.0, Person()))
        if cosine < SAME_FACE:
            person = Person()
            self._persons.append(person)
        return person

    def finish(self) -> Outcome:
        """Answer: the largest disagreement, all faces as facts, or why there is no answer."""
        for number, stretch in self._stretches.flush():
            self._compare(number, stretch)
        facts: dict[str, JsonValue] = {
            "stretch_s": STRETCH_S,
            "stretches_with_several_faces": self._several,
            "stretches_without_sound": self._silent,
            "stretches_left_out": self._left_out,
            "persons": [_facts(person) for person in self._persons],
            "between": [
                {"persons": [a + 1, b + 1], "voices_cosine": round(cosine, 4)}
                for a, b, cosine in between(self._persons)
            ],
        }
        if not self._faces:
            return Abstained(code="no_face", text="No face was found.", facts=facts)
        score = disagreement(self._persons)
        if score is None:
            text = (
                "No face is seen alone, with sound, in two stretches of three seconds: nothing "
                "can be compared."
            )
            return Abstained(code="too_short", text=text, facts=facts)
        return Scored(
            score=score,
            summary=f"Score {score:.2f} over {len(self._persons)} "
            f"face{'s' if len(self._persons) > 1 else ''}.",
            facts=facts,
            segments=tuple(
                Segment(
                    start_s=number * STRETCH_S,
                    end_s=(number + 1) * STRETCH_S,
                    label=f"face {place}",
                )
                for place, person in enumerate(self._persons, 1)
                for number in person.stretches
            ),
        )


def between(persons: Sequence[Person]) -> list[tuple[int, int, float]]:
    """Give the mean cosine of the voices of every two faces."""
    return [
        (a, b, float((np.stack(persons[a].voices) @ np.stack(persons[b].voices).T).mean()))
        for a in range(len(persons))
        for b in range(a + 1, len(persons))
    ]


def disagreement(persons: Sequence[Person]) -> float | None:
    """Give the score, see the card; None where no face was heard in two stretches."""
    within = [person.agreement for person in persons]
    known = [value for value in within if value is not None]
    if not known:
        return None
    scores = [1.0 - value for value in known]
    for a, b, cosine in between(persons):
        one, other = within[a], within[b]
        if one is not None and other is not None:
            scores.append(0.5 + cosine - (one + other) / 2.0)
    return max(scores)


def _facts(person: Person) -> dict[str, JsonValue]:
    agreement = person.agreement
    return {
        "tracks": sorted(person.tracks),
        "stretches": len(person.stretches),
        "voices_cosine": None if agreement is None else round(agreement, 4),
    }
