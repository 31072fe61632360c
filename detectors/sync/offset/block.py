"""One stretch of one face and the sound around it: from pictures and spectra to curves."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .curve import NOTHING, Moments, Slots, slots_of
from .model import SyncModel
from .mouths import Mouths, Times, contrast, even
from .network import FRAME_S, PICTURES, SPECTRA
from .spectrum import CENTRE_S, HOP_S, normalised

LIPS_PX = 30
"""Edge of the middle of a mouth picture whose changes are called motion of the lips."""

Floats = npt.NDArray[np.float32]


def match(
    model: SyncModel,
    mouths: Mouths,
    times_s: Times,
    power: Floats,
    sound_start_s: float,
    speech: npt.NDArray[np.bool_],
) -> Slots:
    """Match the lips of a stretch with the sound around it.

    Parameters
    ----------
    model
        The towers.
    mouths, times_s
        Pictures (n, 60, 60) of one face in one shot, and their presentation times (n,).
    power
        Mel powers every 10 ms, shape (m, 40), of the stretch and of what is around it.
    sound_start_s
        Time of the first sample behind ``power``.
    speech
        Whether somebody speaks in each spectrum, shape (m,).
    """
    count = int((times_s[-1] - times_s[0]) / FRAME_S + 1e-6) + 1 if len(times_s) > 1 else 0
    if count < PICTURES or len(power) < SPECTRA:
        return NOTHING
    at_s = times_s[0] + np.arange(count) * FRAME_S
    half, half_sound = PICTURES // 2, SPECTRA // 2
    pictures = even(mouths, times_s, at_s, contrast(mouths))
    return slots_of(
        Moments(
            lips=model.lips(pictures),
            lips_at_s=at_s[half : count - half],
            sound=model.sound(normalised(power)),
            sound_start_s=sound_start_s + CENTRE_S + half_sound * HOP_S,
            speech=speech[half_sound : len(power) - half_sound],
            motion=_motion(pictures)[half : count - half],
        )
    )


def _motion(pictures: Floats) -> npt.NDArray[np.float64]:
    """Give how much the middle of the mouth changes from each picture to the next, shape (n,)."""
    margin = (pictures.shape[1] - LIPS_PX) // 2
    lips = pictures[:, margin:-margin, margin:-margin]
    change = np.abs(np.diff(lips, axis=0)).mean(axis=(1, 2), dtype=np.float64)
    return np.append(change, change[-1:])
