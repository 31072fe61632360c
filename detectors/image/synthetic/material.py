"""What the model learns from: the pictures of a manifest, and what befalls pictures."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from avaudit.errors import UsageError
from avaudit.manifest import binary_labels, paths, read_manifest, texts
from avaudit.media.types import RgbArray

SYNTHETIC, EDITED = "image.synthetic", "image.edited"
FILTERS = (
    Image.Resampling.BOX,
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A row of the manifest: ``label`` 1 is generated; ``use`` is ``train`` or ``evaluate``."""

    name: str
    path: Path
    label: int
    source: str
    generator: str
    subset: str
    use: str


def read_pictures(manifest: Path) -> list[Picture]:
    """Read the pictures of a manifest that bear on the question.

    Columns ``path``, ``label``, ``source_repo`` (or ``source``), ``generator``, ``subset``,
    ``use``, ``task``. Where there are tasks, those of ``image.synthetic`` count, without the subset
    ``native``, and the untouched originals of ``image.edited``; of a source that also gives
    generated pictures such originals are left out, for they may be generated themselves.

    Raises
    ------
    UsageError
        When the manifest cannot be read, or a label is neither 0 nor 1.
    """
    table = read_manifest(manifest)
    labels = binary_labels(table)
    if np.isnan(labels).any():
        row = int(np.flatnonzero(np.isnan(labels))[0])
        raise UsageError(f"{manifest}, line {table.line(row)}: the row has no label")

    def column(name: str, default: str) -> list[str]:
        if name not in table.frame.columns:
            return [default] * len(table)
        return [str(text) for text in texts(table, name)]

    sources = column("source_repo" if "source_repo" in table.frame.columns else "source", "")
    tasks = column("task", SYNTHETIC)
    rows = [
        (
            task,
            Picture(
                name=file.relative_to(table.folder).as_posix()
                if file.is_relative_to(table.folder)
                else str(file),
                path=file,
                label=int(label),
                source=source,
                generator=generator,
                subset=subset,
                use=use,
            ),
        )
        for task, file, label, source, generator, subset, use in zip(
            tasks,
            paths(table, "any"),
            labels,
            sources,
            column("generator", ""),
            column("subset", ""),
            column("use", "train"),
            strict=True,
        )
    ]
    generating = {one.source for task, one in rows if task == SYNTHETIC and one.label}
    return [
        one
        for task, one in rows
        if (task == SYNTHETIC and one.subset != "native")
        or (task == EDITED and not one.label and one.source not in generating)
    ]


def opened(picture: Picture) -> Image.Image:
    """Decode a picture of the training data as RGB.

    Raises
    ------
    UsageError
        When it cannot be decoded.
    """
    try:
        with Image.open(picture.path) as image:
            return image.convert("RGB")
    except OSError as error:
        raise UsageError(f"{picture.path}: the picture cannot be decoded: {error}") from error


def shrunk(image: Image.Image, factor: float, rng: np.random.Generator) -> Image.Image:
    """Give a smaller copy by one of four anti-aliasing filters: it has no trace of old coding."""
    how = FILTERS[int(rng.integers(len(FILTERS)))]
    if factor >= 1:
        return image
    return image.resize((round(image.width * factor), round(image.height * factor)), how)


def cut(image: Image.Image, side: int, rng: np.random.Generator) -> RgbArray:
    """Give a random window of at most ``side`` pixels each way."""
    width, height = min(side, image.width), min(side, image.height)
    left = int(rng.integers(image.width - width + 1))
    top = int(rng.integers(image.height - height + 1))
    return np.asarray(image.crop((left, top, left + width, top + height)), dtype=np.uint8)


def developed(image: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Sharpen and saturate as cameras and editors do, two pictures of five each."""
    percent, strength = int(rng.integers(20, 120)), float(rng.uniform(1.05, 1.6))
    if rng.random() < 0.4:
        image = image.filter(ImageFilter.UnsharpMask(radius=1.5, percent=percent))
    if rng.random() < 0.4:
        image = ImageEnhance.Color(image).enhance(strength)
    return image


def coded(rgb: RgbArray, rng: np.random.Generator) -> RgbArray:
    """Send a picture on its way: usually one JPEG coding, often two on grids that do not agree."""
    first, last = (int(quality) for quality in rng.integers((75, 70), (97, 96)))
    down, right = (int(shift) for shift in rng.integers(0, 8, 2))
    drawn = rng.random()
    if drawn < 0.35:
        rgb = np.ascontiguousarray(jpeg(rgb, first)[down:, right:])
    return jpeg(rgb, last) if drawn < 0.93 else rgb


def jpeg(rgb: RgbArray, quality: int) -> RgbArray:
    """Code as JPEG (4:2:0) and decode."""
    held = io.BytesIO()
    Image.fromarray(rgb).save(held, "JPEG", quality=quality, subsampling="4:2:0")
    with Image.open(held, formats=["JPEG"]) as image:
        return np.asarray(image.convert("RGB"), dtype=np.uint8)
