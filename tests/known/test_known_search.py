"""Exact search and postings, against the plain way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from avaudit.known import within
from avaudit.known.postings import find, merged, write_segment


def brute(columns: list[np.ndarray], word: np.ndarray, radius: int) -> dict[int, int]:
    bits = [np.unpackbits(c[:, None].view(np.uint8), axis=1) for c in columns]
    asked = [np.unpackbits(np.array([w], np.uint64).view(np.uint8)) for w in word]
    distance = sum((b != a).sum(axis=1) for b, a in zip(bits, asked, strict=True))
    return {int(i): int(distance[i]) for i in np.flatnonzero(distance <= radius)}


@settings(max_examples=30, deadline=None)
@given(
    n=st.integers(0, 400),
    radius=st.integers(0, 256),
    flipped=st.integers(0, 200),
    seed=st.integers(0, 2**32),
)
def test_search_is_exact(n: int, radius: int, flipped: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    columns = [rng.integers(0, 2**64, n, dtype=np.uint64) for _ in range(4)]
    word = rng.integers(0, 2**64, 4, dtype=np.uint64)
    for row in range(0, n, 3):  # hashes near the one asked for, at all distances
        for bit in rng.choice(256, rng.integers(0, flipped + 1), replace=False):
            columns[bit // 64][row] = word[bit // 64]
        mask = rng.choice(256, rng.integers(0, flipped + 1), replace=False)
        for column in range(4):
            columns[column][row] = word[column]
        for bit in mask:
            columns[bit // 64][row] ^= np.uint64(1) << np.uint64(bit % 64)
    rows, distances = within(columns, word, radius)
    assert dict(zip(rows.tolist(), distances.tolist(), strict=True)) == brute(columns, word, radius)
    assert (np.diff(rows) > 0).all()


def test_search_goes_over_block_borders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avaudit.known.search.BLOCK_ROWS", 7)
    columns = [np.arange(100, dtype=np.uint64), *(np.zeros(100, np.uint64) for _ in range(3))]
    rows, distances = within(columns, [0, 0, 0, 0], 1)
    assert rows.tolist() == [0, 1, 2, 4, 8, 16, 32, 64]
    assert distances.tolist() == [0] + [1] * 7


def test_a_hash_has_four_words() -> None:
    with pytest.raises(ValueError, match="four"):
        within([np.zeros(1, np.uint64)] * 4, [1, 2], 3)


@settings(max_examples=30, deadline=None)
@given(
    batches=st.lists(st.lists(st.integers(0, 30), max_size=20), max_size=12),
    asked=st.lists(st.integers(0, 35), max_size=10),
)
def test_postings_find_all_values(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]], asked: list[int]
) -> None:
    folder: Path = tmp_path_factory.mktemp("postings")
    segments, truth, value = [], [], 0
    for number, batch in enumerate(batches):
        if not batch:
            continue
        values = np.arange(value, value + len(batch), dtype=np.uint64)
        truth += list(zip(batch, values.tolist(), strict=True))
        value += len(batch)
        keys = np.array(batch, np.uint32)
        segments = merged(folder, segments, keys, values, f"s{number}.seg")
    assert sum(s.count for s in segments) == len(truth)
    places, values = find(
        [s.read(folder) for s in segments], np.array(asked, np.uint32), most_per_key=1000
    )
    got = sorted(zip(places.tolist(), values.tolist(), strict=True))
    assert got == sorted((n, v) for n, key in enumerate(asked) for k, v in truth if k == key)


def test_segments_stay_few_and_common_keys_are_passed_over(tmp_path: Path) -> None:
    segments = []
    for number in range(64):
        keys, values = np.full(10, number % 3, np.uint32), np.arange(10, dtype=np.uint64)
        segments = merged(tmp_path, segments, keys, values, f"{number}.seg")
    assert len(segments) <= 4
    one = write_segment(
        tmp_path, "x.seg", np.array([5] * 9 + [6], np.uint32), np.arange(10, dtype=np.uint64)
    )
    places, values = find([one.read(tmp_path)], np.array([5, 6]), most_per_key=8)
    assert (places.tolist(), values.tolist()) == ([1], [9])
