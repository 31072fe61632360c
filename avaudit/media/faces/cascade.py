"""The MTCNN cascade: proposals over a pyramid, refined twice. Importing this imports torch.

The weights are those inside the facenet-pytorch wheel, found without importing that package: it
would import torchvision, which takes longer than loading torch itself. The package is the oracle
of the tests.

References
----------
.. [1] K. Zhang, Z. Zhang, Z. Li and Y. Qiao, "Joint face detection and alignment using multitask
   cascaded convolutional networks", IEEE Signal Processing Letters 23(10), 2016, section II.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...errors import AvauditError

Array = npt.NDArray[np.float64]

PROPOSED, REFINED, KEPT = 0.6, 0.7, 0.7
"""Confidence a candidate needs to pass each network, as published."""
SMALLER = 0.709
STRIDE, CELL = 2, 12
REFINE_PX, LOOK_PX = 24, 48
MOST_CANDIDATES = 1000
"""Of one picture; a picture made to propose more must not take for ever."""


class Proposer(nn.Module):
    """Pictures (n, 3, h, w) to edges (n, 4, h', w') and confidence (n, h', w')."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 10, 3), nn.PReLU(10)
        self.conv2, self.prelu2 = nn.Conv2d(10, 16, 3), nn.PReLU(16)
        self.conv3, self.prelu3 = nn.Conv2d(16, 32, 3), nn.PReLU(32)
        self.conv4_1, self.conv4_2 = nn.Conv2d(32, 2, 1), nn.Conv2d(32, 4, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Propose."""
        x = functional.max_pool2d(self.prelu1(self.conv1(x)), 2, 2, ceil_mode=True)
        x = self.prelu3(self.conv3(self.prelu2(self.conv2(x))))
        return self.conv4_2(x), torch.softmax(self.conv4_1(x), dim=1)[:, 1]


class Refiner(nn.Module):
    """Patches (n, 3, 24, 24) to edges (n, 4) and confidence (n,)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 28, 3), nn.PReLU(28)
        self.conv2, self.prelu2 = nn.Conv2d(28, 48, 3), nn.PReLU(48)
        self.conv3, self.prelu3 = nn.Conv2d(48, 64, 2), nn.PReLU(64)
        self.dense4, self.prelu4 = nn.Linear(576, 128), nn.PReLU(128)
        self.dense5_1, self.dense5_2 = nn.Linear(128, 2), nn.Linear(128, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Refine."""
        x = functional.max_pool2d(self.prelu1(self.conv1(x)), 3, 2, ceil_mode=True)
        x = functional.max_pool2d(self.prelu2(self.conv2(x)), 3, 2, ceil_mode=True)
        x = _flat(self.prelu3(self.conv3(x)))
        x = self.prelu4(self.dense4(x))
        return self.dense5_2(x), torch.softmax(self.dense5_1(x), dim=1)[:, 1]


class Looker(nn.Module):
    """Patches (n, 3, 48, 48) to edges (n, 4), landmarks (n, 10) and confidence (n,)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 32, 3), nn.PReLU(32)
        self.conv2, self.prelu2 = nn.Conv2d(32, 64, 3), nn.PReLU(64)
        self.conv3, self.prelu3 = nn.Conv2d(64, 64, 3), nn.PReLU(64)
        self.conv4, self.prelu4 = nn.Conv2d(64, 128, 2), nn.PReLU(128)
        self.dense5, self.prelu5 = nn.Linear(1152, 256), nn.PReLU(256)
        self.dense6_1, self.dense6_2 = nn.Linear(256, 2), nn.Linear(256, 4)
        self.dense6_3 = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Look."""
        x = functional.max_pool2d(self.prelu1(self.conv1(x)), 3, 2, ceil_mode=True)
        x = functional.max_pool2d(self.prelu2(self.conv2(x)), 3, 2, ceil_mode=True)
        x = functional.max_pool2d(self.prelu3(self.conv3(x)), 2, 2, ceil_mode=True)
        x = _flat(self.prelu4(self.conv4(x)))
        x = self.prelu5(self.dense5(x))
        belief = torch.softmax(self.dense6_1(x), dim=1)[:, 1]
        return self.dense6_2(x), self.dense6_3(x), belief


def _flat(x: Tensor) -> Tensor:
    """Flatten columns first: the published weights come from a library that stores them so."""
    return x.permute(0, 3, 2, 1).flatten(1)


def weights_folder() -> Path:
    """Find the folder of weights inside the facenet-pytorch wheel.

    Raises
    ------
    AvauditError
        When the package is not installed.
    """
    spec = find_spec("facenet_pytorch")
    if spec is None or not spec.submodule_search_locations:
        raise AvauditError(
            "facenet-pytorch is not installed; it holds the weights that find faces: "
            "pip install facenet-pytorch==2.5.3 --no-deps"
        )
    return Path(spec.submodule_search_locations[0]) / "data"


class Cascade:
    """The three networks with the published weights, on one device.

    Raises
    ------
    AvauditError
        When the weights are not installed.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.propose: Callable[[Tensor], tuple[Tensor, Tensor]] = self._load(Proposer(), "pnet")
        self.refine: Callable[[Tensor], tuple[Tensor, Tensor]] = self._load(Refiner(), "rnet")
        self.look: Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
        self.look = self._load(Looker(), "onet")

    def _load(self, network: nn.Module, name: str) -> nn.Module:
        path = weights_folder() / f"{name}.pt"
        state = torch.load(path, map_location="cpu", weights_only=True)
        network.load_state_dict(state, strict=True)
        return network.eval().to(self.device)

    def detect(
        self, pictures: npt.NDArray[np.uint8], smallest_px: int
    ) -> list[tuple[Array, Array]]:
        """Find the faces of pictures (n, h, w, 3).

        Returns
        -------
        faces
            For each picture: boxes (k, 5), left, top, right, bottom and confidence, and landmarks
            (k, 5, 2), in pixels.
        """
        batch = torch.from_numpy(pictures).to(self.device).permute(0, 3, 1, 2).float()
        proposed = self._proposals(batch, smallest_px)
        return [self._refined(batch[n], boxes) for n, boxes in enumerate(proposed)]

    def _proposals(self, batch: Tensor, smallest_px: int) -> list[Array]:
        height, width = batch.shape[2:]
        found: list[list[Array]] = [[] for _ in batch]
        scale = CELL / smallest_px
        while min(height, width) * scale >= CELL:
            size = (int(height * scale + 1), int(width * scale + 1))
            edges, belief = self.propose(_normal(functional.adaptive_avg_pool2d(batch, size)))
            for picture, (e, b) in enumerate(zip(edges, belief, strict=True)):
                found[picture].append(_candidates(e, b, scale))
            scale *= SMALLER
        return [_joined(np.concatenate([np.zeros((0, 9)), *parts])) for parts in found]

    def _refined(self, picture: Tensor, boxes: Array) -> tuple[Array, Array]:
        boxes, patches = _patches(picture, boxes, REFINE_PX)
        if len(boxes):
            edges, belief = (_numpy(part) for part in self.refine(patches))
            boxes = np.column_stack([boxes[:, :4], belief])
            passed = belief > REFINED
            boxes, edges = boxes[passed], edges[passed]
            kept = _suppressed(boxes, 0.7)
            boxes = _squared(_moved(boxes[kept], edges[kept]))
        boxes, patches = _patches(picture, boxes, LOOK_PX)
        if not len(boxes):
            return np.zeros((0, 5)), np.zeros((0, 5, 2))
        edges, points, belief = (_numpy(part) for part in self.look(patches))
        boxes = np.column_stack([boxes[:, :4], belief])
        passed = belief > KEPT
        boxes, edges, points = boxes[passed], edges[passed], points[passed]
        size = boxes[:, 2:4] - boxes[:, :2] + 1.0
        corner = boxes[:, None, :2] - 1.0
        marks = points.reshape(-1, 2, 5).transpose(0, 2, 1) * size[:, None, :] + corner
        boxes = _moved(boxes, edges)
        kept = _suppressed(boxes, 0.7, of_smaller=True)
        return boxes[kept], marks[kept]


