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
FORMAT = "avaudit.face.synthetic/2"
FACE_PX = (70.0, 330.0)
"""Heights of faces between which the size was corrected for; beyond, as at the end."""
MOVEMENT, USUAL_MOVEMENT = (-2.1, -0.7), -1.3
"""Movements (see :class:`~.collecting.Window`) between which it was corrected for movement, and
what stands in for that of a single moment."""
FARTHEST = 4.0
"""Spreads of recorded faces beyond which a group counts no further."""

Row = npt.NDArray[np.float64]


def log_size(face_px: Row) -> Row:
    """Give the log of the face's height in pixels, held within :data:`FACE_PX`."""
    size: Row = np.log(np.clip(face_px, *FACE_PX))
    return size


def circumstances(face_px: Row, movement: Row) -> Row:
    """Give what is corrected for, (n, 3): one, the log of the size, the movement."""
    moved = np.clip(np.nan_to_num(movement, nan=USUAL_MOVEMENT), *MOVEMENT)
    return np.stack([np.ones(len(face_px)), log_size(face_px), moved], axis=1)


@dataclass(frozen=True)
class Group:
    """One group of measurements.

    Attributes
    ----------
    weight
        (measurements,).
    usual
        (3,): what recorded faces score: constant, slope over the log of their size, slope over
        how much they move.
    spread
        (1,): by how much recorded faces scatter about that.
    """

    weight: Row
    usual: Row
    spread: Row

    def score(self, values: Float, around: Row) -> Row:
        """Score windows, (n, measurements) to (n,), in spreads of recorded faces; missing: 0.

        ``around`` is what :func:`circumstances` gives.
        """
        expected = (around * self.usual).sum(axis=1)
        found = (values.astype(np.float64) * self.weight).sum(axis=1)
        scaled: Row = np.nan_to_num((found - expected) / self.spread[0])
        return np.clip(scaled, -FARTHEST, FARTHEST)


@dataclass(frozen=True)
class FaceModel:
    """The groups by name; ``scale`` is by how much their mean scatters over recorded faces."""

    groups: Mapping[str, Group]
    scale: float = 1.0

    def parts(self, measured: Mapping[str, Float], face_px: Row, movement: Row) -> Row:
        """Give the score of each group: per group (n, measurements) to (n, groups)."""
        around = circumstances(face_px, movement)
        columns = [group.score(measured[name], around) for name, group in self.groups.items()]
        return np.stack(columns, axis=1)

    def score(self, parts: Row) -> Row:
        """Score what :meth:`parts` gave, (n, groups) to (n,); higher: more like a made face."""
        scores: Row = parts.mean(axis=-1) / self.scale
        return scores

    def to_bytes(self, notes: Mapping[str, str]) -> bytes:
        """Give the contents of a safetensors file; ``notes`` go into its header."""
        tensors = {
            f"{name}.{part}": np.asarray(getattr(group, part), np.float64)
            for name, group in self.groups.items()
            for part in ("weight", "usual", "spread")
        }
        tensors["scale"] = np.array([self.scale])
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
    names = [name for name in GROUPS if f"{name}.weight" in tensors]
    wanted: dict[str, Sequence[int]] = {"scale": (1,)}
    for name in names:
        wanted[f"{name}.weight"] = (len(GROUPS[name]),)
        wanted |= {f"{name}.usual": (3,), f"{name}.spread": (1,)}
    found = {key: value.shape for key, value in tensors.items()}
    if about.get("format") != FORMAT or not names or found != wanted:
        raise AvauditError(f"{path} is no model of the format {FORMAT}: train it again")
    parts = ("weight", "usual", "spread")
    groups = {name: Group(*(tensors[f"{name}.{part}"] for part in parts)) for name in names}
    return FaceModel(groups, float(tensors["scale"][0]))


@cache
def shipped() -> FaceModel:
    """Give the model that ships.

    Raises
    ------
    AvauditError
        When its file is missing or damaged.
    """
    return read_model(Path(__file__).with_name(FILE_NAME))
