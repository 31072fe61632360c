"""What is kept of a known item, as the confined worker gives it and the index takes it."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ..errors import AvauditError
from .features import RECORD
from .search import WORDS

Kind = Literal["image", "video", "audio"]
KINDS: tuple[Kind, ...] = ("image", "video", "audio")
MAX_THUMBNAIL_BYTES = 64 * 1024
MAX_SIDE_PX = 1 << 31


def _no_words() -> npt.NDArray[np.uint64]:
    return np.zeros((0, WORDS), np.uint64)


@dataclass(frozen=True, kw_only=True)
class Fingerprint:
    """What is kept of one item.

    Attributes
    ----------
    kind
        ``image``, ``video`` or ``audio``.
    width, height
        Displayed size in pixels; 0 for sound.
    duration_s
        Of a video or sound, as far as it was examined.
    brightness
        Mean luminance of the first picture, 0 to 1; NaN for sound.
    words, times_s
        PDQ of pictures with enough structure, shape (n, 4), and when each is shown.
    blobs
        Local features of the first picture, records of :data:`avaudit.known.features.RECORD`.
    keys, frames
        Landmarks of the sound and the 16-ms frame each begins at.
    thumbnail
        A small JPEG; may be empty.
    """

    kind: Kind
    width: int = 0
    height: int = 0
    duration_s: float = 0.0
    brightness: float = math.nan
    words: npt.NDArray[np.uint64] = field(default_factory=_no_words)
    times_s: npt.NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    blobs: npt.NDArray[np.void] = field(default_factory=lambda: np.zeros(0, RECORD))
    keys: npt.NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    frames: npt.NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))
    thumbnail: bytes = b""

    @property
    def empty(self) -> bool:
        """Whether only the same bytes can be recognised again."""
        return not (len(self.words) or len(self.blobs) or len(self.keys))

    def to_facts(self) -> dict[str, Any]:
        """Give the fingerprint as JSON."""
        return {
            "kind": self.kind,
            "width": self.width,
            "height": self.height,
            "duration_s": self.duration_s,
            "brightness": None if math.isnan(self.brightness) else self.brightness,
            "words": _text(self.words.astype("<u8")),
            "times_s": _text(self.times_s.astype("<f4")),
            "blobs": _text(self.blobs),
            "keys": _text(self.keys.astype("<u4")),
            "frames": _text(self.frames.astype("<u4")),
            "thumbnail": base64.b64encode(self.thumbnail).decode("ascii"),
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Fingerprint:
        """Read a fingerprint that came from a worker, believing nothing but its shape.

        Raises
        ------
        AvauditError
            When it is none.
        """
        try:
            made = cls(
                kind=KINDS[KINDS.index(facts["kind"])],
                width=_side(facts["width"]),
                height=_side(facts["height"]),
                duration_s=_finite(facts["duration_s"]),
                brightness=math.nan if facts["brightness"] is None else float(facts["brightness"]),
                words=_array(facts["words"], np.dtype("<u8")).reshape(-1, WORDS),
                times_s=_array(facts["times_s"], np.dtype("<f4")),
                blobs=_array(facts["blobs"], RECORD),
                keys=_array(facts["keys"], np.dtype("<u4")),
                frames=_array(facts["frames"], np.dtype("<u4")),
                thumbnail=base64.b64decode(facts["thumbnail"], validate=True),
            )
        except (KeyError, TypeError, ValueError, binascii.Error) as error:
            raise AvauditError(f"the worker gave no valid fingerprint: {error}") from error
        if (
            len(made.words) != len(made.times_s)
            or len(made.keys) != len(made.frames)
            or not np.isfinite(made.times_s).all()
            or len(made.thumbnail) > MAX_THUMBNAIL_BYTES
        ):
            raise AvauditError("the worker gave no valid fingerprint: its parts do not fit")
        return made


def _text(values: npt.NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def _array(text: str, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype=dtype)


def _side(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < MAX_SIDE_PX:
        raise ValueError(f"no number of pixels: {value!r}")
    return value


def _finite(value: object) -> float:
    if not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise ValueError(f"no number of seconds: {value!r}")
    return float(value)
