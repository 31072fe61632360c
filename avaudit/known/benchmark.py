"""How fast the index is searched, beside reading it at all and FAISS: its part of ``make bench``.

``python -m avaudit.known.benchmark`` measures it alone, on one core.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..benchmarks.rows import Row, table
from .search import BITS, WORDS, within

SIZES = {1_000_000: "≤ 5 ms", 10_000_000: "≤ 40 ms"}
RADIUS = 31
RUNS = 15
Words = npt.NDArray[np.uint64]


def measure_search(_folder: Path) -> list[Row]:
    """Time one query among a million and ten million hashes of 256 bits, on one core."""
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    if affinity:
        os.sched_setaffinity(0, {min(affinity)})
    try:
        return [row for count, goal in SIZES.items() for row in _rows(count, goal)]
    finally:
        if affinity:
            os.sched_setaffinity(0, affinity)


def _rows(count: int, goal: str) -> list[Row]:
    rng = np.random.default_rng(count)
    columns = [rng.integers(0, 2**64, count, dtype=np.uint64) for _ in range(WORDS)]
    query = np.array([column[count // 2] for column in columns])
    assert within(columns, query, RADIUS)[0].tolist() == [count // 2]
    ways = {
        "floor": lambda: [int(column.max()) for column in columns],
        "ours": lambda: within(columns, query, RADIUS),
        **_faiss(columns, query),
    }
    times = _interleaved(ways)
    what = f"known media: one query among {count:,} × {BITS} bits, radius {RADIUS}, best of {RUNS}"
    floor, ours = times["floor"], times["ours"]
    rows = [Row(f"reading {count:,} × {BITS} bits once (memory-bandwidth floor)", floor, "ms")]
    rows.append(Row(what, ours, "ms", "reading it once", ours / floor, goal))
    if "faiss" in times:
        faiss = times["faiss"]
        rows.append(Row("the same by FAISS IndexBinaryFlat", faiss, "ms", "avaudit", faiss / ours))
    return rows


def _interleaved(ways: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Give the least milliseconds of each: what others do on the machine only ever adds."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(RUNS):
        for name, run in ways.items():
            start = time.perf_counter()
            run()
            times[name].append(1000 * (time.perf_counter() - start))
    return {name: min(spent) for name, spent in times.items()}


def _faiss(columns: Sequence[Words], query: Words) -> dict[str, Callable[[], object]]:
    """Give FAISS's own search, where the extra is installed."""
    try:
        import faiss
    except ImportError:
        return {}
    faiss.omp_set_num_threads(1)
    index = faiss.IndexBinaryFlat(BITS)
    index.add(np.stack(columns, axis=1).view(np.uint8))
    asked = query[None].view(np.uint8)
    # range_search returns what is strictly nearer
    return {"faiss": lambda: index.range_search(asked, RADIUS + 1)}


if __name__ == "__main__":
    sys.stdout.write(table(measure_search(Path())))
