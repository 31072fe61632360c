"""Real speech through a vocoder: the words, the voice and the channel stay, the traces come in."""

from __future__ import annotations

import warnings

import numpy as np

from avaudit.errors import UsageError

from .spectra import SAMPLE_RATE, Float


def through_world(samples: Float, rng: np.random.Generator) -> Float:
    """Analyse with WORLD and synthesise again; mono at 16 kHz, same length and peak.

    The envelope is kept as it is or coded to 24 to 60 mel-cepstra; with the latter the
    aperiodicity may be coded and the envelope smoothed over time, as statistical synthesis does.
    Morise, Yokomori & Ozawa (2016), IEICE Trans. Inf. Syst. E99-D(7).

    Raises
    ------
    UsageError
        When pyworld is not installed.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pyworld asks for pkg_resources
            import pyworld
    except ImportError as error:
        raise UsageError(
            "training makes copies with pyworld, which is missing: pip install 'avaudit[train]'"
        ) from error
    x = samples.astype(np.float64)
    pitch, times = pyworld.dio(x, SAMPLE_RATE, f0_floor=60.0, f0_ceil=500.0)
    pitch = pyworld.stonemask(x, pitch, times, SAMPLE_RATE)
    envelope = pyworld.cheaptrick(x, pitch, times, SAMPLE_RATE)
    aperiodicity = pyworld.d4c(x, pitch, times, SAMPLE_RATE)
    length = (envelope.shape[1] - 1) * 2
    way = int(rng.integers(3))
    if way >= 1:
        coded = pyworld.code_spectral_envelope(envelope, SAMPLE_RATE, int(rng.integers(24, 61)))
        envelope = pyworld.decode_spectral_envelope(coded, SAMPLE_RATE, length)
    if way == 2:
        from scipy.ndimage import uniform_filter1d

        coded = pyworld.code_aperiodicity(aperiodicity, SAMPLE_RATE)
        aperiodicity = pyworld.decode_aperiodicity(coded, SAMPLE_RATE, length)
        width = int(rng.integers(3, 8))
        envelope = np.exp(uniform_filter1d(np.log(envelope), width, axis=0, mode="nearest"))
    made = pyworld.synthesize(
        pitch, np.ascontiguousarray(envelope), np.ascontiguousarray(aperiodicity), SAMPLE_RATE
    )
    result = np.zeros(len(samples), np.float32)
    result[: len(made)] = made[: len(result)]
    return result * (np.abs(samples).max() / np.float32(np.abs(result).max() + 1e-9))
