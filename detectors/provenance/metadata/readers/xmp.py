"""XMP packets, read as a stream so that what stands before a fault is kept.

Source: ISO 16684-1 (XMP part 1), section 7, RDF/XML serialisation. Entities and document type
declarations, which XMP never needs, are refused.
"""

from __future__ import annotations

import codecs
import html
import re
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from ..raw import MAX_FIELD, Note, RawField, Reading
from ..source import Malformed, Source

WHERE = "XMP"
MAX_PACKET = 4 << 20
_MAX_DEPTH = 64
_MAX_FIELDS = 20_000
_FEED = 1 << 16
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XML = "http://www.w3.org/XML/1998/namespace"
_PREFIXES = {
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/": "Iptc4xmpCore",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://ns.adobe.com/xap/1.0/": "xmp",
    "http://ns.adobe.com/xap/1.0/mm/": "xmpMM",
    "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#": "stEvt",
    "http://ns.adobe.com/xap/1.0/sType/ResourceRef#": "stRef",
    "http://ns.adobe.com/tiff/1.0/": "tiff",
    "http://ns.adobe.com/exif/1.0/": "exif",
    "http://cipa.jp/exif/1.0/": "exifEX",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dcterms",
    "http://www.tc260.org.cn/ns/AIGC/1.0/": "TC260",
    "http://ns.adobe.com/pdf/1.3/": "pdf",
    "http://ns.google.com/photos/1.0/camera/": "GCamera",
}
_LOOSE_ATTRIBUTE = re.compile(
    r'([A-Za-z0-9]{1,40}:[A-Za-z]{1,60})\s{0,20}=\s{0,20}"([^"<]{0,65536})"'
)
_LOOSE_ELEMENT = re.compile(r"<([A-Za-z0-9]{1,40}:[A-Za-z]{1,60})>([^<]{1,65536})</")
_BOMS = ((codecs.BOM_UTF8, 3), (codecs.BOM_UTF16_LE, 2), (codecs.BOM_UTF16_BE, 2))


class _Properties:
    """Parser target: properties and fields of structures, by name, in document order."""

    def __init__(self) -> None:
        self.fields: list[RawField] = []
        self._path: list[str] = []
        self._text: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        self._text = []
        if len(self._path) > _MAX_DEPTH or len(self.fields) > _MAX_FIELDS:
            raise Malformed("is nested too deeply or has too many properties")
        for name, value in attributes.items():
            if name == f"{{{_RDF}}}resource":
                self._add(self._property(), value)
            elif not name.startswith((f"{{{_RDF}}}", f"{{{_XML}}}", "{adobe:ns:meta/}")):
                self._add(_name(name), value)

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, _tag: str) -> None:
        text = "".join(self._text).strip()
        self._text = []
        if text:
            self._add(self._property(), text)
        self._path.pop()

    def close(self) -> None:
        return None

    def _property(self) -> str:
        """Name the innermost element that is not part of RDF's own scaffolding."""
        for tag in reversed(self._path):
            if not tag.startswith((f"{{{_RDF}}}", "{adobe:ns:meta/}")):
                return _name(tag)
        return "?"

    def _add(self, name: str, value: str) -> None:
        self.fields.append(RawField(WHERE, name, value[:MAX_FIELD]))


def _name(tag: str) -> str:
    """Give a property its customary prefix, or its namespace where that is not known."""
    uri, brace, local = tag[1:].partition("}")
    if not brace:
        return tag
    return f"{_PREFIXES.get(uri, '{' + uri[:200] + '}')}:{local[:200]}"


def read_xmp(source: Source) -> Reading:
    """Read the properties of one packet, up to its first fault."""
    data = _packet(source.upto(0, MAX_PACKET))
    if source.size > MAX_PACKET:
        yield Note(f"an XMP packet is {source.size} bytes long; only 4 MiB were read", True)
    if not data:
        return
    target = _Properties()
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    fault = None
    try:
        for at in range(0, len(data), _FEED):
            parser.feed(data[at : at + _FEED])
        parser.close()
    except (ParseError, DefusedXmlException, Malformed, ValueError, LookupError) as error:
        fault = error
    yield from target.fields
    if fault is None:
        return
    yield Note(f"XMP is broken: {str(fault).splitlines()[0][:200]}")
    if isinstance(fault, ParseError):
        yield from _loose(data, {(field.name, field.value) for field in target.fields})


def _packet(data: bytes) -> bytes:
    """Cut off the padding around the XML that writers leave for edits in place."""
    for bom, _ in _BOMS:
        if data.startswith(bom):
            return data
    if b"\x00" in data[:8]:  # UTF-16 without a byte order mark
        encoding = "utf-16-be" if data[:1] == b"\x00" else "utf-16-le"
        return _packet(data.decode(encoding, "replace").encode())
    start, end = data.find(b"<"), data.rfind(b">")
    return data[start : end + 1] if 0 <= start < end else b""


def _loose(data: bytes, known: set[tuple[str, str]]) -> Reading:
    """Read simple properties of XML that does not parse, by the prefixes it uses."""
    text = data[:MAX_FIELD].decode("utf-8", "replace")
    for pattern in (_LOOSE_ATTRIBUTE, _LOOSE_ELEMENT):
        for found in pattern.finditer(text):
            field = (found[1], html.unescape(found[2]).strip())
            if field not in known and not field[0].startswith(("xmlns:", "rdf:", "x:")):
                known.add(field)
                yield RawField(WHERE, *field)
