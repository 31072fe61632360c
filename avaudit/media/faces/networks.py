"""The MTCNN networks at work: searching whole pictures, and looking again where a face was.

Importing this module imports torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from ...devices import pick_device
from ..types import PointArray, RgbArray
from .cascade import LOOK_PX, Cascade

BATCH_PIXELS = 4_000_000
"""Pictures are searched together up to this many pixels, so that memory stays bounded."""


@dataclass(frozen=True)
class Found:
    """One face of one look: box (x, y, w, h) and landmarks (5, 2) in pixels, confidence 0 to 1."""

    box: npt.NDArray[np.float64]
    landmarks: PointArray
    confidence: float


@dataclass(frozen=True)
class Fineness:
    """How finely pictures are searched.

    ``longer_px`` is the longer edge they are reduced to, ``smallest_px`` the smallest face looked
    for in the reduced picture.
    """

    longer_px: int
    smallest_px: int


CLIP = Fineness(longer_px=640, smallest_px=24)
STILL = Fineness(longer_px=1280, smallest_px=24)


class FaceNetworks:
    """The three networks on one device.

    On the processor they run on one thread: sums over several would depend on their number.

    Parameters
    ----------
    device
        Where they run; by default :func:`avaudit.devices.pick_device`.
    """

    def __init__(self, device: torch.device | None = None) -> None:
        self._cascade = Cascade(device or pick_device())

    def search(self, pictures: Sequence[RgbArray], fineness: Fineness) -> list[list[Found]]:
        """Search whole pictures of one size.

        Returns
        -------
        found
            For each picture its faces, the most certain first.
        """
        if not pictures:
            return []
        height, width = pictures[0].shape[:2]
        factor = min(1.0, fineness.longer_px / max(height, width))
        small_w, small_h = max(1, round(width * factor)), max(1, round(height * factor))
        small = [_resized(picture, small_w, small_h) for picture in pictures]
        scale = np.array([width / small_w, height / small_h])
        step = max(1, BATCH_PIXELS // (small_w * small_h))
        found: list[list[Found]] = []
        with self._on_one_thread():
            for start in range(0, len(small), step):
                batch = np.stack(small[start : start + step])
                for boxes, marks in self._cascade.detect(batch, fineness.smallest_px):
                    found.append(_founds(boxes, marks, scale))
        return found

    def look(self, picture: RgbArray, squares: Sequence[npt.NDArray[np.float64]]) -> list[Found]:
        """Look at squares (x, y, side) of one picture, each expected to be filled by a face."""
        if not squares:
            return []
        patches = np.stack([_patch(picture, square) for square in squares])
        with self._on_one_thread():
            tensor = torch.from_numpy(patches).to(self._cascade.device).permute(0, 3, 1, 2).float()
            edges, points, belief = (
                part.cpu().double().numpy() for part in self._cascade.look((tensor - 127.5) / 128.0)
            )
        return [
            _seen(edge, marks, sure, square)
            for edge, marks, sure, square in zip(edges, points, belief, squares, strict=True)
        ]

    @contextmanager
    def _on_one_thread(self) -> Iterator[None]:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.inference_mode():
                yield
        finally:
            torch.set_num_threads(threads)


def _resized(picture: RgbArray, width: int, height: int) -> npt.NDArray[np.uint8]:
    image = Image.fromarray(picture)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BOX)
    return np.asarray(image)


def _founds(
    boxes: npt.NDArray[np.float64], marks: PointArray, scale: npt.NDArray[np.float64]
) -> list[Found]:
    faces = [
        Found(
            np.concatenate([row[:2] * scale, (row[2:4] - row[:2]) * scale]),
            mark * scale,
            float(row[4]),
        )
        for row, mark in zip(boxes, marks, strict=True)
    ]
    return sorted(faces, key=lambda face: -face.confidence)


def _patch(picture: RgbArray, square: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    x, y, side = (float(value) for value in square)
    left, top, right, bottom = int(np.floor(x)), int(np.floor(y)), x + side, y + side
    columns = np.clip(np.arange(left, int(np.ceil(right)) + 1), 0, picture.shape[1] - 1)
    rows = np.clip(np.arange(top, int(np.ceil(bottom)) + 1), 0, picture.shape[0] - 1)
    inside = (columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1) == (len(columns), len(rows))
    if inside:
        region = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    else:
        region = picture[rows[:, None], columns[None, :]]
    window = (x - left, y - top, right - left, bottom - top)
    image = Image.fromarray(region)
    return np.asarray(image.resize((LOOK_PX, LOOK_PX), Image.Resampling.BOX, box=window))


def _seen(
    edges: npt.NDArray[np.float64],
    points: npt.NDArray[np.float64],
    confidence: float,
    square: npt.NDArray[np.float64],
) -> Found:
    x, y, side = square
    left, top = x + edges[0] * side, y + edges[1] * side
    right, bottom = x + side * (1.0 + edges[2]), y + side * (1.0 + edges[3])
    landmarks = np.stack([x + points[:5] * side, y + points[5:] * side], axis=1)
    return Found(np.array([left, top, right - left, bottom - top]), landmarks, float(confidence))
