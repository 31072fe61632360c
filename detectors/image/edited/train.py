"""The recipe: from a manifest of photographs to ``model.json``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError
from avaudit.manifest import binary_labels, paths, read_manifest, texts
from avaudit.media.types import RgbArray

from .edits import KINDS, make_edit
from .head import FILE_NAME, PICTURE_TERMS, Model, cell_terms, picture_terms
from .lattice import Map, cell_mean
from .measures import measure

CELLS_PER_PICTURE = 400
LEAST_SIDE_PX = 256
HELD_OUT = "camera photo, metadata-extractor"
"""Photographs by many makes of cameras and phones: false alarms are counted on these."""
C_CELL, C_PICTURE = 2e-5, 1.0
"""Inverse strengths of the penalty: strong for cells, so that all families count."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One measured picture: its stack, the share of each cell that was altered, and the label."""

    stack: Map
    altered: Map
    label: int


def train(
    manifest: Path,
    out: Path,
    *,
    seed: int = 0,
    rounds: int = 1,
    progress: Callable[[str], None] = lambda _: None,
) -> Path:
    """Re-make the model.

    Parameters
    ----------
    manifest
        Rows with ``label`` 0 and, where the columns are there, ``use`` = train and ``task`` =
        image.synthetic (camera photographs): they are edited by :func:`~.edits.make_edit`.
    out
        Folder for the model.
    seed
        The same seed, data and versions of numpy, scipy, Pillow and scikit-learn give the same
        bytes.
    rounds
        How many edits are made of each picture.
    progress
        Is told, line by line, what was done.

    Returns
    -------
    path
        ``out / "model.json"``.

    Raises
    ------
    UsageError
        When the manifest has fewer than four pictures that can be learnt from.
    """
    pictures = photographs(manifest)
    if len(pictures) < 4:
        raise UsageError(f"{manifest}: at least four pictures with label 0 and use = train needed")
    model = learn(list(examples(pictures, seed=seed, rounds=rounds, progress=progress)))
    out.mkdir(parents=True, exist_ok=True)
    path = out / FILE_NAME
    notes: dict[str, str | int] = {"seed": seed, "rounds": rounds, "pictures": len(pictures)}
    write_atomic(path, model.to_json(notes).encode("utf-8"))
    progress(f"wrote {path}")
    return path


def photographs(manifest: Path) -> list[Path]:
    """Give the pictures that may be learnt from: untouched photographs, as files.

    Raises
    ------
    UsageError
        When the manifest cannot be read.
    """
    table = read_manifest(manifest)
    chosen = binary_labels(table) == 0
    for column, wanted in (("use", "train"), ("task", "image.synthetic")):
        if column in table.frame.columns:
            chosen &= np.array([str(text) == wanted for text in texts(table, column)])
    if "source_kind" in table.frame.columns:
        kinds = [str(text) for text in texts(table, "source_kind")]
        chosen &= np.array([k.startswith("camera photo") and k != HELD_OUT for k in kinds])
    return [file for file, ok in zip(paths(table), chosen, strict=True) if ok]


def examples(
    pictures: Sequence[Path],
    *,
    seed: int,
    rounds: int,
    progress: Callable[[str], None],
) -> Iterator[Example]:
    """Edit each picture and measure both the edited and the untouched one."""
    all_ = ((path, opened(path)) for path in pictures)
    usable = [(path, rgb) for path, rgb in all_ if min(rgb.shape[:2]) >= LEAST_SIDE_PX]
    for turn in range(rounds):
        for number, (path, rgb) in enumerate(usable):
            rng = np.random.default_rng([seed, turn, number])
            donor = usable[(number + 1 + int(rng.integers(len(usable) - 1))) % len(usable)][1]
            made = make_edit(rgb, donor, KINDS[(number + turn) % len(KINDS)], rng)
            altered = cell_mean(made.mask)
            yield Example(stack=measure(made.edited).stack, altered=altered, label=1)
            plain = measure(made.untouched).stack
            yield Example(stack=plain, altered=np.zeros_like(altered), label=0)
            progress(f"{turn + 1}/{rounds} {number + 1}/{len(usable)} {path.name} {made.kind}")


def learn(found: Sequence[Example], *, seed: int = 0) -> Model:
    """Fit both heads by logistic regression; the same examples give the same weights."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(seed)
    terms, labels = [], []
    for example in found:
        clear = (example.altered > 0.9) | (example.altered == 0)
        flat, wanted = cell_terms(example.stack)[clear], example.altered[clear] > 0.5
        kept = rng.permutation(len(flat))[:CELLS_PER_PICTURE]
        terms.append(flat[kept])
        labels.append(wanted[kept])
    rows, wanted = np.concatenate(terms), np.concatenate(labels)
    cell = LogisticRegression(C=C_CELL, class_weight="balanced", max_iter=500).fit(rows, wanted)
    # the penalty makes the weights small; their common scale is fitted anew without it
    along = (rows @ cell.coef_[0])[:, None]
    scale = LogisticRegression(C=1e6, class_weight="balanced", max_iter=500).fit(along, wanted)
    gain, constant = float(scale.coef_[0, 0]), float(scale.intercept_[0])
    weights = (*(gain * float(weight) for weight in cell.coef_[0]), constant)
    half = Model(cell=weights, picture=(0.0,) * (len(PICTURE_TERMS) + 1))
    whole = LogisticRegression(C=C_PICTURE, class_weight="balanced", max_iter=500)
    told = [picture_terms(example.stack, half.fused(example.stack)) for example in found]
    whole.fit(np.array(told), [example.label for example in found])
    return Model(cell=weights, picture=(*map(float, whole.coef_[0]), float(whole.intercept_[0])))


def opened(path: Path) -> RgbArray:
    """Give a picture of the data that may be learnt from as ``uint8`` (height, width, 3)."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
