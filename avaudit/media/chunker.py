"""Cutting two time-ordered streams, pictures and sound, into chunks of about a second."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

import numpy as np

from .types import AudioBlock, Chunk, Frame

CHUNK_S = 1.0
T = TypeVar("T")
BYTES_PER_PIXEL = 4.5  # a native 4:2:0 picture (1.5) and its RGB conversion (3)


def gather(
    frames: Iterable[Frame], audio: Iterable[AudioBlock], *, chunk_bytes: int
) -> Iterator[Chunk]:
    """Merge frames and sound blocks into chunks.

    Parameters
    ----------
    frames, audio
        In the order of decoding. Items of one stream whose time runs backwards stay in the
        chunk that is being made, with their own times.
    chunk_bytes
        A chunk ends early when its pictures would take more than this.

    Yields
    ------
    Chunk
        In order of time; empty seconds are left out, so a hostile timestamp of a million
        hours costs nothing.
    """
    pictures, sounds = _Lookahead(frames), _Lookahead(audio)
    index = 0
    while (start := _earliest(pictures.head, sounds.head)) is not None:
        second_end = (math.floor(start / CHUNK_S) + 1) * CHUNK_S
        if second_end <= start:  # beyond the resolution of floating point
            second_end = math.inf
        taken = _take_frames(pictures, second_end, chunk_bytes)
        full = pictures.head is not None and pictures.head.time_s < second_end
        end = pictures.head.time_s if full and pictures.head else second_end
        blocks = _take_audio(sounds, end)
        yield Chunk(index=index, start_s=start, end_s=end, frames=tuple(taken), audio=tuple(blocks))
        index += 1


class _Lookahead(Generic[T]):
    """An iterator that shows its next item."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self.head: T | None = next(self._items, None)

    def pop(self) -> T:
        assert self.head is not None
        item, self.head = self.head, next(self._items, None)
        return item


def _earliest(frame: Frame | None, block: AudioBlock | None) -> float | None:
    starts = []
    if frame is not None:
        starts.append(frame.time_s)
    if block is not None:
        starts.append(block.start_s)
    return min(starts, default=None)


def _take_frames(pictures: _Lookahead[Frame], end_s: float, chunk_bytes: int) -> list[Frame]:
    taken: list[Frame] = []
    held = 0.0
    while (frame := pictures.head) is not None and frame.time_s < end_s:
        held += frame.width * frame.height * BYTES_PER_PIXEL
        if taken and held > chunk_bytes:
            break
        taken.append(pictures.pop())
    return taken


def _take_audio(sounds: _Lookahead[AudioBlock], end_s: float) -> list[AudioBlock]:
    blocks: list[AudioBlock] = []
    while (block := sounds.head) is not None and block.start_s < end_s:
        blocks.append(sounds.pop())
    return _joined(blocks)


def _joined(blocks: list[AudioBlock]) -> list[AudioBlock]:
    """Join blocks that follow one another without a gap."""
    runs: list[list[AudioBlock]] = []
    for block in blocks:
        if runs and _continues(runs[-1][-1], block):
            runs[-1].append(block)
        else:
            runs.append([block])
    return [
        AudioBlock(
            start_s=run[0].start_s,
            sample_rate=run[0].sample_rate,
            samples=np.concatenate([block.samples for block in run]),
        )
        for run in runs
    ]


def _continues(before: AudioBlock, after: AudioBlock) -> bool:
    if before.sample_rate != after.sample_rate:
        return False
    return abs(after.start_s - before.end_s) < 0.5 / before.sample_rate