def _normal(pixels: Tensor) -> Tensor:
    return (pixels - 127.5) / 128.0


def _numpy(tensor: Tensor) -> Array:
    return cast(Array, tensor.cpu().double().numpy())


def _candidates(edges: Tensor, belief: Tensor, scale: float) -> Array:
    """Give the cells of one scale that may be faces: (k, 9) box, confidence and edges."""
    rows, columns = torch.nonzero(belief >= PROPOSED, as_tuple=True)
    # in single precision, as the networks: a floor decides by the last bit
    cells = torch.stack([columns, rows], dim=1).float()
    first, last = ((STRIDE * cells + 1) / scale).floor(), ((STRIDE * cells + CELL) / scale).floor()
    columns_of = [first, last, belief[rows, columns][:, None], edges[:, rows, columns].T]
    found = _numpy(torch.cat(columns_of, dim=1))
    return found[_suppressed(found, 0.5)]


def _joined(found: Array) -> Array:
    """Join the scales of one picture and move the boxes to where the network wants them."""
    found = found[_suppressed(found, 0.7)][:MOST_CANDIDATES]
    size = np.tile(found[:, 2:4] - found[:, :2], 2)
    moved = found[:, :4] + found[:, 5:9] * size
    return _squared(np.column_stack([moved, found[:, 4]]))


