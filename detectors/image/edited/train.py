"""The recipe: from a manifest of photographs to ``model.json``."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from avaudit.atomic import write_atomic
from avaudit.errors import UsageError
from avaudit.manifest import binary_labels, paths, read_manifest, texts
from avaudit.media.types import RgbArray

from .edits import KINDS, make_edit, sharpened
from .head import FILE_NAME, PICTURE_TERMS, Model, cell_terms, picture_terms
from .lattice import Map, cell_mean
from .measures import measure
from .pictures import read_pictures, version_of_measures

CELLS_PER_PICTURE = 400
LEAST_SIDE_PX = 256
RECIPE = 2
"""Raised whenever other examples are made: old caches are then not used."""
HELD_OUT = "camera photo, metadata-extractor"
"""Photographs by many makes of cameras and phones: false alarms are counted on these."""
ALARMS = 0.02
"""Share of the recipe's untouched pictures that score above 0; 5 % are asked for of others."""
C_PICTURE = 1.0
"""Inverse strength of the penalty on the terms of pictures."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What :mod:`.choosing` chooses.

    Attributes
    ----------
    cell_penalty
        Inverse strength of the penalty on the weights of cells.
    terms
        The terms of the head of pictures that count, of :data:`~.head.PICTURE_TERMS`.
    peak
        Factor of the term ``peak``: the smaller, the more it is penalised.
    """

    cell_penalty: float
    terms: tuple[str, ...]
    peak: float


