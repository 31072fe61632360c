"""The measurements of one window of speech that the model reads, by group.

Groups look at different traces of synthesis; each has a forest of its own (``forest.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from .cepstra import cepstral_spreads
from .dynamics import modulation, pitch_pulses
from .prediction import linear_prediction
from .regularity import frame_rate_beats, spectral_lines
from .spectra import Float, Window
from .texture import co_occurrence, fine_structure

Group = Callable[[Window], Float]

GROUPS: Mapping[str, Group] = {
    "cepstra_16ms": partial(cepstral_spreads, length=256, hop=80, bands=20, count=18),
    "cepstra_32ms": partial(cepstral_spreads, length=512, hop=128, bands=40, count=32),
    "cepstra_32ms_fine": partial(cepstral_spreads, length=512, hop=128, bands=80, count=64),
    "grain": partial(fine_structure, length=512, hop=128, bands=16, across_time=5, across_bins=9),
    "grain_across": partial(
        fine_structure, length=512, hop=128, bands=16, across_time=1, across_bins=15
    ),
    "patterns_16ms": partial(co_occurrence, length=256, hop=80, bands=4),
    "patterns_32ms": partial(co_occurrence, length=512, hop=128, bands=8),
    "lines": spectral_lines,
    "beats": frame_rate_beats,
    "modulation": modulation,
    "pulses": pitch_pulses,
    "prediction": linear_prediction,
}
"""The groups by name, in the order of the feature vector."""


def measure(samples: Float) -> dict[str, Float]:
    """Measure one window.

    Parameters
    ----------
    samples
        Mono at 16 kHz, shape (n,), n at least 16,000 (1 s); windows of 4 s are what the model
        learnt from. The level does not matter.

    Returns
    -------
    groups
        One vector per group of :data:`GROUPS`. A value is NaN where the window has too few frames
        of the kind it is about, for example no voiced ones.

    Raises
    ------
    ValueError
        For samples that are not mono or shorter than 1 s.

    Examples
    --------
    >>> import numpy as np
    >>> hiss = np.random.default_rng(0).standard_normal(32000).astype(np.float32)
    >>> measure(hiss)["cepstra_32ms"].shape
    (217,)
    """
    window = Window(samples)
    result = {}
    for name, group in GROUPS.items():
        values = group(window)
        result[name] = np.where(np.isfinite(values), values, np.nan).astype(np.float32)
    return result
