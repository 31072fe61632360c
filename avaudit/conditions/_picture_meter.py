"""Metering pictures: traces of 8×8 coding, fine detail, JPEG quality. Memory does not grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from ..media.types import Frame, RgbArray

Array = npt.NDArray[np.float64]

WINDOW_PX = 512
MOST_FRAMES = 15
LEAST_PX = 32

# ITU-T T.81, table K.1 (luminance), in natural order: what libjpeg scales by its quality
_LUMINANCE = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ]
).ravel()


class PictureMeter:
    """Meters pictures whose pixels somebody has asked for already."""

    def __init__(self) -> None:
        self.width: int | None = None
        self.height: int | None = None
        self.frames = 0
        self.first_s: float | None = None
        self.last_s: float | None = None
        self._metered = 0
        self._blockiness: list[float] = []
        self._detail_db: list[float] = []

    def feed(self, frames: Sequence[Frame]) -> None:
        """Take the frames of a chunk; at most one of them is looked at, 15 of a file."""
        for frame in frames:
            self.frames += 1
            self.width = self.width or frame.width
            self.height = self.height or frame.height
            self.first_s = frame.time_s if self.first_s is None else min(self.first_s, frame.time_s)
            self.last_s = frame.time_s if self.last_s is None else max(self.last_s, frame.time_s)
        # ``rgb`` is a cached property: a frame nobody has looked at is not converted for this
        seen = next((frame for frame in frames if "rgb" in vars(frame)), None)
        if seen is not None and self._metered < MOST_FRAMES:
            self._metered += 1
            luminance = middle_luminance(seen.rgb)
            _keep(self._blockiness, blockiness(luminance))
            _keep(self._detail_db, fine_detail_db(luminance))

    @property
    def blockiness(self) -> float | None:
        """Median over the frames looked at of :func:`blockiness`."""
        return float(np.median(self._blockiness)) if self._blockiness else None

    @property
    def fine_detail_db(self) -> float | None:
        """Median over the frames looked at of :func:`fine_detail_db`."""
        return float(np.median(self._detail_db)) if self._detail_db else None

    @property
    def measured_fps(self) -> float | None:
        """Frames per second between the first and the last presentation time."""
        if self.frames < 2 or self.first_s is None or self.last_s is None:
            return None
        span = self.last_s - self.first_s
        return (self.frames - 1) / span if span > 0.0 else None


def middle_luminance(rgb: RgbArray) -> Array:
    """Give the luminance (ITU-R BT.601) of at most the middle 512×512 pixels."""
    top, left = (max(0, (edge - WINDOW_PX) // 2) for edge in rgb.shape[:2])
    window = rgb[top : top + WINDOW_PX, left : left + WINDOW_PX].astype(np.float64)
    luminance: Array = window @ np.array([0.299, 0.587, 0.114])
    return luminance


def blockiness(luminance: Array) -> float | None:
    """Give how much steps across an 8×8 grid exceed those inside its blocks, as a ratio.

    About 1 for pictures never coded in blocks; the grid is looked for at every phase, so a
    crop does not hide it. None for pictures smaller than 32 pixels.
    The idea is that of Wang, Bovik & Evans, "Blind measurement of blocking artifacts in images"
    (ICIP 2000), with second differences, which a smooth gradient does not raise.
    """
    if min(luminance.shape) < LEAST_PX:
        return None
    return (_grid_ratio(luminance) + _grid_ratio(luminance.T)) / 2.0


def _grid_ratio(luminance: Array) -> float:
    steps = np.abs(np.diff(luminance, axis=1))
    # a step counts by what it has beyond its two neighbours
    excess = steps[:, 1:-1] - (steps[:, :-2] + steps[:, 2:]) / 2.0
    by_column = np.mean(np.maximum(excess, 0.0), axis=0)
    phases = np.array([np.mean(by_column[phase::8]) for phase in range(8)])
    # against the second strongest: enlarging by two or four also makes a pattern, but not of one
    # phase in eight; a tenth of a grey level keeps areas without any step from exploding
    second, strongest = np.sort(phases)[-2:]
    return float((strongest + 0.1) / (second + 0.1))


def fine_detail_db(luminance: Array) -> float | None:
    """Give the energy of the upper octave of spatial frequency against the one below, in dB.

    Upper octave: a half to all of the Nyquist frequency. Natural pictures, whose power falls
    with the square of frequency (Field 1987), have about the same energy in both, optics take
    some decibels; a picture that was enlarged or blurred has far less. None for pictures
    smaller than 32 pixels or without any detail in the lower octave.
    """
    if min(luminance.shape) < LEAST_PX:
        return None
    height, width = luminance.shape
    taper = np.hanning(height)[:, None] * np.hanning(width)[None, :]
    power = np.abs(np.fft.rfft2((luminance - luminance.mean()) * taper)) ** 2
    vertical, horizontal = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    radius = np.hypot(vertical, horizontal) / 0.5
    upper = float(power[(radius >= 0.5) & (radius < 1.0)].sum())
    lower = float(power[(radius >= 0.25) & (radius < 0.5)].sum())
    # less than a thousandth of a grey level of detail is rounding
    if lower <= 1e-6 * height * width * float((taper**2).sum()):
        return None
    return float(10.0 * np.log10(max(upper / lower, 1e-9)))


def jpeg_quality(tables: Mapping[int, Sequence[int]]) -> int | None:
    """Estimate libjpeg's quality, 1 to 100, from the quantisation tables of a JPEG.

    Parameters
    ----------
    tables
        By number, 64 values each, as Pillow's ``Image.quantization`` gives them. Table 0 is
        that of luminance.

    Returns
    -------
    quality
        The one whose luminance table is nearest in the mean logarithmic ratio. Exact for
        libjpeg and its like; for encoders with tables of their own, the quality that loses about
        as much. None where there is no such table.

    Examples
    --------
    >>> jpeg_quality({0: [16] * 64}) in range(60, 90)
    True
    """
    table = np.asarray(tables.get(0, ()), dtype=np.float64)
    if table.shape != (64,) or np.any(table < 1) or not np.all(np.isfinite(table)):
        return None
    # sorted, because zig-zag or natural order does not matter then
    measured = np.log(np.sort(table))
    distances = [np.mean(np.abs(measured - np.log(np.sort(_scaled(q))))) for q in range(1, 101)]
    return int(np.argmin(distances)) + 1


def _scaled(quality: int) -> Array:
    """Scale the standard table as libjpeg's ``jpeg_quality_scaling`` does."""
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    scaled: Array = np.clip((_LUMINANCE * percent + 50) // 100, 1, 255).astype(np.float64)
    return scaled


def _keep(values: list[float], value: float | None) -> None:
    if value is not None:
        values.append(value)
