"""The model: a few linear heads, each with its own view of the measurements; their mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from avaudit.errors import AvauditError
from avaudit.media.types import RgbArray

from .head import ARRAYS, Head
from .measures import GROUPS, measure
from .planes import Float, Wide
from .views import View

FILE_NAME = "model.safetensors"
FORMAT = "avaudit.image.synthetic/2"
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
    heads, views
        The heads and what each sees; without them, those that ship are read.

    Raises
    ------
    AvauditError
        When the shipped file is missing or damaged.
    """

    def __init__(
        self, heads: Mapping[str, Head] | None = None, views: Mapping[str, View] | None = None
    ) -> None:
        if heads is None or views is None:
            heads, views = _shipped()
        self.views = dict(views)
        self.heads = dict(heads)
        seen_by_any = {name for view in self.views.values() for name in view.groups}
        self.groups = tuple(name for name in GROUPS if name in seen_by_any)

    def score(self, windows: list[RgbArray]) -> Scores:
        """Score windows of at least 96 pixels each way (512 are meant)."""
        found = [measure(rgb, self.groups) for rgb in windows]
        return self.score_measured(
            {name: np.stack([groups[name] for groups in found]) for name in self.groups}
        )

    def score_measured(self, groups: Mapping[str, Float]) -> Scores:
        """Score windows that were measured already: per group an array (n, values)."""
        by_head, far = {}, []
        for name, head in self.heads.items():
            values = seen(groups, self.views[name])
            by_head[name] = head.score(values)
            far.append(np.minimum(np.abs(head.standardised(values)), _FARTHEST).mean(axis=1))
        total: Wide = np.mean(list(by_head.values()), axis=0)
        return Scores(by_head, total, np.mean(far, axis=0))

    def to_bytes(self, notes: Mapping[str, str]) -> bytes:
        """Give the contents of a safetensors file; ``notes`` go into its header."""
        tensors = {
            f"{name}.{key}": array
            for name, head in self.heads.items()
            for key, array in head.arrays().items()
        }
        # one entry only: safetensors writes several in an order of its own, new every time
        about = {"format": FORMAT, "views": {k: asdict(v) for k, v in self.views.items()}, **notes}
        return save(tensors, {"about": json.dumps(about, sort_keys=True)})


def seen(groups: Mapping[str, Float], view: View) -> Float:
    """Put side by side what a view sees."""
    return np.concatenate([groups[name] for name in view.groups], axis=1)


def read_model(path: Path) -> SyntheticImageModel:
    """Read a model file.

    Raises
    ------
    AvauditError
        When the file is missing, is no safetensors file, or is of another format.
    """
    return SyntheticImageModel(*_read(path))


@cache
def _shipped() -> tuple[Mapping[str, Head], Mapping[str, View]]:
    return _read(Path(__file__).with_name(FILE_NAME))


def _read(path: Path) -> tuple[Mapping[str, Head], Mapping[str, View]]:
    try:
        with safe_open(str(path), framework="numpy") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, SafetensorError) as error:
        raise AvauditError(f"{path} cannot be read as a model: {error}") from error
    if about.get("format") != FORMAT:
        raise AvauditError(f"{path} is no model of the format {FORMAT}: train it again")
    try:
        views = {name: View.read(view) for name, view in sorted(about["views"].items())}
        heads = {name: Head(*(tensors[f"{name}.{key}"] for key in ARRAYS)) for name in views}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise AvauditError(f"{path} lacks a part of the model: train it again") from error
    if not views or any(name not in GROUPS for view in views.values() for name in view.groups):
        raise AvauditError(f"{path} looks at what this version does not measure: train it again")
    return heads, views
