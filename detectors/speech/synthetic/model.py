"""The model: forests and lines, each with its own view of the measurements; their mean log odds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from avaudit.errors import AvauditError

from . import forest, line
from .features import GROUPS, measure
from .forest import Forest
from .line import Line
from .spectra import SAMPLE_RATE, Float
from .views import VIEWS, View, view

FILE_NAME = "model.safetensors"
FORMAT = "avaudit.speech.synthetic/1"


class SyntheticSpeechModel:
    """Raw scores for windows of speech: the higher, the more like a machine.

    Parameters
    ----------
    learners
        One per view; without them, those that ship are read.
    views
        What each sees and how much it counts.

    Attributes
    ----------
    window_s, hop_s, sample_rate
        How a longer stretch is to be cut for :meth:`score`.

    Raises
    ------
    AvauditError
        When the shipped file is missing or damaged.
    """

    window_s = 4.0
    hop_s = 2.0
    sample_rate = SAMPLE_RATE

    def __init__(
        self,
        learners: Mapping[str, Forest | Line] | None = None,
        views: Mapping[str, View] = VIEWS,
    ) -> None:
        self.views = views
        self.learners = dict(learners if learners is not None else read_learners())

    def score(self, windows: Float) -> npt.NDArray[np.float64]:
        """Score windows of speech.

        Parameters
        ----------
        windows
            Mono float samples at 16 kHz, shape (n, samples): 64,000 samples (4 s) each, at least
            16,000; scores of windows under 1.5 s are poor.

        Returns
        -------
        scores
            Shape (n,). Mean log odds of the learners, in about [-5, 5]: a ranking, not a
            likelihood ratio. Each depends on its own window only.

        Raises
        ------
        ValueError
            For windows of less than 1 s or of another shape.
        """
        if windows.ndim != 2:
            raise ValueError(f"windows must have the shape (n, samples), not {windows.shape}")
        if not len(windows):
            return np.empty(0)
        groups = [measure(window) for window in windows]
        return self.score_measured(
            {name: np.stack([group[name] for group in groups]) for name in GROUPS}
        )

    def score_measured(self, groups: Mapping[str, Float]) -> npt.NDArray[np.float64]:
        """Score windows that were measured already: per group an array (n, features)."""
        total = np.zeros(len(next(iter(groups.values()))))
        for name, learner in self.learners.items():
            seen = self.views[name]
            total += seen.weight * learner.log_odds(view(groups, seen))
        return total / sum(self.views[name].weight for name in self.learners)

    def to_bytes(self, notes: Mapping[str, str]) -> bytes:
        """Give the contents of a safetensors file; ``notes`` go into its header."""
        tensors = {
            f"{view_name}.{name}": array
            for view_name, learner in self.learners.items()
            for name, array in learner.arrays().items()
        }
        # one entry only: safetensors writes several in an order of its own, new every time
        return save(tensors, {"about": json.dumps({"format": FORMAT, **notes}, sort_keys=True)})


def read_learners(path: Path | None = None) -> Mapping[str, Forest | Line]:
    """Read a model file; without a path, the one that ships.

    Raises
    ------
    AvauditError
        When the file is missing, is no safetensors file, or is of another format.
    """
    return _shipped() if path is None else _read(path)


@cache
def _shipped() -> Mapping[str, Forest | Line]:
    return _read(Path(__file__).with_name(FILE_NAME))


def _read(path: Path) -> Mapping[str, Forest | Line]:
    try:
        with safe_open(str(path), framework="numpy") as file:
            about = json.loads((file.metadata() or {}).get("about", "{}"))
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (OSError, ValueError, SafetensorError) as error:
        raise AvauditError(f"{path} cannot be read as a model: {error}") from error
    wanted = {
        f"{view_name}.{name}"
        for view_name, seen in VIEWS.items()
        for name in (line.ARRAYS if seen.is_line else forest.ARRAYS)
    }
    if about.get("format") != FORMAT or not wanted <= tensors.keys():
        raise AvauditError(f"{path} is no model of the format {FORMAT}: train it again")
    return {name: _learner(tensors, name, seen) for name, seen in VIEWS.items()}


def _learner(tensors: Mapping[str, npt.NDArray[Any]], name: str, seen: View) -> Forest | Line:
    if seen.is_line:
        return Line(*(tensors[f"{name}.{array}"] for array in line.ARRAYS))
    return Forest(*(tensors[f"{name}.{array}"] for array in forest.ARRAYS))
