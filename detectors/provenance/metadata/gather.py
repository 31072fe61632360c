"""From a file to its raw fields: which reader for which content, and what went wrong on the way."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from avaudit.media.sniff import HEAD_BYTES, sniff

from .raw import Block, BlockKind, Manifest, Note, RawField, Reading
from .readers.gif import read_gif
from .readers.heif import read_heif
from .readers.id3 import read_id3, read_mp3
from .readers.jpeg import read_jpeg
from .readers.matroska import read_matroska
from .readers.mp4 import read_box_picture, read_mp4
from .readers.packets import read_pdf, read_svg
from .readers.photoshop import read_iim, read_photoshop
from .readers.png import read_png
from .readers.riff import read_aiff, read_riff
from .readers.samsung import has_samsung_trailer, read_samsung
from .readers.tiff import read_tiff
from .readers.vorbis import read_flac, read_ogg
from .readers.xmp import read_xmp
from .source import Malformed, Source

Reader = Callable[[Source], Reading]

CONTAINERS: dict[str, tuple[str, Reader]] = {
    "image/jpeg": ("JPEG", read_jpeg),
    "image/png": ("PNG", read_png),
    "image/webp": ("WebP", read_riff),
    "image/gif": ("GIF", read_gif),
    "image/tiff": ("TIFF", read_tiff),
    "image/heic": ("HEIF", read_heif),
    "image/avif": ("AVIF", read_heif),
    "image/jxl": ("JPEG XL", read_box_picture),
    "image/jp2": ("JPEG 2000", read_box_picture),
    "image/svg+xml": ("SVG", read_svg),
    "audio/wav": ("WAV", read_riff),
    "audio/aiff": ("AIFF", read_aiff),
    "audio/mpeg": ("MP3", read_mp3),
    "audio/aac": ("AAC", read_mp3),
    "audio/flac": ("FLAC", read_flac),
    "audio/ogg": ("Ogg", read_ogg),
    "audio/mp4": ("MP4", read_mp4),
    "video/mp4": ("MP4", read_mp4),
    "video/quicktime": ("QuickTime", read_mp4),
    "video/x-msvideo": ("AVI", read_riff),
    "video/webm": ("WebM", read_matroska),
    "video/x-matroska": ("Matroska", read_matroska),
    "application/pdf": ("PDF", read_pdf),
}
"""Media type to the name of its container and the reader that walks it."""

_BLOCKS: dict[BlockKind, tuple[str, Reader]] = {
    "exif": ("EXIF", read_tiff),
    "xmp": ("XMP", read_xmp),
    "iim": ("IPTC-IIM", read_iim),
    "photoshop": ("Photoshop resources", read_photoshop),
    "id3": ("ID3", read_id3),
    "samsung": ("Samsung trailer", read_samsung),
}
_MAX_NESTING = 4
_MAX_FIELDS = 20_000
_MAX_TEXT = 32 << 20
_MAX_NOTES = 50
# what slicing and decoding broken bytes can raise; all of them mean: broken here
_BROKEN = (Malformed, struct.error, ValueError, IndexError, OverflowError, LookupError)


@dataclass
class Gathered:
    """All that was read from one file.

    Attributes
    ----------
    fields
        Raw fields in the order of the file.
    formats
        Which carriers were walked, each once.
    notes
        What was broken or left out.
    truncated
        Whether a limit left something unread.
    manifests
        Where C2PA manifest stores were seen.
    complete
        Whether the container itself was walked to its end, so that what was not seen is not there.
    """

    fields: list[RawField] = field(default_factory=list)
    formats: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    manifests: list[str] = field(default_factory=list)
    truncated: bool = False
    complete: bool = True
    _text: int = 0

    def note(self, text: str, *, truncated: bool = False) -> None:
        """Add a note, once; after many of them only that there are more."""
        self.truncated = self.truncated or truncated
        if len(self.notes) < _MAX_NOTES and text not in self.notes:
            self.notes.append(text)
        elif len(self.notes) == _MAX_NOTES:
            self.notes.append("there were further problems of this kind")

    def run(self, name: str, reader: Reader, source: Source, nesting: int = 0) -> bool:
        """Run one reader to its end or to the first fault; say whether it reached the end."""
        if name not in self.formats:
            self.formats.append(name)
        try:
            for found in reader(source):
                self._take(found, nesting)
        except _BROKEN as error:
            what = str(error) if isinstance(error, Malformed) else f"cannot be read ({error})"
            self.note(f"{name} {what[:300]}", truncated=True)
            return False
        return True

    def _take(self, found: RawField | Block | Note | Manifest, nesting: int) -> None:
        match found:
            case RawField():
                self._text += len(found.value)
                if len(self.fields) >= _MAX_FIELDS or self._text > _MAX_TEXT:
                    raise Malformed("holds more text than is read")
                self.fields.append(found)
            case Block() if nesting < _MAX_NESTING:
                name, reader = _BLOCKS[found.kind]
                self.run(name, reader, found.source, nesting + 1)
            case Block():
                self.note("metadata blocks nested too deeply were not read", truncated=True)
            case Note():
                self.note(found.text, truncated=found.truncated)
            case Manifest():
                self.manifests.append(found.where)


def container_type(source: Source) -> str | None:
    """Give the media type of the container, by content.

    Intake's own answer will not do: it names a WebM without a picture ``audio/webm``, which
    says what is inside, and here only the container counts.
    """
    found = sniff(source.upto(0, HEAD_BYTES))
    return found.media_type if found else None


def gather(source: Source, media_type: str) -> Gathered | None:
    """Read all metadata carriers of a file.

    Parameters
    ----------
    source
        The file.
    media_type
        Which reader to use, see :func:`container_type`.

    Returns
    -------
    Gathered or None
        None when no reader knows the format.
    """
    if media_type not in CONTAINERS:
        return None
    name, reader = CONTAINERS[media_type]
    gathered = Gathered()
    gathered.complete = gathered.run(name, reader, source)
    # at a fixed place at the end, so that no amount of structure before it can hide it
    end = source.afresh()
    if media_type.startswith("image/") and has_samsung_trailer(end):
        gathered.run("Samsung trailer", read_samsung, end)
    return gathered
