"""The grain of the spectrogram: what is left when its smooth part is taken away.

A log power of Gaussian noise scatters by 5.6 dB around its smooth part, whatever the noise;
harmonics add their comb. Generators that learnt from spectrograms get this grain wrong in the
upper bands and in pauses. Features do not depend on gain, and hardly on a smooth channel.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d

from .cepstra import FEWEST_FRAMES
from .spectra import Bool, Float, Window, band_edges, moments

# the 18 patterns of three ternary symbols, a pattern and its mirror image being one
_PATTERNS = tuple((a, b, c) for a in range(3) for b in range(3) for c in range(a, 3))


def fine_structure(
    window: Window, length: int, hop: int, bands: int, *, across_time: int, across_bins: int
) -> Float:
    """Give log deviation, skewness and log kurtosis of the grain: 3 x 3 x bands values.

    In voiced, unvoiced and quiet frames. The smooth part is a moving average over ``across_time``
    frames and ``across_bins`` bins.
    """
    spectrum = window.spectrum(length, hop)
    smooth = uniform_filter1d(spectrum.log_power, across_time, axis=0, mode="nearest")
    grain = spectrum.log_power - uniform_filter1d(smooth, across_bins, axis=1, mode="nearest")
    edges = band_edges(bands, length)
    result = np.full((3, bands, 3), np.nan, np.float32)
    for row, chosen in zip(result, window.classes(spectrum.centres)[1:], strict=True):
        if int(chosen.sum()) >= FEWEST_FRAMES:
            part = grain[chosen]
            for band in range(bands):
                deviation, skewness, kurtosis = moments(part[:, edges[band] : edges[band + 1]])
                row[band] = np.log(deviation + 1e-6), skewness, kurtosis
    return result.ravel()


def co_occurrence(window: Window, length: int, hop: int, bands: int) -> Float:
    """Give how often patterns of three neighbouring curvatures occur: 2 x 2 x bands x 18 values.

    Second differences of the log powers along time and along frequency, each cut into down, flat
    and up at 0.6 of its mean size; square roots of shares. In active and in quiet frames.
    """
    spectrum = window.spectrum(length, hop)
    level = spectrum.log_power
    active, _, _, quiet = window.classes(spectrum.centres)
    along_time = level[2:] - 2 * level[1:-1] + level[:-2]
    along_bins = level[:, 2:] - 2 * level[:, 1:-1] + level[:, :-2]
    edges = band_edges(bands, length)
    result = np.full((2, 2, bands, len(_PATTERNS)), np.nan, np.float32)
    for row, chosen in zip(result, (active, quiet), strict=True):
        for axis, (curves, rows) in enumerate(((along_time, chosen[1:-1]), (along_bins, chosen))):
            if int(rows.sum()) > FEWEST_FRAMES:
                part = curves[rows]
                for band in range(bands):
                    columns = slice(max(edges[band] - 1, 0), edges[band + 1] - 1)
                    row[axis, band] = _patterns(part[:, columns], axis)
    return result.ravel()


def _patterns(curves: Float, axis: int) -> Float:
    size = np.float32(0.6) * np.abs(curves).mean()
    symbol: Bool | np.ndarray = (curves > size).astype(np.int8) + (curves > -size)
    symbol = symbol if axis == 0 else symbol.T
    code = symbol[:-2].astype(np.int16) * 9 + symbol[1:-1] * 3 + symbol[2:]
    count = np.bincount(code.ravel(), minlength=27).reshape(3, 3, 3)
    share = count / count.sum()
    both = [share[a, b, c] if a == c else share[a, b, c] + share[c, b, a] for a, b, c in _PATTERNS]
    return np.sqrt(np.asarray(both, dtype=np.float32))
