"""What a model under audit can do: small protocols, one method each.

A model is any object that meets one or more of these protocols; nothing has to be
inherited. Every method takes a sequence of inputs and answers one row per input, in
order. A row must not depend on the other rows of the call (``avaudit check`` tries).

Files are handed over as paths. Embeddings, scores and offsets are float arrays; NaN says
"no answer for this input" and is counted, never dropped in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Pair:
    """Two recordings to compare, such as a face and a voice."""

    left: Path
    right: Path


@runtime_checkable
class FaceEmbedder(Protocol):
    """Gives a vector per face picture, comparable by cosine."""

    def embed_faces(self, faces: Sequence[Path]) -> FloatArray:
        """Answer an array of shape (n, d)."""
        ...


@runtime_checkable
class VoiceEmbedder(Protocol):
    """Gives a vector per voice recording, comparable by cosine."""

    def embed_voices(self, voices: Sequence[Path]) -> FloatArray:
        """Answer an array of shape (n, d)."""
        ...


@runtime_checkable
class PairScorer(Protocol):
    """Scores how well two recordings belong together; higher is more."""

    def score_pairs(self, pairs: Sequence[Pair]) -> FloatArray:
        """Answer an array of shape (n,)."""
        ...


@runtime_checkable
class Classifier(Protocol):
    """Gives one label per clip."""

    def classify(self, clips: Sequence[Path]) -> Sequence[str]:
        """Answer n labels; the empty string says "no answer"."""
        ...


@runtime_checkable
class Transcriber(Protocol):
    """Writes down what is said."""

    def transcribe(self, voices: Sequence[Path]) -> Sequence[str]:
        """Answer n texts."""
        ...


@runtime_checkable
class SyncEstimator(Protocol):
    """Measures how late the sound is against the picture."""

    def offsets_s(self, clips: Sequence[Path]) -> FloatArray:
        """Answer an array of shape (n,), in seconds; positive: the sound is late."""
        ...


@runtime_checkable
class Detector(Protocol):
    """Scores clips; higher speaks more for H1 (generated, edited, swapped ...)."""

    def score_clips(self, clips: Sequence[Path]) -> FloatArray:
        """Answer an array of shape (n,)."""
        ...


@runtime_checkable
class VoiceFromFace(Protocol):
    """Generates a voice for a face."""

    def voices_from_faces(
        self, faces: Sequence[Path], texts: Sequence[str], *, seed: int
    ) -> Sequence[Path]:
        """Answer n sound files."""
        ...


@runtime_checkable
class FaceFromVoice(Protocol):
    """Generates a face for a voice."""

    def faces_from_voices(self, voices: Sequence[Path], *, seed: int) -> Sequence[Path]:
        """Answer n pictures."""
        ...


class Capability(StrEnum):
    """The protocols by name; the value is the name of their method."""

    FACE_EMBEDDER = "embed_faces"
    VOICE_EMBEDDER = "embed_voices"
    PAIR_SCORER = "score_pairs"
    CLASSIFIER = "classify"
    TRANSCRIBER = "transcribe"
    SYNC_ESTIMATOR = "offsets_s"
    DETECTOR = "score_clips"
    VOICE_FROM_FACE = "voices_from_faces"
    FACE_FROM_VOICE = "faces_from_voices"

    @property
    def protocol(self) -> str:
        """The protocol's name, as users know it."""
        return "".join(word.capitalize() for word in self.name.split("_"))
