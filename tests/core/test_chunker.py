"""Chunks hold every frame and every sample exactly once, whatever the timestamps claim."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from avaudit.media.chunker import BYTES_PER_PIXEL, gather
from avaudit.media.types import AudioBlock, Chunk, Frame, RgbArray

PLENTY = 1 << 30
TIMES = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [0.0, -0.0, 0.999999999, 1.0, -1.0, 1e300, -1e300, 2.0**53, 2.0**63]
)


def no_pixels() -> RgbArray:
    raise AssertionError("cutting into chunks must not decode pixels")


def frame(index: int, time_s: float, size: int = 10) -> Frame:
    return Frame(index=index, time_s=time_s, width=size, height=size, load=no_pixels)


def block(start_s: float, marker: float, samples: int = 10, rate: int = 100) -> AudioBlock:
    return AudioBlock(
        start_s=start_s, sample_rate=rate, samples=np.full(samples, marker, np.float32)
    )


def cut(frames: list[Frame], audio: list[AudioBlock], chunk_bytes: int = PLENTY) -> list[Chunk]:
    # an endless loop must fail, not hang
    chunks = list(
        itertools.islice(
            gather(frames, audio, chunk_bytes=chunk_bytes), len(frames) + len(audio) + 1
        )
    )
    assert len(chunks) <= len(frames) + len(audio)
    return chunks


@settings(max_examples=150, deadline=None)
@given(
    pictures=st.lists(TIMES, max_size=30),
    sounds=st.lists(TIMES, max_size=30),
    chunk_bytes=st.sampled_from([1, 1000, PLENTY]),
)
def test_everything_comes_out_exactly_once(
    pictures: list[float], sounds: list[float], chunk_bytes: int
) -> None:
    frames = [frame(index, time_s) for index, time_s in enumerate(pictures)]
    audio = [block(start_s, marker) for marker, start_s in enumerate(sounds)]
    chunks = cut(frames, audio, chunk_bytes)
    assert [f.index for c in chunks for f in c.frames] == list(range(len(frames)))
    out = [b.samples for c in chunks for b in c.audio]
    expected = [b.samples for b in audio]
    assert np.array_equal(
        np.concatenate(out) if out else [], np.concatenate(expected) if expected else []
    )
    assert [c.index for c in chunks] == list(range(len(chunks)))
    assert all(c.frames or c.audio for c in chunks)


@settings(max_examples=100, deadline=None)
@given(
    pictures=st.lists(st.floats(-1e6, 1e6), max_size=30).map(sorted),
    sounds=st.lists(st.floats(-1e6, 1e6), max_size=30).map(sorted),
    chunk_bytes=st.sampled_from([1, 1000, PLENTY]),
)
def test_ordered_times_give_ordered_chunks_of_a_second_at_most(
    pictures: list[float], sounds: list[float], chunk_bytes: int
) -> None:
    frames = [frame(index, time_s) for index, time_s in enumerate(pictures)]
    audio = [block(start_s, marker) for marker, start_s in enumerate(sounds)]
    chunks = cut(frames, audio, chunk_bytes)
    for before, after in itertools.pairwise(chunks):
        assert before.end_s <= after.start_s
    for chunk in chunks:
        assert 0 <= chunk.end_s - chunk.start_s <= 1.0 + 1e-9
        assert all(chunk.start_s <= f.time_s for f in chunk.frames)
        assert all(chunk.start_s <= b.start_s for b in chunk.audio)
        assert all(f.time_s <= chunk.end_s for f in chunk.frames)


def test_chunks_end_on_whole_seconds() -> None:
    chunks = cut([frame(i, i / 10) for i in range(25)], [])
    assert [(c.start_s, c.end_s, len(c.frames)) for c in chunks] == [
        (0.0, 1.0, 10),
        (1.0, 2.0, 10),
        (2.0, 3.0, 5),
    ]


def test_a_gap_of_a_million_hours_costs_nothing() -> None:
    chunks = cut([frame(0, 0.0), frame(1, 3.6e9)], [])
    assert [c.start_s for c in chunks] == [0.0, 3.6e9]


def test_large_pictures_make_chunks_shorter() -> None:
    each = 10 * 10 * BYTES_PER_PIXEL
    chunks = cut([frame(i, i / 10) for i in range(10)], [], chunk_bytes=int(3 * each))
    assert [len(c.frames) for c in chunks] == [3, 3, 3, 1]
    assert chunks[0].end_s == pytest.approx(0.3)


def test_sound_goes_with_the_part_of_the_second_it_starts_in() -> None:
    each = 10 * 10 * BYTES_PER_PIXEL
    audio = [block(i / 10, i) for i in range(10)]
    chunks = cut([frame(i, i / 10) for i in range(10)], audio, chunk_bytes=int(5 * each))
    assert [sum(len(b.samples) for b in c.audio) for c in chunks] == [50, 50]


def test_blocks_without_a_gap_are_joined_and_gaps_are_kept() -> None:
    (chunk,) = cut([], [block(0.0, 1), block(0.1, 2), block(0.5, 3)])
    assert [(b.start_s, len(b.samples)) for b in chunk.audio] == [(0.0, 20), (0.5, 10)]
    assert chunk.audio[0].end_s == pytest.approx(0.2)


def test_a_change_of_rate_starts_a_new_block() -> None:
    (chunk,) = cut([], [block(0.0, 1), block(0.1, 2, rate=200)])
    assert [b.sample_rate for b in chunk.audio] == [100, 200]


def test_nothing_gives_no_chunk() -> None:
    assert cut([], []) == []
