r"""Sealing a report: its digest, its Ed25519 signature, and the keys of this machine.

What is sealed, exactly, so that anybody can check it without avaudit:

* ``digest``: SHA-256 of the report's JSON without blanks (UTF-8, members in the order of the file)
  without ``seal.digest``, ``seal.signature``, ``seal.key_id`` and ``seal.public_key``;
  ``seal.previous`` is covered.
* ``signature``: Ed25519 (RFC 8032) over ``b"avaudit.report/1\0"`` followed by the 32 digest bytes.
* ``key_id``: the first 16 hexadecimal digits of the SHA-256 of the raw public key.
"""

from ._keyring import KeyRing, Trust, load_keyring
from ._keys import (
    PublicKey,
    SigningKey,
    load_key,
    load_or_create_key,
    parse_public_key,
    public_key_pem,
    remember_key,
)
from ._seal import GENESIS, compact_text, digest_of, seal_report, sign_digest, signature_problem

__all__ = [
    "GENESIS",
    "KeyRing",
    "PublicKey",
    "SigningKey",
    "Trust",
    "compact_text",
    "digest_of",
    "load_key",
    "load_keyring",
    "load_or_create_key",
    "parse_public_key",
    "public_key_pem",
    "remember_key",
    "seal_report",
    "sign_digest",
    "signature_problem",
]