def _moved(boxes: Array, edges: Array) -> Array:
    size = np.tile(boxes[:, 2:4] - boxes[:, :2] + 1.0, 2)
    return np.column_stack([boxes[:, :4] + edges * size, boxes[:, 4]])


def _squared(boxes: Array) -> Array:
    width, height = (boxes[:, 2:4] - boxes[:, :2]).T
    side = np.maximum(width, height)
    left = boxes[:, 0] + (width - side) / 2.0
    top = boxes[:, 1] + (height - side) / 2.0
    return np.column_stack([left, top, left + side, top + side, boxes[:, 4]])


def _patches(picture: Tensor, boxes: Array, size: int) -> tuple[Array, Tensor]:
    """Cut boxes out of a picture (3, h, w) and reduce them; those wholly outside are dropped."""
    height, width = picture.shape[1:]
    whole = boxes[:, :4].astype(np.int64)
    left, top = np.maximum(whole[:, 0], 1) - 1, np.maximum(whole[:, 1], 1) - 1
    right, bottom = np.minimum(whole[:, 2], width), np.minimum(whole[:, 3], height)
    inside = (right > left) & (bottom > top)
    patches = [
        functional.adaptive_avg_pool2d(picture[:, y:ey, x:ex], (size, size))
        for x, y, ex, ey in zip(
            left[inside], top[inside], right[inside], bottom[inside], strict=True
        )
    ]
    empty = picture.new_zeros((0, 3, size, size))
    return boxes[inside], _normal(torch.stack(patches)) if patches else empty


def _suppressed(boxes: Array, most: float, *, of_smaller: bool = False) -> npt.NDArray[np.intp]:
    """Keep, best first, the boxes that overlap no better one by more than ``most``.

    The overlap is the intersection over the union, or over the smaller box.
    """
    extra = 1.0 if of_smaller else 0.0
    corners, order = boxes[:, :4], np.argsort(-boxes[:, 4], kind="stable")
    area = np.prod(corners[:, 2:] - corners[:, :2] + extra, axis=1)
    kept: list[int] = []
    while len(order):
        best, others = int(order[0]), order[1:]
        kept.append(best)
        low = np.maximum(corners[best, :2], corners[others, :2])
        high = np.minimum(corners[best, 2:], corners[others, 2:])
        shared = np.prod(np.maximum(0.0, high - low + extra), axis=1)
        if of_smaller:
            whole = np.minimum(area[best], area[others])
        else:
            whole = area[best] + area[others] - shared
        order = others[shared <= most * whole]
    return np.array(kept, dtype=np.intp)
