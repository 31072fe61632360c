"""The digest of a report, its signature, and what can be wrong with them."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from ..errors import AvauditError
from ..result import Report, Seal, report_text
from ._keys import PublicKey, SigningKey

GENESIS = "0" * 64
"""``seal.previous`` of a report that is in no ledger."""

_UNSEALED = ("digest", "signature", "key_id", "public_key")
_SEAL_ORDER = ["previous", *_UNSEALED]
_HASH = re.compile(r"[0-9a-f]{64}")
_REPORT_DOMAIN = b"avaudit.report/1\0"


def compact_text(value: Any) -> str:
    """Give a JSON value as text without blanks, members in their own order.

    The order of members is kept, and so sealed: a report whose lines were merely swapped is a
    changed report. From this text the bytes of report.json follow (``report_text`` of it).

    Examples
    --------
    >>> compact_text({"b": 1.5, "a": None})
    '{"b":1.5,"a":null}'
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest_of(report: dict[str, Any]) -> str:
    """Give the digest of a report, as 64 hexadecimal digits.

    Parameters
    ----------
    report
        The report as JSON types, sealed or with ``seal.previous`` alone.

    Raises
    ------
    ValueError
        When a number is not finite or a text is not valid Unicode, so that it cannot be written
        (``UnicodeEncodeError`` is a ``ValueError``).
    """
    seal = report.get("seal")
    covered = dict(report)
    if isinstance(seal, dict):
        covered["seal"] = {key: seal[key] for key in seal if key not in _UNSEALED}
    return hashlib.sha256(compact_text(covered).encode("utf-8")).hexdigest()


def sign_digest(key: SigningKey, digest: str) -> str:
    """Sign a report's digest, with a domain in front: it passes for no other kind of signature."""
    return key.sign(_REPORT_DOMAIN + bytes.fromhex(digest))


def seal_report(report: Report, previous: str, key: SigningKey) -> Report:
    """Give the report with its seal.

    Parameters
    ----------
    report
        A report without a seal; one that has a seal gets a new one.
    previous
        The hash of the ledger entry before this one, or :data:`GENESIS`.
    key
        The key to sign with.

    Raises
    ------
    AvauditError
        When the report holds something that JSON cannot: it would read back as something else.
    """
    unsealed = report.model_copy(update={"seal": None}).to_dict()
    digest = _digest_checked({**unsealed, "seal": {"previous": previous}}, report.id)
    public = key.public
    seal = Seal(
        previous=previous,
        digest=digest,
        signature=sign_digest(key, digest),
        key_id=public.key_id,
        public_key=public.hex,
    )
    return report.model_copy(update={"seal": seal})


def signature_problem(seal: dict[str, Any]) -> str | None:
    """Say what is wrong with a seal's signature over its own digest; ``None`` when it holds.

    Whether the digest is the report's, and whose key it is, are other questions.
    """
    missing = [name for name in _UNSEALED if not isinstance(seal.get(name), str)]
    if missing:
        return (
            f"the seal has no {', '.join(missing)}: avaudit signs every report, "
            "so somebody took it out"
        )
    if list(seal)[: len(_SEAL_ORDER)] != _SEAL_ORDER:
        return f"the seal's members are not in their order: {', '.join(_SEAL_ORDER)}"
    if not _HASH.fullmatch(seal["digest"]):
        return "seal.digest is not a SHA-256"
    key = PublicKey.from_hex(seal["public_key"])
    if key is None or key.key_id != seal["key_id"]:
        return "seal.public_key is not the key that seal.key_id names"
    if not key.verifies(seal["signature"], _REPORT_DOMAIN + bytes.fromhex(seal["digest"])):
        return "seal.signature does not fit seal.digest and seal.public_key"
    return None


def _digest_checked(report: dict[str, Any], report_id: str) -> str:
    """Take the digest of the report as it will read back from its file."""
    try:
        text = report_text(report)
        return digest_of(json.loads(text))
    except (TypeError, ValueError, RecursionError) as error:
        raise AvauditError(
            f"report {report_id} cannot be sealed, for it holds a value that JSON cannot: {error}"
        ) from error
