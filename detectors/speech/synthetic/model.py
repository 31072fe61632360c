"""The model: one forest per group of measurements, their log odds averaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import safe_open
from safetensors.numpy import save

from avaudit.errors import AvauditError

from .features import GROUPS, measure
from .forest import Forest
from .spectra import SAMPLE_RATE, Float

FILE_NAME = "model.safetensors"
FORMAT = "avaudit.speech.synthetic/1"
_FURTHEST = 0.01  # a forest that knows better than 99 to 1 is not believed


@dataclass(frozen=True)
class SyntheticSpeechModel:
    """Raw scores for windows of speech: the higher, the more like a machine.

    Attributes
    ----------
    forests
        One per group of :data:`~.features.GROUPS`.
    window_s, hop_s, sample_rate
        How a longer stretch is to be cut for :meth:`score`.
    """

    forests: Mapping[str, Forest]
    window_s: float = 4.0
    hop_s: float = 2.0
    sample_rate: int = SAMPLE_RATE

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
            Shape (n,). Mean log odds of the forests, in about [-4.6, 4.6]: a ranking, not a
            likelihood ratio. Each depends on its own window only.

        Raises
        ------
        ValueError
            For windows of less than 1 s or of another shape.
        """
        if windows.ndim != 2:
            raise ValueError(f"windows must have the shape (n, samples), not {windows.shape}")
        groups = [measure(window) for window in windows]
        return self.score_measured(
            {name: np.stack([group[name] for group in groups]) for name in GROUPS}
            if groups
            else {name: np.empty((0, len(f.fill)), np.float32) for name, f in self.forests.items()}
        )

    def score_measured(self, groups: Mapping[str, Float]) -> npt.NDArray[np.float64]:
        """Score windows that were measured already: per group an array (n, features)."""
        odds = []
        for name, forest in self.forests.items():
            share = np.clip(forest.share(groups[name]).astype(np.float64), _FURTHEST, 1 - _FURTHEST)
            odds.append(np.log(share / (1 - share)))
        result: npt.NDArray[np.float64] = np.mean(odds, axis=0)
        return result

    def to_bytes(self, notes: Mapping[str, str]) -> bytes:
        """Give the contents of a safetensors file; ``notes`` go into its header."""
        tensors = {
            f"{group}.{name}": array
            for group, forest in self.forests.items()
            for name, array in forest.arrays().items()
        }
        return save(tensors, {"format": FORMAT, **notes})


def load_model(path: Path | None = None) -> SyntheticSpeechModel:
    """Read a model file; without a path, the one that ships.

    Raises
    ------
    AvauditError
        When the file is missing, is no safetensors file, or is of another format.
    """
    return _load(path or Path(__file__).with_name(FILE_NAME))


@lru_cache(maxsize=4)
def _load(path: Path) -> SyntheticSpeechModel:
    try:
        with safe_open(str(path), framework="numpy") as file:
            found = (file.metadata() or {}).get("format")
            if found != FORMAT:
                raise AvauditError(f"{path} is of format {found}, not {FORMAT}: train it again")
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except AvauditError:
        raise
    except Exception as error:  # safetensors raises its own kind for damaged files
        raise AvauditError(f"{path} cannot be read as a model: {error}") from error
    forests = {}
    for group in GROUPS:
        names = ("feature", "threshold", "right", "roots", "fill")
        try:
            forests[group] = Forest(*(tensors[f"{group}.{name}"] for name in names))
        except KeyError as error:
            raise AvauditError(f"{path} lacks {error}: train it again") from error
    return SyntheticSpeechModel(forests)
