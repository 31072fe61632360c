"""Copies of real speech: the words, the voice and the channel stay, traces of synthesis come in."""

from __future__ import annotations

import numpy as np

from .spectra import SAMPLE_RATE, Float


def through_mel(samples: Float, rng: np.random.Generator) -> Float:
    """Keep only magnitudes, mostly on a mel scale, and find a phase; same length and peak.

    What every vocoder of mel spectrograms starts from. The phase by the fast Griffin-Lim
    algorithm (Perraudin, Balazs & Sondergaard 2013, WASPAA), 16 or 32 rounds; windows of 32 or
    64 ms; 64 to 128 mel bands, or all magnitudes in one case of five.
    """
    import librosa

    length = int(rng.choice([512, 1024]))
    rounds = int(rng.choice([16, 32]))
    magnitude = np.abs(librosa.stft(samples, n_fft=length, hop_length=length // 4))
    if rng.random() < 0.8:
        bands = int(rng.choice([64, 80, 100, 128]))
        bank = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=length, n_mels=bands)
        magnitude = np.maximum(np.linalg.pinv(bank) @ (bank @ magnitude), 1e-5)
    made = librosa.griffinlim(
        magnitude,
        n_iter=rounds,
        hop_length=length // 4,
        n_fft=length,
        momentum=float(rng.choice([0.0, 0.99])),
        random_state=int(rng.integers(1 << 30)),
        length=len(samples),
    )
    result: Float = made.astype(np.float32)
    result *= np.abs(samples).max() / (np.abs(result).max() + np.float32(1e-9))
    return result
