"""The model: a few linear heads, each with its own view of the measurements; their mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from avaudit.errors import AvauditError
from avaudit.media.types import RgbArray

from .head import ARRAYS, Head
from .measures import measure
from .planes import Float, Wide
from .views import DOMAIN_VIEW, SHIPPED_GROUPS, VIEWS, View

FILE_NAME = "model.safetensors"
FORMAT = "avaudit.image.synthetic/1"
_FARTHEST = 10.0


@dataclass(frozen=True)
class Scores:
    """Scores of n windows: by head, their mean, and the distance from the examples learnt from."""

    by_head: Mapping[str, Wide]
    total: Wide
    distance: Wide


class SyntheticImageModel:
    """Raw scores for windows of pictures: the higher, the more like a generator's.

    Parameters
    ----------
    heads
        One per view; without them, those that ship are read.
    views
        What each head sees.

    Raises
    ------
    AvauditError
        When the shipped file is missing or damaged.
    """

    def __init__(
        self, heads: Mapping[str, Head] | None = None, views: Mapping[str, View] = VIEWS
    ) -> None:
        self.views = views
        self.heads = dict(heads if heads is not None else read_heads())

    def score(self, windows: list[RgbArray]) -> Scores:
        """Score windows of at least 96 pixels each way (512 are meant)."""
        found = [measure(rgb, SHIPPED_GROUPS) for rgb in windows]
        return self.score_measured(
            {name: np.stack([groups[name] for groups in found]) for name in SHIPPED_GROUPS}
        )

    def score_measured(self, groups: Mapping[str, Float]) -> Scores:
        """Score windows that were measured already: per group an array (n, values)."""
        by_head = {
            name: head.score(seen(groups, self.views[name])) for name, head in self.heads.items()
        }
        total: Wide = np.mean(list(by_head.values()), axis=0)
        distance = np.zeros_like(total)
        if DOMAIN_VIEW in self.heads:
            z = self.heads[DOMAIN_VIEW].standardised(seen(groups, self.views[DOMAIN_VIEW]))
            distance = np.minimum(np.abs(z), _FARTHEST).mean(axis=1)
        return Scores(by_head, total, distance)

    def to_bytes(self, notes: Mapping[str, str]) -> bytes:
        """Give the contents of a safetensors file; ``notes`` go into its header."""
        tensors = {
            f"{name}.{key}": array
            for name, head in self.heads.items()
            for key, array in head.arrays().items()
        }
        # one entry only: safetensors writes several in an order of its own, new every time
        return save(tensors, {"about": json.dumps({"format": FORMAT, **notes}, sort_keys=True)})


def seen(groups: Mapping[str, Float], view: View) -> Float:
    """Put side by side what a view sees."""
    return np.concatenate([groups[name] for name in view.groups], axis=1)


def read_heads(path: Path | None = None) -> Mapping[str, Head]:
    """Read a model file; without a path, the one that ships.

    Raises
    ------
    AvauditError
        When the file is missing, is no safetensors file, or is of another format.
    """
    return _shipped() if path is None else _read(path)


@cache
def _shipped() -> Mapping[str, Head]:
    return _read(Path(__file__).with_name(FILE_NAME))


def _read(path: Path) -> Mapping[str, Head]:
    try:
        with safe_open(str(path), framework="numpy") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, SafetensorError) as error:
        raise AvauditError(f"{path} cannot be read as a model: {error}") from error
    wanted = {f"{name}.{key}" for name in VIEWS for key in ARRAYS}
    if about.get("format") != FORMAT or not wanted <= tensors.keys():
        raise AvauditError(f"{path} is no model of the format {FORMAT}: train it again")
    return {name: Head(*(tensors[f"{name}.{key}"] for key in ARRAYS)) for name in VIEWS}
