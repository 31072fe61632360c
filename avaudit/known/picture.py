"""The hash of a whole picture: PDQ, with those of the picture mirrored and turned.

PDQ (Facebook 2019, The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm)
holds for each of 16 x 16 low cosine coefficients of the luminance whether it is above their
median, and a quality that says how much there is to see.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..media.types import RgbArray
from .search import WORDS

EDGE_PX = 512
"""Pictures are made this small first, as the reference does; it costs less and aliases less."""
LEAST_QUALITY = 50
"""Below it a picture has too little structure for its hash to mean anything (PDQ, section 5)."""
THUMBNAIL_EDGE_PX = 160
LEAST_EDGE_PX = 16

TURNS = (
    "as it is",
    "turned by 270°",
    "turned by 180°",
    "turned by 90°",
    "mirrored upside down",
    "mirrored",
    "mirrored along a diagonal",
    "mirrored along the other diagonal",
)
"""What was done to a known picture that is like the first, second ... hash of a query.

The second hash is of the query turned by 90° counter-clockwise: if that is the known picture, the
query is the known picture turned by 270°.
"""

MIRRORED = 5

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class PictureHash:
    """PDQ words of a picture in all eight positions, shape (8, 4), and its quality, 0 to 100."""

    words: Words
    quality: int

    @property
    def usable(self) -> bool:
        """Whether the picture has enough structure."""
        return self.quality >= LEAST_QUALITY


def picture_hash(rgb: RgbArray) -> PictureHash:
    """Hash a picture: ``uint8``, shape (height, width, 3)."""
    import pdqhash

    picture = Image.fromarray(rgb)
    if max(picture.size) > EDGE_PX:
        factor = EDGE_PX / max(picture.size)
        size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
        picture = picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=2)
    if min(picture.size) < LEAST_EDGE_PX:
        return PictureHash(np.zeros((len(TURNS), WORDS), np.uint64), 0)
    small = np.asarray(picture)
    vectors, quality = pdqhash.compute_dihedral(np.ascontiguousarray(small))
    # its own derivation of the mirrored hash is off by up to 30 bits; a second hash is not
    vectors[MIRRORED], _ = pdqhash.compute(np.ascontiguousarray(small[:, ::-1]))
    bits = np.asarray(vectors, dtype=np.uint8).reshape(len(TURNS), -1)
    words = np.packbits(bits, axis=1, bitorder="little").view("<u8")
    return PictureHash(words.astype(np.uint64), int(quality))


def brightness(rgb: RgbArray) -> float:
    """Give the mean luminance, 0 to 1."""
    small = Image.fromarray(rgb).resize((32, 32), Image.Resampling.BOX, reducing_gap=2)
    return float(np.asarray(small.convert("L")).mean() / 255)


def thumbnail(rgb: RgbArray) -> bytes:
    """Give a small JPEG of a picture."""
    picture = Image.fromarray(rgb)
    picture.thumbnail((THUMBNAIL_EDGE_PX, THUMBNAIL_EDGE_PX), Image.Resampling.BICUBIC)
    held = io.BytesIO()
    picture.save(held, "JPEG", quality=70)
    return held.getvalue()
