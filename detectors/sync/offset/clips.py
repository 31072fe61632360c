"""The rows of a manifest as the recipe uses them: who may be learnt from, who stays together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from avaudit.errors import UsageError
from avaudit.manifest import binary_labels, paths, read_manifest, texts

KEPT_BACK = "GRID"
"""Not learnt from: its sound is on time to 10 ms, so it tells whether offsets come out right, and
its people, whom the towers never saw, are what the head is fitted to."""

OWN_OFFSET_S = {
    "LRC-AR": 0.06,
    "VoxCeleb2": 0.05,
    "HDTF": 0.08,
    "talking_head_demo_inputs": 0.06,
}
"""By corpus, how late the sound of its clips is as a rule (mouth opening against sound level)."""

SHARES = {"LRC-AR": 0.30, "": 0.48}
"""How often a corpus is drawn, relative to the others; those not named share the empty name."""


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A row. ``source`` is its corpus or repository; ``unit`` joins rows of one person or file.

    ``group`` are the values of the columns ``group.<name>`` by name.
    """

    name: str
    path: Path
    corpus: str
    source: str
    identity: str
    unit: str
    trainable: bool
    group: Mapping[str, str] = field(default_factory=dict)


def read_clips(manifests: Sequence[Path]) -> list[Clip]:
    """Read the real clips (label 0) of one or more manifests.

    Columns ``path``, ``label``, ``identity``; perhaps ``corpus``, ``source_blob``,
    ``source_repo``, ``use`` (only
    ``train`` is learnt from; without the column, all). A source that stands in two rows counts
    once. Rows that share an identity or a source are one unit.

    Raises
    ------
    UsageError
        When a manifest cannot be read or has no such rows.
    """
    rows: list[_Row] = []
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
    return [
        Clip(
            name=str(row["name"]),
            path=Path(row["path"]),
            corpus=str(row["corpus"]),
            source=str(row["corpus"] or row["source_repo"]),
            identity=str(row["identity"]),
            unit=unit,
            trainable=row["use"] == "train",
            group={key[6:]: str(row[key]) for key in row if key.startswith("group.")},
        )
        for row, unit in zip(rows, units, strict=True)
    ]


_Row = dict[str, str | Path]


def _rows(manifest: Path) -> list[_Row]:
    table = read_manifest(manifest)
    real = binary_labels(table) == 0

    def column(name: str, default: str) -> list[str]:
        if name not in table.frame.columns:
            return [default] * len(table)
        return [str(text) for text in texts(table, name)]

    columns = {
        "name": column("path", ""),
        "corpus": column("corpus", ""),
        "identity": column("identity", ""),
        "source_blob": column("source_blob", ""),
        "use": column("use", "train"),
        "source_repo": column("source_repo", ""),
        **{name: column(name, "") for name in table.frame.columns if _is_group(name)},
    }
    files = paths(table, "video")
    return [
        {"path": files[row], **{name: values[row] for name, values in columns.items()}}
        for row in range(len(table))
        if real[row] and columns["identity"][row]
    ]


def _is_group(name: str) -> bool:
    return name.startswith("group.") and name.count(".") == 1


def _units(rows: Sequence[_Row]) -> list[str]:
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


def shares(corpora: Sequence[str], seconds: Sequence[float]) -> npt.NDArray[np.float64]:
    """Give how often each clip is drawn: corpora by :data:`SHARES`, clips by their length."""
    total: dict[str, float] = defaultdict(float)
    kinds = [corpus if corpus in SHARES else "" for corpus in corpora]
    for kind, length in zip(kinds, seconds, strict=True):
        total[kind] += length
    return np.array([SHARES[k] * s / total[k] for k, s in zip(kinds, seconds, strict=True)])
