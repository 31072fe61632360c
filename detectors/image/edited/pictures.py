"""For the evaluation: the pictures of a manifest, measured once and kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from avaudit.conditions.impose import impose_image
from avaudit.errors import UsageError
from avaudit.manifest import binary_labels, paths, read_manifest, texts
from avaudit.media.types import RgbArray

from .edits import sharpened
from .heat import error_levels
from .lattice import SMALLEST_PX, Map, cell_mean, planes
from .looking import part_of
from .measures import measure
from .noise import raw_noise

STRONG_SHARPENING = "strong_sharpening"
CAMERA_KINDS = (
    "camera photo, metadata-extractor",
    "sample photo, photoprism",
    "test photo, Pillow",
)
"""Untouched photographs of sources that nothing was learnt from."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One row: ``group`` joins near-duplicates; ``camera`` marks photographs for false alarms.

    ``for_choosing``: settings may be chosen by it (``task`` image.edited, ``use`` train).
    """

    name: str
    path: Path
    label: int
    mask: Path | None
    method: str
    source: str
    group: str
    camera: bool
    for_choosing: bool


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What is kept of a picture: maps of all families, both baselines, the last JPEG step."""

    stack: Map
    error_level: Map
    noise_level: Map
    own_step: float
    share: float


def read_pictures(manifest: Path) -> list[Picture]:
    """Read edited pictures, their originals, and held-out camera photographs.

    Raises
    ------
    UsageError
        When the manifest lacks a column or holds no edited picture.
    """
    table = read_manifest(manifest)
    needed = ("task", "mask_path", "generator", "source_repo", "source_kind", "dup_group")
    lacking = [name for name in needed if name not in table.frame.columns]
    if lacking:
        raise UsageError(f"{manifest}: the columns {', '.join(lacking)} are needed")
    columns = {name: [str(text or "") for text in texts(table, name)] for name in needed}
    uses = texts(table, "use") if "use" in table.frame.columns else ["evaluate"] * len(table)
    found = []
    for row, (file, label) in enumerate(zip(paths(table), binary_labels(table), strict=True)):
        column = {name: values[row] for name, values in columns.items()}
        camera = column["source_kind"] in CAMERA_KINDS and label == 0
        if column["task"] != "image.edited" and not camera:
            continue
        name = file.relative_to(table.folder).as_posix()
        found.append(
            Picture(
                name=name,
                path=file,
                label=int(label),
                mask=table.folder / column["mask_path"] if column["mask_path"] else None,
                method=column["generator"],
                source=column["source_repo"],
                group=column["dup_group"] or name,
                camera=camera,
                for_choosing=column["task"] == "image.edited" and uses[row] == "train",
            )
        )
    if not any(one.label for one in found):
        raise UsageError(f"{manifest}: no row with task image.edited and label 1")
    return found


def opened(path: Path, condition: str = "clean") -> RgbArray:
    """Give a picture as displayed, under a condition."""
    with Image.open(path) as image:
        rgb = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    if condition == STRONG_SHARPENING:
        return sharpened(rgb)
    return rgb if condition == "clean" else impose_image(rgb, condition)


def looked(picture: Picture, condition: str, cache: Path, version: str) -> Looked | None:
    """Measure a picture, or read what was measured before; None where it is too small.

    Parameters
    ----------
    cache
        Folder of what was measured; may be deleted at any time.
    version
        Digest of the code that measures, so that other code measures anew.
    """
    key = hashlib.sha256(f"{version} {condition} {picture.path}".encode()).hexdigest()[:24]
    kept = cache / f"{key}.npz"
    if kept.is_file():
        with np.load(kept, allow_pickle=False) as data:
            return Looked(
                stack=data["stack"].astype(np.float64),
                error_level=data["error_level"],
                noise_level=data["noise_level"],
                own_step=float(data["own_step"]),
                share=float(data["share"]),
            )
    rgb = opened(picture.path, condition)
    if min(rgb.shape[:2]) < SMALLEST_PX:
        return None
    part = part_of(rgb)
    found = measure(part.rgb)
    result = Looked(
        stack=found.stack,
        error_level=cell_mean(error_levels(part.rgb)),
        noise_level=raw_noise(planes(part.rgb).y),
        own_step=found.combs.own_step,
        share=part.share,
    )
    cache.mkdir(parents=True, exist_ok=True)
    np.savez(
        kept,
        stack=result.stack.astype(np.float32),
        error_level=result.error_level,
        noise_level=result.noise_level,
        own_step=result.own_step,
        share=result.share,
    )
    return result


def version_of_measures() -> str:
    """Give a digest of the modules that measure."""
    digest = hashlib.sha256()
    names = ("lattice", "noise", "residue", "combs", "ghosts", "resampling", "clones", "measures")
    for name in names:
        digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()


def mask_of(picture: Picture) -> NDArray[np.bool_]:
    """Give the altered pixels of a picture with a mask."""
    assert picture.mask is not None
    with Image.open(picture.mask) as image:
        return np.asarray(image.convert("L")) > 127
