"""Within the worker: keeping what a file holds, and giving it again as if it had been re-shared.

The first minute of sound and the first picture are kept while the detectors see the file, and
put under conditions in memory (:mod:`avaudit.conditions.impose`). Nothing is written, and no
untrusted byte is parsed anywhere else.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from ..conditions.impose import (
    AUDIO_CONDITIONS,
    IMAGE_CONDITIONS,
    VIDEO_CONDITIONS,
    impose_audio,
    impose_image,
)
from ..detector import Detector, Need
from ..media.types import AudioBlock, Chunk, Frame, RgbArray

KEPT_S = 60.0
"""Sound beyond this is not kept: memory must not grow with the file."""


def can_reshare(detector: Detector, condition: str) -> bool:
    """Whether a condition can be put on what a detector sees.

    Sound for detectors of sound, stills for detectors of stills, whole clips (see
    :mod:`.reshare_clip`) for those of frames or faces. Raw bytes cannot be re-shared.
    """
    if detector.needs == {Need.AUDIO}:
        return condition in AUDIO_CONDITIONS
    if detector.needs == {Need.IMAGE}:
        return condition in IMAGE_CONDITIONS
    return Need.BYTES not in detector.needs and condition in VIDEO_CONDITIONS


class Kept:
    """What was kept of a file: up to a minute of sound, and its first picture."""

    def __init__(self) -> None:
        self._chunks: list[Chunk] = []
        self._sound_s = 0.0
        self.cut = False
        """Whether the file has more sound than was kept."""

    def feed(self, chunk: Chunk) -> None:
        """Take the next chunk, after the detectors had it."""
        audio: list[AudioBlock] = []
        for block in chunk.audio:
            room = round((KEPT_S - self._sound_s) * block.sample_rate)
            if room < len(block.samples):
                self.cut = True
            if room > 0:
                samples = block.samples[:room].copy()
                audio.append(replace(block, samples=samples))
                self._sound_s += len(samples) / block.sample_rate
        frames = chunk.frames[:1] if chunk.index == 0 else ()
        if audio or frames:
            self._chunks.append(replace(chunk, audio=tuple(audio), frames=frames))

    def under(self, condition: str) -> Iterator[Chunk]:
        """Give the kept chunks under a condition of sound or of pictures."""
        sound = condition in AUDIO_CONDITIONS
        changed = self._sound_under(condition) if sound else {}
        for number, chunk in enumerate(self._chunks):
            if sound:
                yield replace(chunk, frames=(), audio=tuple(changed.get(number, ())))
            else:
                frames = tuple(_imposed(frame, condition) for frame in chunk.frames)
                yield replace(chunk, frames=frames, audio=())

    def _sound_under(self, condition: str) -> dict[int, list[AudioBlock]]:
        """Impose on gap-free runs, so that coders see no seams, and cut as before."""
        changed: dict[int, list[AudioBlock]] = {}
        for run in _runs(self._blocks()):
            joined = np.concatenate([block.samples for _, block in run])
            rate = run[0][1].sample_rate
            # noise differs from item to item and is the same for the same item
            rng = np.random.default_rng(zlib.crc32(joined.tobytes()))
            out = impose_audio(joined, rate, condition, rng=rng)
            at = 0
            for number, block in run:
                part = out[at : at + len(block.samples)]
                at += len(block.samples)
                if len(part):
                    changed.setdefault(number, []).append(replace(block, samples=part))
        return changed

    def _blocks(self) -> Iterator[tuple[int, AudioBlock]]:
        for number, chunk in enumerate(self._chunks):
            for block in chunk.audio:
                yield number, block


def _runs(
    blocks: Iterable[tuple[int, AudioBlock]],
) -> Iterator[list[tuple[int, AudioBlock]]]:
    run: list[tuple[int, AudioBlock]] = []
    for number, block in blocks:
        if run and not _follows(run[-1][1], block):
            yield run
            run = []
        run.append((number, block))
    if run:
        yield run


def _follows(before: AudioBlock, block: AudioBlock) -> bool:
    same = before.sample_rate == block.sample_rate
    return same and abs(block.start_s - before.end_s) < 1.5 / block.sample_rate


def _imposed(frame: Frame, condition: str) -> Frame:
    rgb = impose_image(frame.rgb, condition)

    def load() -> RgbArray:
        return rgb

    return Frame(
        index=frame.index,
        time_s=frame.time_s,
        width=rgb.shape[1],
        height=rgb.shape[0],
        load=load,
        duration_s=frame.duration_s,
        keyframe=frame.keyframe,
    )
