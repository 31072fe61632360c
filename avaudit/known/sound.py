"""Landmarks of sound: pairs of spectral peaks (Wang 2003, An industrial-strength audio search).

The spectrum is taken over 64 ms every 16 ms at whatever rate the sound has, up to 4 kHz: no
resampling is needed, as the length of the window in seconds fixes the distance of the bins. A
landmark is a peak, the distance in frequency and the distance in time to one that follows it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..media.types import AudioBlock

WINDOW_S, HOP_S = 0.064, 0.016
BINS = 256
"""Bins of 15.6 Hz from 0: up to 4 kHz."""
NEIGHBOURS = (25, 17)
"""Frames and bins of which a peak must be the highest."""
PEAKS_PER_S = 24
FAN_OUT = 4
LONGEST_FRAMES, WIDEST_BINS = 63, 31
LEAST_DB, LEAST_RISE_DB = -80.0, 6.0
BLOCK_FRAMES = 625
JOIN_S = 0.1
"""Blocks of sound further apart than this are not one sound."""

Keys = npt.NDArray[np.uint32]
Frames = npt.NDArray[np.uint32]


class Landmarks:
    """Takes blocks of sound in order and gives landmarks; holds a few seconds and the peaks."""

    def __init__(self) -> None:
        self._rate = 0
        self._samples: list[npt.NDArray[np.float32]] = []
        self._have = 0
        self._taken = 0
        self._done = 0
        self._origin_s = 0.0
        self._frame = 0
        self._rows: list[npt.NDArray[np.float32]] = []
        self._first_row = 0
        self._peaks: list[npt.NDArray[np.int64]] = []
        self.seconds = 0.0

    def feed(self, block: AudioBlock) -> None:
        """Take the next block."""
        end_s = self._origin_s + (self._taken + self._have) / self._rate if self._rate else 0.0
        if block.sample_rate != self._rate or abs(block.start_s - end_s) > JOIN_S:
            self._restart(block)
        self._samples.append(block.samples)
        self._have += len(block.samples)
        self.seconds += len(block.samples) / block.sample_rate
        if self._have > 4 * self._rate:
            self._spectra()

    def finish(self) -> tuple[Keys, Frames]:
        """Give all landmarks: their keys, and the frame (16 ms from time 0) each begins at."""
        self._close()
        peaks = np.concatenate(self._peaks) if self._peaks else np.zeros((0, 2), np.int64)
        return pairs(peaks[np.lexsort((peaks[:, 1], peaks[:, 0]))])

    def _restart(self, block: AudioBlock) -> None:
        self._close()
        self._rate = block.sample_rate
        self._samples, self._have, self._taken = [], 0, 0
        # frames stand on one grid from time 0, whatever the sound begins at
        self._frame = max(0, int(np.ceil(block.start_s / HOP_S)))
        self._origin_s = block.start_s
        self._first_row = self._frame

    def _close(self) -> None:
        if self._rate:
            self._spectra()
            self._pick(last=True)

    def _spectra(self) -> None:
        samples = np.concatenate(self._samples) if self._samples else np.zeros(0, np.float32)
        size = round(WINDOW_S * self._rate)
        last = self._taken + len(samples) - size
        count = int(np.floor((last / self._rate + self._origin_s) / HOP_S)) - self._frame + 1
        if count > 0:
            frames = self._frame + np.arange(count)
            starts = np.rint((frames * HOP_S - self._origin_s) * self._rate).astype(np.int64)
            starts = np.clip(starts - self._taken, 0, len(samples) - size)
            self._rows.append(_log_power(samples, starts, size, self._rate))
            self._frame += count
            keep = int(starts[-1])
            self._taken += keep
            samples = samples[keep:]
        self._samples, self._have = [samples.copy()], len(samples)
        if sum(map(len, self._rows)) > BLOCK_FRAMES:
            self._pick(last=False)

    def _pick(self, *, last: bool) -> None:
        """Find the peaks of all rows but those whose neighbours are still to come."""
        if not self._rows:
            return
        rows = np.concatenate(self._rows)
        context = NEIGHBOURS[0] // 2
        peaks = _peaks(rows)
        ready = len(rows) if last else len(rows) - context
        done = self._done
        own = peaks[(peaks[:, 0] >= done) & (peaks[:, 0] < ready)]
        own[:, 0] += self._first_row
        self._peaks.append(own)
        if last:
            self._rows, self._done = [], 0
            return
        keep = max(0, ready - context)
        self._rows = [rows[keep:]]
        self._first_row += keep
        self._done = ready - keep


def _log_power(
    samples: npt.NDArray[np.float32], starts: npt.NDArray[np.int64], size: int, rate: int
) -> npt.NDArray[np.float32]:
    window = np.hanning(size + 1)[:-1].astype(np.float32)
    bins = round(BINS * size / (rate * WINDOW_S))
    rows = np.full((len(starts), BINS), -200.0, np.float32)
    views = np.lib.stride_tricks.sliding_window_view(samples, size)
    for at in range(0, len(starts), 128):
        spectrum = np.abs(np.fft.rfft(views[starts[at : at + 128]] * window))[:, : min(BINS, bins)]
        level = 20 * np.log10(spectrum * (4 / size) + 1e-10)
        rows[at : at + 128, : level.shape[1]] = level
    return rows


def _peaks(rows: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Give (row, bin) of the strongest peaks, at most so many a second."""
    from scipy.ndimage import maximum_filter, uniform_filter

    rise = rows - uniform_filter(rows, NEIGHBOURS, mode="nearest")
    top = (maximum_filter(rows, NEIGHBOURS, mode="nearest") == rows) & (rows > LEAST_DB)
    top &= rise > LEAST_RISE_DB
    top[:, :2] = False
    places = np.argwhere(top)
    second = places[:, 0] // round(1 / HOP_S)
    order = np.lexsort((-rise[tuple(places.T)], second))
    ranks = np.arange(len(order)) - np.searchsorted(second[order], second[order])
    kept = np.sort(order[ranks < PEAKS_PER_S])
    return places[kept]


