"""One picture through an ONNX model."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

from avaudit.detector import Abstained, Examination, Outcome, Scored
from avaudit.media.types import Chunk, RgbArray

from .declaration import PictureInput
from .session import Model


class PictureExamination(Examination):
    """Scores the first picture of a file."""

    def __init__(self, model: Model, declared: PictureInput) -> None:
        self._model = model
        self._declared = declared
        self._score: float | None = None

    def feed(self, chunk: Chunk) -> None:
        """Take the picture."""
        if chunk.frames and self._score is None:
            self._score = self._model.score(prepared(chunk.frames[0].rgb, self._declared))

    def finish(self) -> Outcome:
        """Give the score."""
        if self._score is None:
            return Abstained(code="no_picture", text="The file holds no picture.")
        return Scored(score=self._score, summary=f"Score {self._score:.3g}.")


def prepared(rgb: RgbArray, declared: PictureInput) -> npt.NDArray[np.float32]:
    """Give a picture as the model takes it, shape (1, 3, h, w) or (1, h, w, 3)."""
    image = Image.fromarray(rgb)
    if declared.fit == "crop":
        image = _cropped(image, declared.width / declared.height)
    size = (declared.width, declared.height)
    small = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=None)
    pixels = np.asarray(small, dtype=np.float64)
    if declared.colour == "bgr":
        pixels = pixels[..., ::-1]
    values = (pixels * declared.scale - declared.mean) / declared.std
    if declared.layout == "nchw":
        values = values.transpose(2, 0, 1)
    return np.ascontiguousarray(values[None], dtype=np.float32)


def _cropped(image: Image.Image, aspect: float) -> Image.Image:
    """Cut the middle to an aspect (width over height)."""
    width, height = image.size
    kept_w = min(width, max(1, round(height * aspect)))
    kept_h = min(height, max(1, round(width / aspect)))
    left, top = (width - kept_w) // 2, (height - kept_h) // 2
    return image.crop((left, top, left + kept_w, top + kept_h))
