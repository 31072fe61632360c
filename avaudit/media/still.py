"""Still and animated images through Pillow."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import partial
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, TiffImagePlugin, UnidentifiedImageError

from ..errors import ExaminationError
from .chunker import gather
from .sniff import Sniffed
from .types import Chunk, Frame, MediaInfo, RgbArray

ORIENTATION_TAG = 0x0112
TURNED = (5, 6, 7, 8)  # EXIF orientations that swap width and height
DEFAULT_FRAME_S = 0.1  # what browsers use for frames that state no duration
MAX_ANIMATION_FRAMES = 20_000


class StillDecoder:
    """One image file: header first, pixels when asked for."""

    def __init__(
        self, stream: BinaryIO, sniffed: Sniffed, size_bytes: int, *, max_pixels: int
    ) -> None:
        assert sniffed.pillow is not None
        self._sniffed = sniffed
        self._size_bytes = size_bytes
        self._max_pixels = max_pixels
        Image.MAX_IMAGE_PIXELS = None  # our own limit, checked on the header, gives a typed error
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # warnings about odd metadata are not findings here
                self._image = Image.open(stream, formats=[sniffed.pillow])
        except UnidentifiedImageError as error:
            raise ExaminationError(
                "decode_error",
                f"the file begins like {sniffed.media_type}, but its header cannot be read",
            ) from error
        except MemoryError:
            raise
        except Exception as error:
            # Pillow's plug-ins raise many kinds (OSError, SyntaxError, RuntimeError, ...)
            raise ExaminationError("decode_error", _why(error)) from error
        self._check_size()
        self._displayed = self._displayed_size()

    def _check_size(self) -> None:
        width, height = self._image.size
        if width < 1 or height < 1:
            raise ExaminationError("decode_error", f"the picture has the size {width} × {height}")
        if width * height > self._max_pixels:
            raise ExaminationError(
                "too_large",
                f"the picture claims {width} × {height} pixels, more than the limit of "
                f"{self._max_pixels:,} (limits.image_pixels)",
            )

    @property
    def info(self) -> MediaInfo:
        """What the header says; width and height as displayed."""
        width, height = self._displayed
        return MediaInfo(
            kind=self._sniffed.kind,
            media_type=self._sniffed.media_type,
            size_bytes=self._size_bytes,
            width=width,
            height=height,
        )

    def thumbnail(self, edge: int) -> Image.Image:
        """Give a small displayed picture of the first frame, decoding as little as possible."""
        try:
            self._image.draft("RGB", (edge, edge))  # JPEG: decode at a fraction of the size
            small = ImageOps.exif_transpose(self._image)
            small = _flatten(small)
            small.thumbnail((edge, edge))
        except Exception as error:
            raise ExaminationError("decode_error", _why(error)) from error
        return small

    def chunks(self, chunk_bytes: int) -> Iterator[Chunk]:
        """Decode all frames, in chunks of about a second.

        Raises
        ------
        ExaminationError
            ``decode_error`` when the pixel data are truncated or damaged.
        """
        yield from gather(self._frames(), (), chunk_bytes=chunk_bytes)

    def _frames(self) -> Iterator[Frame]:
        time_s = 0.0
        for index in range(MAX_ANIMATION_FRAMES):
            try:
                pixels = self._pixels(index)
            except EOFError:
                return
            duration = self._image.info.get("duration")
            duration_s = float(duration) / 1000 if duration else None
            height, width = pixels.shape[:2]
            yield Frame(
                index=index,
                time_s=time_s,
                width=width,
                height=height,
                load=partial(_same, pixels),
                duration_s=duration_s,
                keyframe=index == 0,
            )
            if not getattr(self._image, "is_animated", False):
                return
            time_s += duration_s or DEFAULT_FRAME_S

    def _pixels(self, index: int) -> RgbArray:
        try:
            if index:
                self._image.seek(index)
                self._check_size()
            upright = ImageOps.exif_transpose(self._image)
            return np.asarray(_flatten(upright), dtype=np.uint8)
        except (EOFError, MemoryError, ExaminationError):
            raise
        except Exception as error:
            raise ExaminationError("decode_error", _why(error)) from error

    def _displayed_size(self) -> tuple[int, int]:
        width, height = self._image.size
        if isinstance(self._image, TiffImagePlugin.TiffImageFile):
            # newer Pillow turns a TIFF's size itself, so the stored one is asked for
            width, height = self._image.tag_v2[256], self._image.tag_v2[257]
        return (height, width) if self._orientation() in TURNED else (width, height)

    def _orientation(self) -> int:
        try:
            return int(self._image.getexif().get(ORIENTATION_TAG, 1))
        except Exception:  # noqa: BLE001 - a broken EXIF block means no orientation, as in browsers
            return 1


def _same(pixels: RgbArray) -> RgbArray:
    return pixels


def _flatten(image: Image.Image) -> Image.Image:
    """Give the picture as RGB; transparency is laid on white, 16 bits are scaled to 8."""
    if image.mode.startswith("I;16") or image.mode == "I":
        wide = np.asarray(image, dtype=np.int64)
        return Image.fromarray((wide >> 8).clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        if rgba.getchannel("A").getextrema() == (255, 255):
            return rgba.convert("RGB")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image if image.mode == "RGB" else image.convert("RGB")


def _why(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return f"the picture cannot be decoded: {text}"
