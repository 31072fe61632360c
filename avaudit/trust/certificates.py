"""Checking list files before they are installed: certificates, dates, key usages."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .model import TrustError

MAX_FILE_BYTES = 8 * 1024 * 1024
"""Larger list files are refused; the largest published one has 0.2 MB."""

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]*)-----END CERTIFICATE-----")
_OID = re.compile(r"^[0-9]+(\.[0-9]+)+$")


@dataclass(frozen=True, kw_only=True)
class ListDates:
    """The dates an ETSI list of trusted entities states (RFC 3339)."""

    issued: str
    next_update: str | None


def certificates_in(pem: bytes, where: str) -> tuple[bytes, ...]:
    """Give the certificates of a PEM file in DER form; text between them is ignored.

    Parameters
    ----------
    pem
        Content of the file.
    where
        Name of the file, for error texts.

    Raises
    ------
    TrustError
        When it holds no certificate, or one that cannot be parsed.
    """
    from cryptography import x509

    found = tuple(_der_blocks(pem, where))
    if not found:
        raise TrustError(f"{where}: it holds no certificate (a PEM file was expected)")
    if pem.count(b"-----BEGIN CERTIFICATE-----") != len(found):
        raise TrustError(f"{where}: a certificate in it is cut off or damaged")
    for number, der in enumerate(found, start=1):
        try:
            x509.load_der_x509_certificate(der)
        except ValueError as error:
            raise TrustError(f"{where}: certificate {number} cannot be parsed: {error}") from error
    return found


def _der_blocks(pem: bytes, where: str) -> Iterator[bytes]:
    for block in _BLOCK.finditer(pem):
        try:
            yield base64.b64decode(b"".join(block.group(1).split()), validate=True)
        except binascii.Error as error:
            raise TrustError(f"{where}: a certificate in it is not valid base64") from error


def key_usages_in(config: str) -> tuple[str, ...]:
    r"""Give the object identifiers of a key usage file; ``//`` starts a comment line.

    Examples
    --------
    >>> key_usages_in("//email\n1.3.6.1.5.5.7.3.4\n")
    ('1.3.6.1.5.5.7.3.4',)
    """
    lines = (line.strip() for line in config.splitlines())
    return tuple(line for line in lines if _OID.match(line))


def dates_in(details: bytes, anchors: tuple[bytes, ...], where: str) -> ListDates:
    """Read the dates of an ETSI list (TS 119 602, JSON) and hold it against its PEM file.

    Raises
    ------
    TrustError
        When it is not such a list, or names other certificates than the PEM file.
    """
    try:
        table: Any = json.loads(details)
        scheme = table["LoTE"]["ListAndSchemeInformation"]
        issued = _moment(scheme["ListIssueDateTime"])
        following = scheme.get("NextUpdate")
        named = {base64.b64decode(c) for c in _named_certificates(table)}
        next_update = _moment(following) if following else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TrustError(f"{where}: it is not an ETSI list of trusted entities") from error
    if named != set(anchors):
        raise TrustError(
            f"{where}: it names other certificates than the PEM file beside it; "
            "take both files from the same issue of the list"
        )
    return ListDates(issued=issued, next_update=next_update)


def _named_certificates(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "X509Certificates":
                yield from (entry["val"] for entry in value)
            else:
                yield from _named_certificates(value)
    elif isinstance(node, list):
        for value in node:
            yield from _named_certificates(value)


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.isoformat().replace("+00:00", "Z")