def pairs(peaks: npt.NDArray[np.int64]) -> tuple[Keys, Frames]:
    """Pair peaks, given as (frame, bin) in order of time, with those that follow closely."""
    keys: list[Keys] = []
    frames: list[Frames] = []
    taken = np.zeros(len(peaks), np.int64)
    reach = 1
    while reach < len(peaks):
        first, second = peaks[:-reach], peaks[reach:]
        dt, df = second[:, 0] - first[:, 0], second[:, 1] - first[:, 1]
        if not (dt <= LONGEST_FRAMES).any():
            break
        good = (dt > 0) & (dt <= LONGEST_FRAMES) & (np.abs(df) <= WIDEST_BINS)
        good &= taken[:-reach] < FAN_OUT
        taken[:-reach] += good
        keys.append(key_of(first[good, 1], df[good], dt[good]))
        frames.append(first[good, 0].astype(np.uint32))
        reach += 1
    if not keys:
        return np.zeros(0, np.uint32), np.zeros(0, np.uint32)
    return np.concatenate(keys), np.concatenate(frames)


def key_of(
    bin_: npt.NDArray[np.int64], df: npt.NDArray[np.int64], dt: npt.NDArray[np.int64]
) -> Keys:
    """Give the 20-bit key of a landmark: frequency (8), its change (6), time between (6)."""
    return ((bin_ << 12) | ((df + 32) << 6) | dt).astype(np.uint32)


def neighbours(keys: Keys) -> Keys:
    """Give keys with the time between one frame shorter, as it is and longer: shape (3, n)."""
    dt = (keys & 63).astype(np.int64)
    base = keys.astype(np.int64) - dt
    return np.stack([base + np.clip(dt + d, 0, 63) for d in (-1, 0, 1)]).astype(np.uint32)
