"""How much linear-frequency cepstra move about: spreads of the values and of their slopes.

Means are left out on purpose: they tell the channel and the speaker. Spreads of the higher
coefficients tell how rough the spectrum is, which generators get wrong.
"""

from __future__ import annotations

import numpy as np
import scipy.fft

from .spectra import POWER_FLOOR, Bool, Float, Window, filter_bank

FEWEST_FRAMES = 8


def slopes(values: Float) -> Float:
    """Give the regression slope over five frames, four frames fewer."""
    slope = (2 * (values[4:] - values[:-4]) + (values[3:-1] - values[1:-3])) / 10
    return slope.astype(np.float32)


def spread(values: Float, chosen: Bool) -> Float:
    """Give the log standard deviation of each column over the chosen frames; NaN if too few."""
    if int(chosen.sum()) < FEWEST_FRAMES:
        return np.full(values.shape[1], np.nan, np.float32)
    result: Float = np.log(values[chosen].std(axis=0) + np.float32(1e-4))
    return result


def cepstral_spreads(window: Window, length: int, hop: int, bands: int, count: int) -> Float:
    """Give seven spreads of each of ``count - 1`` cepstral coefficients.

    Values, slopes and slopes of slopes in active frames; slopes in voiced and in unvoiced frames;
    values and slopes in the quietest quarter. LFCC: Sahidullah et al. (2015), Interspeech.
    """
    spectrum = window.spectrum(length, hop)
    energies = np.log(spectrum.power @ filter_bank(bands, length) + np.float32(POWER_FLOOR))
    values = scipy.fft.dct(energies, axis=1, norm="ortho")[:, 1:count]
    slope = slopes(values)
    active, voiced, unvoiced, quiet = window.classes(spectrum.centres)
    inner = slice(2, -2)
    return np.concatenate(
        [
            spread(values, active),
            spread(slope, active[inner]),
            spread(slopes(slope), active[4:-4]),
            spread(slope, voiced[inner]),
            spread(slope, unvoiced[inner]),
            spread(values, quiet),
            spread(slope, quiet[inner]),
        ]
    )
