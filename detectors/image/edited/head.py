"""The learnt part: two linear heads, one for cells and one for whole pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label, uniform_filter

from avaudit.errors import AvauditError

from .combs import MOST
from .lattice import Map
from .measures import NAMES

FILE_NAME = "model.json"
FORMAT = 2
ABSOLUTE = ("compression", "clone")
"""Families whose maps are 0 where nothing was found; of all others the size counts as well."""
CELL_TERMS = (*NAMES, *(f"|{name}|" for name in NAMES if name not in ABSOLUTE))
PICTURE_TERMS = ("peak", "contrast", "parting", "compression", "clone")
_SCALES = {"compression": MOST / 2, "clone": 0.5}
REGION_LOGIT = 1.0
"""Cells whose fused logit is above this belong to a region."""
FEWEST_CELLS = 4
TOP_SHARE = 0.02


@dataclass(frozen=True, kw_only=True)
class Model:
    """Weights of :data:`CELL_TERMS` and :data:`PICTURE_TERMS`, each with a constant at the end."""

    cell: tuple[float, ...]
    picture: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.cell) != len(CELL_TERMS) + 1 or len(self.picture) != len(PICTURE_TERMS) + 1:
            raise ValueError("the model has another number of weights than this version reads")
        if not np.isfinite([*self.cell, *self.picture]).all():
            raise ValueError("the model has weights that are no numbers")

    def fused(self, stack: Map) -> Map:
        """Give the logit that a cell was altered, shape (rows, columns), averaged over 3 × 3."""
        terms = cell_terms(stack)
        logit = terms @ np.array(self.cell[:-1]) + self.cell[-1]
        return np.asarray(uniform_filter(logit, 3, mode="nearest"), dtype=np.float64)

    def score(self, stack: Map, fused: Map) -> float:
        """Give the statistic of the whole picture; higher speaks for an edit."""
        terms = picture_terms(stack, fused)
        return float(np.array(terms) @ np.array(self.picture[:-1]) + self.picture[-1])

    def to_json(self, notes: dict[str, str | int]) -> str:
        """Give the model as a document with named weights."""
        document = {
            "format": FORMAT,
            "notes": notes,
            "cell": dict(zip((*CELL_TERMS, "constant"), _rounded(self.cell), strict=True)),
            "picture": dict(zip((*PICTURE_TERMS, "constant"), _rounded(self.picture), strict=True)),
        }
        return json.dumps(document, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Model:
        """Read what :meth:`to_json` gave.

        Raises
        ------
        ValueError
            When it is no such document, or its weights are not those of this version.
        """
        try:
            document = json.loads(text)
            if document["format"] != FORMAT:
                raise ValueError(f"the model has format {document['format']}, not {FORMAT}")
            cell = tuple(float(document["cell"][name]) for name in (*CELL_TERMS, "constant"))
            names = (*PICTURE_TERMS, "constant")
            picture = tuple(float(document["picture"][name]) for name in names)
        except (KeyError, TypeError) as error:
            raise ValueError(f"the model lacks or spoils a key: {error}") from error
        return cls(cell=cell, picture=picture)


@cache
def shipped() -> Model:
    """Give the model that ships.

    Raises
    ------
    AvauditError
        When its file is missing or damaged.
    """
    place = files(__package__) / FILE_NAME
    try:
        return Model.from_json(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AvauditError(f"{FILE_NAME} of image.edited cannot be used: {error}") from error


def read_model(path: Path) -> Model:
    """Read a model from a file.

    Raises
    ------
    AvauditError
        When it is missing or damaged.
    """
    try:
        return Model.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AvauditError(f"{path}: {error}") from error


def cell_terms(stack: Map) -> Map:
    """Give the terms of the head of cells, shape (..., len(CELL_TERMS)), each about -2 to 2."""
    scale = np.array([_SCALES.get(name, 2.0) for name in NAMES])
    signed = stack / scale
    sizes = [np.abs(signed[..., i]) for i, name in enumerate(NAMES) if name not in ABSOLUTE]
    return np.concatenate([signed, np.stack(sizes, axis=-1)], axis=-1)


def picture_terms(stack: Map, fused: Map) -> tuple[float, ...]:
    """Give the terms of the head of pictures, in the order of :data:`PICTURE_TERMS`."""
    compression = uniform_filter(stack[..., NAMES.index("compression")] / MOST, 3)
    highest = fused > np.quantile(fused, 0.9)
    inside = _largest(highest)
    contrast = 0.0
    if inside.any() and not inside.all():
        contrast = float(fused[inside].mean() - fused[~inside].mean()) / (float(fused.std()) + 0.1)
    return (
        _mean_of_highest(fused, TOP_SHARE) / 4,
        contrast / 4,
        # how far the highest tenth lies in one piece
        float(inside.sum()) / max(1.0, float(highest.sum())),
        _mean_of_highest(compression, TOP_SHARE / 2),
        float(np.sqrt(stack[..., NAMES.index("clone")].mean())),
    )


def regions(fused: Map) -> list[NDArray[np.bool_]]:
    """Give the parts above :data:`REGION_LOGIT`, the strongest first, ten at most."""
    pieces, number = label(fused > REGION_LOGIT)
    found = [pieces == piece for piece in range(1, number + 1)]
    found = [part for part in found if part.sum() >= FEWEST_CELLS]
    return sorted(found, key=lambda part: -float(fused[part].sum()))[:10]


def _largest(marked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    pieces, number = label(marked)
    if not number:
        return marked
    return np.asarray(pieces == 1 + int(np.bincount(pieces.ravel())[1:].argmax()))


def _mean_of_highest(values: Map, share: float) -> float:
    """Give the mean of the highest values, nine cells at least."""
    number = max(9, int(share * values.size))
    return float(np.sort(values.ravel())[-number:].mean())


def _rounded(values: Sequence[float]) -> list[float]:
    return [float(f"{value:.6g}") for value in values]
