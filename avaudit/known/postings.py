"""From keys to where they occur: sorted segments on disk, merged as they grow in number.

A segment is never changed: its keys rise, its values lie beside them. New postings become a new
segment; when the one before it is not much larger, the two become one, so that there are never
more than a few (O'Neil and others 1996, The log-structured merge-tree, section 2).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .columns import Array, mapped

KEY = np.dtype("<u4")
VALUE = np.dtype("<u8")
MERGE_BELOW = 4
"""A segment is merged with the next when it is less than this many times as large."""
LARGEST_MERGE = 50_000_000

Keys = npt.NDArray[np.uint32]
Values = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Segment:
    """One file of postings, sorted by key."""

    name: str
    count: int

    def read(self, folder: Path) -> tuple[Array, Array]:
        """Map its keys and its values."""
        path = folder / self.name
        aligned = _values_at(self.count)
        return mapped(path, KEY, self.count), mapped(path, VALUE, self.count, offset=aligned)


def _values_at(count: int) -> int:
    return (count * KEY.itemsize + 7) // 8 * 8


def write_segment(folder: Path, name: str, keys: Keys, values: Values) -> Segment:
    """Sort postings by key and write them to disk for good."""
    order = np.argsort(keys, kind="stable")
    with (folder / name).open("wb") as file:
        file.write(np.ascontiguousarray(keys[order], dtype=KEY).tobytes())
        file.write(b"\0" * (_values_at(len(keys)) - len(keys) * KEY.itemsize))
        file.write(np.ascontiguousarray(values[order], dtype=VALUE).tobytes())
        file.flush()
        os.fsync(file.fileno())
    return Segment(name, len(keys))


def merged(
    folder: Path, segments: Sequence[Segment], keys: Keys, values: Values, name: str
) -> list[Segment]:
    """Give the segments with new postings among them; files that fell out are left to remove."""
    kept = list(segments)
    while (
        kept
        and kept[-1].count < MERGE_BELOW * len(keys)
        and kept[-1].count + len(keys) <= LARGEST_MERGE
    ):
        old_keys, old_values = kept.pop().read(folder)
        keys = np.concatenate([old_keys, keys])
        values = np.concatenate([old_values, values])
    return [*kept, write_segment(folder, name, keys, values)]


def find(
    segments: Sequence[tuple[Array, Array]], keys: npt.NDArray[Any], *, most_per_key: int
) -> tuple[npt.NDArray[np.int64], Values]:
    """Look keys up in all segments.

    Parameters
    ----------
    segments
        Mapped keys and values of each.
    keys
        The keys asked for.
    most_per_key
        A key with more postings than this in a segment says little: it is passed over.

    Returns
    -------
    asked, values
        For each posting found, the position of its key among those asked for, and its value.
    """
    asked: list[npt.NDArray[np.int64]] = []
    found: list[Values] = []
    wanted = keys.astype(KEY)
    for held, values in segments:
        first = np.searchsorted(held, wanted, side="left")
        count = np.searchsorted(held, wanted, side="right") - first
        count[count > most_per_key] = 0
        total = int(count.sum())
        if not total:
            continue
        own = np.repeat(np.arange(len(wanted)), count)
        within = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
        asked.append(own)
        found.append(values[first[own] + within])
    if not asked:
        return np.zeros(0, np.int64), np.zeros(0, np.uint64)
    return np.concatenate(asked), np.concatenate(found)
