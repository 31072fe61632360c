"""Music made up of chords and drums, to be put under speech."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

CHORDS = ((0, 4, 7), (9, 12, 16), (5, 9, 12), (7, 11, 14))
"""I, vi, IV, V in a major key, in semitones above its root; one bar each."""

HARMONICS = 6
EDGE_S = 0.005


def make_music(length: int, sample_rate: int, rng: np.random.Generator) -> Array:
    """Make a bar of four beats after the other: plucked chords with a bass, a kick, a snare, a hat.

    Key and tempo (90 to 140 beats a minute) are drawn once.

    Parameters
    ----------
    length
        In samples.
    sample_rate
        In hertz.
    rng
        Draws key, tempo and the noise of the drums.

    Returns
    -------
    music
        Shape (length,); its level is arbitrary.
    """
    beat = max(1, round(sample_rate * 60.0 / rng.uniform(90.0, 140.0)))
    root_hz = rng.uniform(65.0, 130.0)
    time_s = np.arange(beat) / sample_rate
    chords = [_chord(chord, root_hz, time_s, sample_rate) for chord in CHORDS]
    music = np.zeros(length)
    for number, start in enumerate(range(0, length, beat)):
        played = chords[number // 4 % 4] + _drums(number, time_s, rng)
        music[start : start + beat] = played[: length - start]
    return music


def _chord(semitones: tuple[int, ...], root_hz: float, time_s: Array, sample_rate: int) -> Array:
    """One beat of a chord an octave above its bass note, struck at once and held softly."""
    tones_hz = [root_hz * 2.0 ** (semitones[0] / 12.0)]
    tones_hz += [2.0 * root_hz * 2.0 ** (semitone / 12.0) for semitone in semitones]
    sound = np.zeros(len(time_s))
    for tone_hz in tones_hz:
        for harmonic in range(1, HARMONICS + 1):
            if harmonic * tone_hz < 0.45 * sample_rate:
                sound += np.sin(2.0 * np.pi * harmonic * tone_hz * time_s) / harmonic
    ends = np.minimum(np.minimum(time_s, time_s[-1] - time_s) / EDGE_S, 1.0)
    held: Array = sound * ends * (0.4 + 0.6 * np.exp(-time_s / 0.25))
    return held


def _drums(number: int, time_s: Array, rng: np.random.Generator) -> Array:
    noise = rng.standard_normal(len(time_s))
    hat = np.diff(noise, prepend=0.0) * np.exp(-(time_s % (time_s[-1] / 2.0 + 1e-9)) / 0.02)
    if number % 2:
        struck: Array = 1.5 * noise * np.exp(-time_s / 0.08)
    else:
        swept_turns = 50.0 * time_s + 3.0 * (1.0 - np.exp(-time_s / 0.03))
        struck = 3.0 * np.sin(2.0 * np.pi * swept_turns) * np.exp(-time_s / 0.1)
    played: Array = 0.5 * hat + struck
    return played
