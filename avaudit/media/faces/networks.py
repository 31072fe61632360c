"""The MTCNN networks: searching whole pictures, and looking again where a face was.

Networks and weights are those inside the facenet-pytorch wheel; nothing is fetched. Importing
this module imports torch.

References
----------
.. [1] K. Zhang, Z. Zhang, Z. Li and Y. Qiao, "Joint face detection and alignment using multitask
   cascaded convolutional networks", IEEE Signal Processing Letters 23(10), 2016.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt
import torch
from facenet_pytorch.models.mtcnn import ONet, PNet, RNet
from facenet_pytorch.models.utils.detect_face import detect_face
from PIL import Image

from ..types import PointArray, RgbArray

THRESHOLDS = [0.6, 0.7, 0.7]
"""Of the three networks, as published."""
PYRAMID_FACTOR = 0.709
LOOK_PX = 48
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


def pick_device() -> torch.device:
    """Give the GPU where there is one, otherwise the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class FaceNetworks:
    """The three networks on one device.

    On the processor they run on one thread: sums over several would depend on their number.

    Parameters
    ----------
    device
        Where they run; by default :func:`pick_device`.
    """

    def __init__(self, device: torch.device | None = None) -> None:
        self._proposing = _loaded(PNet(pretrained=False), "pnet.pt")
        self._refining = _loaded(RNet(pretrained=False), "rnet.pt")
        self._looking = _loaded(ONet(pretrained=False), "onet.pt")
        self._device = device or pick_device()
        for network in (self._proposing, self._refining, self._looking):
            network.to(self._device)

    def search(self, pictures: Sequence[RgbArray], fineness: Fineness) -> list[list[Found] | None]:
        """Search whole pictures of one size.

        Returns
        -------
        found
            For each picture its faces, the most certain first; None where the networks could not
            be run to the end on it.
        """
        if not pictures:
            return []
        height, width = pictures[0].shape[:2]
        factor = min(1.0, fineness.longer_px / max(height, width))
        small_w, small_h = max(1, round(width * factor)), max(1, round(height * factor))
        small = [_resized(picture, small_w, small_h) for picture in pictures]
        scale = np.array([width / small_w, height / small_h])
        step = max(1, BATCH_PIXELS // (small_w * small_h))
        found: list[list[Found] | None] = []
        for start in range(0, len(small), step):
            found += self._search_batch(np.stack(small[start : start + step]), fineness, scale)
        return found

    def _search_batch(
        self, batch: npt.NDArray[np.uint8], fineness: Fineness, scale: npt.NDArray[np.float64]
    ) -> list[list[Found] | None]:
        if min(batch.shape[1:3]) < fineness.smallest_px:
            return [[] for _ in batch]
        try:
            with self._running() as device:
                boxes, points = detect_face(
                    *(batch, fineness.smallest_px),
                    *(self._proposing, self._refining, self._looking),
                    *(THRESHOLDS, PYRAMID_FACTOR, device),
                )
        except (RuntimeError, IndexError, ValueError):
            # the library fails on a candidate that lies wholly outside its picture; that is
            # counted by whoever gets the None
            if len(batch) == 1:
                return [None]
            return [self._search_batch(one[None], fineness, scale)[0] for one in batch]
        return [_founds(b, p, scale) for b, p in zip(boxes, points, strict=True)]

    def look(self, picture: RgbArray, squares: Sequence[npt.NDArray[np.float64]]) -> list[Found]:
        """Look at squares (x, y, side) of one picture, each expected to be filled by a face."""
        if not squares:
            return []
        patches = np.stack([_patch(picture, square) for square in squares])
        with self._running() as device:
            tensor = torch.from_numpy(patches).to(device).permute(0, 3, 1, 2).float()
            edges, points, belief = (
                part.cpu().double().numpy() for part in self._looking((tensor - 127.5) / 128.0)
            )
        return [
            _seen(*triple, square)
            for *triple, square in zip(edges, points, belief[:, 1], squares, strict=True)
        ]

    @contextmanager
    def _running(self) -> Iterator[torch.device]:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.inference_mode():
                yield self._device
        finally:
            torch.set_num_threads(threads)


def _loaded(network: torch.nn.Module, name: str) -> torch.nn.Module:
    place = resources.files("facenet_pytorch").joinpath("data", name)
    with place.open("rb") as file:
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    return network.eval()


def _resized(picture: RgbArray, width: int, height: int) -> npt.NDArray[np.uint8]:
    image = Image.fromarray(picture)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BOX)
    return np.asarray(image)


def _founds(boxes: object, points: object, scale: npt.NDArray[np.float64]) -> list[Found]:
    edges = np.asarray(boxes, dtype=np.float64).reshape(-1, 5)
    marks = np.asarray(points, dtype=np.float64).reshape(-1, 5, 2)
    faces = [
        Found(
            np.concatenate([row[:2] * scale, (row[2:4] - row[:2]) * scale]),
            mark * scale,
            float(row[4]),
        )
        for row, mark in zip(edges, marks, strict=True)
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
