"""The rows of a manifest as the recipe uses them: who may be learnt from, who stays together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from avaudit.errors import UsageError
from avaudit.manifest import binary_labels, paths, read_manifest, texts

FOLDS = 2
IN_STEP = "GRID"
"""The corpus whose sound is known to be on time to 10 ms; it anchors the others."""

OWN_OFFSET_S = {
    "LRC-AR": 0.06,
    "VoxCeleb2": 0.05,
    "HDTF": 0.08,
    "talking_head_demo_inputs": 0.06,
}
"""By corpus, how late the sound of its clips is as a rule (mouth opening against sound level)."""

SHARES = {"GRID": 0.22, "LRC-AR": 0.30}
"""How often a corpus is drawn; all others share what is left."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A row: ``unit`` joins all rows that share a person or a source; ``fold`` goes by it."""

    name: str
    path: Path
    corpus: str
    identity: str
    unit: str
    fold: int
    learnt: bool


def read_clips(manifests: Sequence[Path]) -> list[Clip]:
    """Read the real clips (label 0) of one or more manifests.

    Columns ``path``, ``label``, ``identity``; perhaps ``corpus``, ``source_blob``, ``use`` (only
    ``train`` is learnt from; without the column, all). A source that stands in two rows counts
    once. Rows that share an identity or a source are one unit, and units are spread over two
    folds so that each holds half of every corpus.

    Raises
    ------
    UsageError
        When a manifest cannot be read or has no such rows.
    """
    rows: list[dict[str, str | Path]] = []
    seen: set[str] = set()
    for manifest in manifests:
        for row in _rows(manifest):
            blob = str(row["source_blob"])
            if not blob or blob not in seen:
                rows.append(row)
            seen.add(blob)
    if not rows:
        raise UsageError(f"{manifests[0]}: no row with label 0 and an identity")
    units = _units(rows)
    folds = _folds(rows, units)
    return [
        Clip(
            name=str(row["name"]),
            path=Path(row["path"]),
            corpus=str(row["corpus"]),
            identity=str(row["identity"]),
            unit=unit,
            fold=folds[unit],
            learnt=row["use"] == "train",
        )
        for row, unit in zip(rows, units, strict=True)
    ]


def _rows(manifest: Path) -> list[dict[str, str | Path]]:
    table = read_manifest(manifest)
    real = binary_labels(table) == 0

    def column(name: str, default: str) -> list[str]:
        if name not in table.frame.columns:
            return [default] * len(table)
        return [str(text) for text in texts(table, name)]

    found = zip(
        paths(table, "video"),
        column("path", ""),
        column("corpus", ""),
        column("identity", ""),
        column("source_blob", ""),
        column("use", "train"),
        real,
        strict=True,
    )
    names = ("path", "name", "corpus", "identity", "source_blob", "use")
    return [dict(zip(names, row[:6], strict=True)) for row in found if row[6] and row[3]]


def _units(rows: Sequence[dict[str, str | Path]]) -> list[str]:
    """Join rows by identity and by source (connected components)."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        while parent.setdefault(key, key) != key:
            key = parent[key]
        return key

    for row in rows:
        if row["source_blob"]:
            parent[root(f"source {row['source_blob']}")] = root(f"identity {row['identity']}")
    return [root(f"identity {row['identity']}") for row in rows]


def _folds(rows: Sequence[dict[str, str | Path]], units: Sequence[str]) -> dict[str, int]:
    """Give each unit a fold: the largest first, to where its corpus has least."""
    sizes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row, unit in zip(rows, units, strict=True):
        sizes[unit][str(row["corpus"])] += 1
    load: list[dict[str, int]] = [defaultdict(int) for _ in range(FOLDS)]
    folds: dict[str, int] = {}
    for unit in sorted(sizes, key=lambda u: (-sum(sizes[u].values()), u)):
        main = max(sorted(sizes[unit]), key=lambda corpus: sizes[unit][corpus])
        fold = min(range(FOLDS), key=lambda k: (load[k][main], sum(load[k].values()), k))
        for corpus, count in sizes[unit].items():
            load[fold][corpus] += count
        folds[unit] = fold
    return folds


def shares(corpora: Sequence[str], seconds: Sequence[float]) -> np.ndarray:
    """Give how often each clip is drawn: corpora by :data:`SHARES`, clips by their length."""
    total: dict[str, float] = defaultdict(float)
    kinds = [corpus if corpus in SHARES else "" for corpus in corpora]
    for kind, length in zip(kinds, seconds, strict=True):
        total[kind] += length
    rest = 1.0 - sum(SHARES.values())
    return np.array(
        [SHARES.get(kind, rest) * s / total[kind] for kind, s in zip(kinds, seconds, strict=True)]
    )
