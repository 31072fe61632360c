"""Text that came from files, made safe to read: hidden characters shown, lengths bounded."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_STACKED = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})"
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+)"
)
_JOINERS = "\u200c\u200d"
_IDENTIFIER = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_ACRONYMS = {
    word.lower(): word
    for word in (
        "AI",
        "C2PA",
        "CAWG",
        "CPU",
        "DCT",
        "EER",
        "EXIF",
        "H1",
        "H2",
        "ID",
        "IPTC",
        "LR",
        "PDQ",
        "SNR",
    )
} | {"sha256": "SHA-256", "url": "URL", "uri": "URI", "fps": "frame rate", "xmp": "XMP"}
UNITS = {
    "s": "s",
    "ms": "ms",
    "hz": "Hz",
    "db": "dB",
    "px": "px",
    "deg": "°",
    "bytes": "bytes",
    "percent": "%",
}

MAX_TEXT = 3000
"""Longest value shown, in characters; the whole of it stands in report.json."""


def visible(text: str) -> str:
    r"""Show characters that have no shape of their own, or that would turn the text around.

    Control characters, bidirectional overrides, zero-width and tag characters become their code
    in angle brackets; line feed and tab stay. Zero-width joiners between letters of scripts that
    need them stay too. Of a stack of combining marks, which could paint over the lines above,
    three stay.

    Examples
    --------
    >>> visible("invoice\u202egpj.exe")
    'invoice⟨U+202E⟩gpj.exe'
    """
    if text.isprintable() and text.isascii():
        return text
    text = _HIDDEN.sub(_code_point, text)
    return _STACKED.sub(lambda found: f"{found[1]}⟨+{len(found[2])} combining marks⟩", text)


def _code_point(found: re.Match[str]) -> str:
    character, text = found[0], found.string
    if character in _JOINERS and 0 < found.start() < len(text) - 1:
        before, after = text[found.start() - 1], text[found.end()]
        if ord(before) > 0x2FF and ord(after) > 0x2FF:
            return character
    return f"⟨U+{ord(character):04X}⟩"


def one_line(text: str) -> str:
    r"""Show line breaks and tabs as codes too: for names and headings.

    Examples
    --------
    >>> one_line("a\nb")
    'a⟨U+000A⟩b'
    """
    return text.replace("\n", "⟨U+000A⟩").replace("\t", "⟨U+0009⟩")


def shortened(text: str, limit: int = MAX_TEXT) -> str:
    """Cut a long text and say how much is missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]} … ({len(text) - limit:,} more characters in report.json)"


def clipped(text: str, limit: int) -> str:
    """Cut a text to ``limit`` characters with an ellipsis, for drawings, where nothing wraps."""
    shown = visible(one_line(text))
    return shown if len(shown) <= limit else f"{shown[: limit - 1]}…"


def is_identifier(key: str) -> bool:
    """Tell whether a key is one of ours (``signed_at``) rather than something from a file."""
    return len(key) <= 60 and _IDENTIFIER.fullmatch(key) is not None


def label_of(key: str) -> tuple[str, str]:
    """Turn a key into a label for people and the unit its last part names.

    Keys that do not look like identifiers are given unchanged: they may come from the file.

    Examples
    --------
    >>> label_of("offset_low_s")
    ('Offset low', 's')
    >>> label_of("ai_signal")
    ('AI signal', '')
    """
    if not is_identifier(key):
        return shortened(one_line(key), 200), ""
    parts = key.split("_")
    unit = UNITS.get(parts[-1], "") if len(parts) > 1 else ""
    if unit:
        parts = parts[:-1]
    words = " ".join(_ACRONYMS.get(part, part) for part in parts)
    if parts[0] in ("n", "p"):  # a count and a probability are written small
        return words, unit
    return words[0].upper() + words[1:], unit
