"""The reference pictures of a camera, read in the confined worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from avaudit.errors import ExaminationError
from avaudit.media.sniff import HEAD_BYTES, sniff

from .pattern import Plane, fingerprint, middle

MOST_PICTURES = 40
FEWEST_PICTURES = 5
MOST_PX = 250_000_000
FLAT_DETAIL = 0.05
"""Pictures whose neighbouring pixels differ less, in grey levels, carry no noise."""


@dataclass(frozen=True, kw_only=True)
class Camera:
    """A fingerprint: ``size`` is the (width, height) of its pictures as stored."""

    size: tuple[int, int]
    pictures: int
    left_out: int
    pattern: Plane = field(repr=False)


def learn_camera(folder: Path) -> Camera | None:
    """Make the fingerprint of the pictures in a folder, those of the commonest size.

    Links, files that are no pictures and pictures that cannot be read are left out and
    counted. None with fewer than ``FEWEST_PICTURES``.
    """
    if not folder.is_dir():
        return None
    files = sorted(p for p in folder.iterdir() if p.is_file() and not p.is_symlink())
    sizes = {path: size for path in files if (size := _size_of(path)) is not None}
    if not sizes:
        return None
    size = Counter(sizes.values()).most_common(1)[0][0]
    chosen = [path for path, own in sizes.items() if own == size][:MOST_PICTURES]
    read: list[Path] = []

    def planes() -> Iterator[Plane]:
        for path in chosen:
            with path.open("rb") as stream:
                try:
                    plane, _ = stored_plane(stream)
                except ExaminationError:
                    continue  # a damaged reference is left out, and counted
            if np.abs(np.diff(plane, axis=1)).mean() >= FLAT_DETAIL:
                read.append(path)
                yield plane

    pattern = fingerprint(planes())
    if pattern is None or len(read) < FEWEST_PICTURES:
        return None
    return Camera(size=size, pictures=len(read), left_out=len(files) - len(read), pattern=pattern)


def stored_plane(stream: BinaryIO) -> tuple[Plane, tuple[int, int]]:
    """Give the middle of the luminance as stored, and the (width, height) of the whole.

    EXIF rotation is not applied: the pattern belongs to the sensor, not to the picture.

    Raises
    ------
    ExaminationError
        ``decode_error`` when it is no picture or damaged, ``too_large`` beyond ``MOST_PX``.
    """
    image = _opened(stream)
    try:
        plane = np.asarray(image.convert("L"), dtype=np.float32)
    except MemoryError:
        raise
    except Exception as error:  # Pillow's plug-ins raise many kinds
        raise ExaminationError("decode_error", f"the picture cannot be read: {error}") from error
    return middle(plane), image.size


def _opened(stream: BinaryIO) -> Image.Image:
    found = sniff(stream.read(HEAD_BYTES))
    stream.seek(0)
    if found is None or found.pillow is None:
        raise ExaminationError("decode_error", "the file is no picture that can be read here")
    Image.MAX_IMAGE_PIXELS = None  # the limit below gives a typed error
    try:
        image = Image.open(stream, formats=[found.pillow])
    except MemoryError:
        raise
    except Exception as error:
        raise ExaminationError("decode_error", f"the picture cannot be read: {error}") from error
    if image.width * image.height > MOST_PX:
        raise ExaminationError("too_large", f"the picture has more than {MOST_PX:,} pixels")
    return image


def _size_of(path: Path) -> tuple[int, int] | None:
    with path.open("rb") as stream:
        try:
            return _opened(stream).size
        except ExaminationError:
            return None
