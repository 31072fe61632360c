"""AASIST as a model of windows of speech. Importing this module imports torch."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from .fast import FastAasist
from .network import SAMPLE_RATE, WINDOW_SAMPLES, Aasist, Shape


class AasistScorer:
    """Scores windows by logit "spoofed" minus logit "bona fide".

    One thread only: sums over several would depend on their number. Windows are scored one at a
    time.

    Parameters
    ----------
    weights
        A published state dict (a file of ``torch.save``, read with ``weights_only=True``).
    shape
        Which of the two networks it is of.

    Raises
    ------
    RuntimeError
        When the state dict does not fit the network.
    """

    sample_rate = SAMPLE_RATE
    window_s = WINDOW_SAMPLES / SAMPLE_RATE
    hop_s = window_s / 2

    def __init__(self, weights: Path, shape: Shape) -> None:
        network = Aasist(shape)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # how torch feels about the age of a file
            state = torch.load(weights, map_location="cpu", weights_only=True)
        network.load_state_dict(state, strict=True)
        self._network = FastAasist(network)

    def score(self, windows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Map windows (n, 64600) to scores (n,)."""
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            logits = [self._network(torch.from_numpy(window)) for window in windows]
        finally:
            torch.set_num_threads(threads)
        return np.array([float(spoofed - genuine) for spoofed, genuine in logits], np.float32)