FALLBACK = Settings(cell_penalty=1e-4, terms=PICTURE_TERMS, peak=1.0)
"""For manifests without edited pictures to choose by."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """One measured picture: its stack, the share of each cell that was altered, and the label.

    Where ``learnt`` is false it only says how high untouched pictures score.
    """

    stack: Map
    altered: Map
    label: int
    learnt: bool = True


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
        image.synthetic (camera photographs): they are edited by :func:`~.edits.make_edit`. Rows
        with ``task`` = image.edited and ``use`` = train choose the settings (:mod:`.choosing`).
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
    found = kept_examples(manifest, out / "cache", seed=seed, rounds=rounds, progress=progress)
    settings = _settings(manifest, out, found, progress)
    model = learn(found, settings)
    out.mkdir(parents=True, exist_ok=True)
    path = out / FILE_NAME
    notes: dict[str, str | int] = {
        "seed": seed,
        "rounds": rounds,
        "pictures": len(pictures),
        "settings": str(settings),
    }
    write_atomic(path, model.to_json(notes).encode("utf-8"))
    progress(f"wrote {path}")
    return path


def _settings(
    manifest: Path, out: Path, found: Sequence[Example], progress: Callable[[str], None]
) -> Settings:
    """Choose by the edited pictures with ``use = train``, where the manifest has any."""
    from .choosing import Trials

    try:
        pictures = [one for one in read_pictures(manifest) if one.for_choosing]
    except UsageError as error:
        progress(f"nothing to choose settings by: {error}")
        return FALLBACK
    if not any(one.label and one.mask for one in pictures):
        progress("nothing to choose settings by: no edited picture with use = train and a mask")
        return FALLBACK
    settings = Trials(pictures, found, out / "cache", progress=progress).choose()
    progress(f"chose {settings}")
    return settings


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


def kept_examples(
    manifest: Path,
    cache: Path,
    *,
    seed: int = 0,
    rounds: int = 1,
    progress: Callable[[str], None],
) -> list[Example]:
    """Give the examples of the photographs of a manifest, or read again what was kept of them.

    Raises
    ------
    UsageError
        When the manifest has fewer than four pictures that can be learnt from.
    """
    pictures = photographs(manifest)
    if len(pictures) < 4:
        raise UsageError(f"{manifest}: at least four pictures with label 0 and use = train needed")
    version = version_of_measures()
    recipe = Path(__file__).with_name("edits.py").read_bytes()
    told = f"{RECIPE} {version} {seed} {rounds} {[*map(str, pictures)]}"
    digest = hashlib.sha256(told.encode() + recipe)
    file = cache / f"examples-{digest.hexdigest()[:24]}.npz"
    if not file.is_file():
        made = list(examples(pictures, seed=seed, rounds=rounds, progress=progress))
        held = io.BytesIO()
        arrays = {f"stack{n}": one.stack for n, one in enumerate(made)}
        arrays |= {f"altered{n}": one.altered for n, one in enumerate(made)}
        np.savez_compressed(
            held,
            allow_pickle=False,
            labels=np.array([one.label for one in made]),
            learnt=np.array([one.learnt for one in made]),
            **arrays,
        )
        cache.mkdir(parents=True, exist_ok=True)
        write_atomic(file, held.getvalue())
    with np.load(file, allow_pickle=False) as kept:
        return [
            Example(
                stack=kept[f"stack{n}"],
                altered=kept[f"altered{n}"],
                label=int(label),
                learnt=bool(learnt),
            )
            for n, (label, learnt) in enumerate(zip(kept["labels"], kept["learnt"], strict=True))
        ]


def examples(
    pictures: Sequence[Path],
    *,
    seed: int,
    rounds: int,
    progress: Callable[[str], None],
) -> Iterator[Example]:
    """Edit each picture; measure the edited, the untouched, and the untouched one sharpened."""
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
            nothing = np.zeros_like(altered)
            yield Example(stack=plain, altered=nothing, label=0)
            sharp = measure(sharpened(made.untouched)).stack
            yield Example(stack=sharp, altered=nothing, label=0, learnt=False)
            progress(f"{turn + 1}/{rounds} {number + 1}/{len(usable)} {path.name} {made.kind}")


def learn(found: Sequence[Example], settings: Settings, *, seed: int = 0) -> Model:
    """Fit both heads by logistic regression; the same examples give the same weights."""
    return with_pictures(found, learn_cells(found, settings.cell_penalty, seed=seed), settings)


def learn_cells(found: Sequence[Example], penalty: float, *, seed: int = 0) -> Model:
    """Fit the head of cells; the head of pictures gets weights of 0.

    Parameters
    ----------
    penalty
        Inverse strength of the penalty.
    """
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(seed)
    terms, labels = [], []
    for example in (one for one in found if one.learnt):
        clear = (example.altered > 0.9) | (example.altered == 0)
        flat, wanted = cell_terms(example.stack)[clear], example.altered[clear] > 0.5
        kept = rng.permutation(len(flat))[:CELLS_PER_PICTURE]
        terms.append(flat[kept])
        labels.append(wanted[kept])
    rows, wanted = np.concatenate(terms), np.concatenate(labels)
    cell = LogisticRegression(C=penalty, class_weight="balanced", max_iter=500).fit(rows, wanted)
    # the penalty makes the weights small; their common scale is fitted anew without it
    along = (rows @ cell.coef_[0])[:, None]
    scale = LogisticRegression(C=1e6, class_weight="balanced", max_iter=500).fit(along, wanted)
    gain, constant = float(scale.coef_[0, 0]), float(scale.intercept_[0])
    weights = (*(gain * float(weight) for weight in cell.coef_[0]), constant)
    return Model(cell=weights, picture=(0.0,) * (len(PICTURE_TERMS) + 1))


def with_pictures(found: Sequence[Example], cells: Model, settings: Settings) -> Model:
    """Fit the head of pictures to what the head of cells says; terms left out have weight 0.

    The score is moved so that :data:`ALARMS` of the untouched pictures, half of them strongly
    sharpened, score above 0.
    """
    from sklearn.linear_model import LogisticRegression

    told = np.array([picture_terms(example.stack, cells.fused(example.stack)) for example in found])
    # a term made small is a term penalised more
    scales = np.array([float(name in settings.terms) for name in PICTURE_TERMS])
    scales[PICTURE_TERMS.index("peak")] *= settings.peak
    whole = LogisticRegression(C=C_PICTURE, class_weight="balanced", max_iter=500)
    learnt = np.array([example.learnt for example in found])
    labels = np.array([example.label for example in found])
    whole.fit((told * scales)[learnt], labels[learnt])
    weights = whole.coef_[0] * scales
    constant = -float(np.quantile(told[labels == 0] @ weights, 1 - ALARMS))
    return Model(cell=cells.cell, picture=(*map(float, weights), constant))


def opened(path: Path) -> RgbArray:
    """Give a picture of the data that may be learnt from as ``uint8`` (height, width, 3)."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
