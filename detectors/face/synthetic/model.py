"""The model: a linear score per group of measurements, each made independent of the face's size.

What it knows of made faces it knows from made pairs alone (see :mod:`.making`): no generated clip
was learnt from, so no page or generator could become the cue.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from avaudit.errors import AvauditError

from .measures import GROUPS
from .regions import Float

FILE_NAME = "model.safetensors"
FORMAT = "avaudit.face.synthetic/1"
FACE_PX = (70.0, 330.0)
"""Heights of faces between which the size was corrected for; beyond, as at the end."""
FARTHEST = 4.0
"""Spreads of recorded faces beyond which a group counts no further."""

Row = npt.NDArray[np.float64]


def log_size(face_px: Row) -> Row:
    """Give the log of the face's height in pixels, held within :data:`FACE_PX`."""
    size: Row = np.log(np.clip(face_px, *FACE_PX))
    return size


@dataclass(frozen=True)
class Group:
    """One group of measurements.

    Attributes
    ----------
    weight
        (measurements,).
    usual
        (2,): what recorded faces score, as a line over the log of their size: constant, slope.
    spread
        (1,): by how much recorded faces scatter about that line.
    """

    weight: Row
    usual: Row
    spread: Row

    def score(self, values: Float, face_px: Row) -> Row:
        """Score windows, (n, measurements) to (n,), in spreads of recorded faces; missing: 0."""
        expected = self.usual[0] + self.usual[1] * log_size(face_px)
        found = (values.astype(np.float64) * self.weight).sum(axis=1)
        scaled: Row = np.nan_to_num((found - expected) / self.spread[0])
        return np.clip(scaled, -FARTHEST, FARTHEST)


@dataclass(frozen=True)
class FaceModel:
    """The groups by name."""

    groups: Mapping[str, Group]

    def parts(self, measured: Mapping[str, Float], face_px: Row) -> Row:
        """Give the score of each group: per group (n, measurements) to (n, groups)."""
        columns = [group.score(measured[name], face_px) for name, group in self.groups.items()]
        return np.stack(columns, axis=1)

    def score(self, measured: Mapping[str, Float], face_px: Row) -> Row:
        """Score windows, (n,): the mean of the groups; higher is more like a made face."""
        mean: Row = self.parts(measured, face_px).mean(axis=1)
        return mean

    def to_bytes(self, notes: Mapping[str, str]) -> bytes:
        """Give the contents of a safetensors file; ``notes`` go into its header."""
        tensors = {
            f"{name}.{part}": np.asarray(getattr(group, part), np.float64)
            for name, group in self.groups.items()
            for part in ("weight", "usual", "spread")
        }
        return save(tensors, {"about": json.dumps({"format": FORMAT, **notes}, sort_keys=True)})


def read_model(path: Path) -> FaceModel:
    """Read a model file.

    Raises
    ------
    AvauditError
        When the file is missing, is no safetensors file, or is of another format.
    """
    try:
        with safe_open(str(path), framework="numpy") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, SafetensorError) as error:
        raise AvauditError(f"{path} cannot be read as a model: {error}") from error
    wanted: dict[str, Sequence[int]] = {}
    for name, regions in GROUPS.items():
        wanted |= {f"{name}.weight": (len(regions),), f"{name}.usual": (2,), f"{name}.spread": (1,)}
    if about.get("format") != FORMAT or {k: v.shape for k, v in tensors.items()} != wanted:
        raise AvauditError(f"{path} is no model of the format {FORMAT}: train it again")
    parts = ("weight", "usual", "spread")
    return FaceModel({g: Group(*(tensors[f"{g}.{part}"] for part in parts)) for g in GROUPS})


@cache
def shipped() -> FaceModel:
    """Give the model that ships.

    Raises
    ------
    AvauditError
        When its file is missing or damaged.
    """
    return read_model(Path(__file__).with_name(FILE_NAME))
