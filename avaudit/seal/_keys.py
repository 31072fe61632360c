"""Ed25519 keys: made on first use, kept to their owner, never half written."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..atomic import sync_dir, write_atomic
from ..errors import AvauditError, UsageError
from ..home import ensure_private_dir, home_dir

KEY_FILE = "ed25519.pem"
_MAX_KEY_BYTES = 64 * 1024
_HEX_KEY = re.compile(r"[0-9a-f]{64}")
_HEX_SIGNATURE = re.compile(r"[0-9a-f]{128}")


@dataclass(frozen=True)
class PublicKey:
    """The half of a key that everybody may know.

    Parameters
    ----------
    raw
        The 32 bytes of the public key (RFC 8032).
    """

    raw: bytes

    @property
    def hex(self) -> str:
        """The key as 64 hexadecimal digits, as ``seal.public_key`` holds it."""
        return self.raw.hex()

    @property
    def key_id(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of the raw key: a name, not a proof."""
        return hashlib.sha256(self.raw).hexdigest()[:16]

    def pem(self) -> str:
        """Give the key as PEM text (SubjectPublicKeyInfo), as other programs read it."""
        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode("ascii")

    def verifies(self, signature: str | None, message: bytes) -> bool:
        """Tell whether ``signature`` (128 lower-case hexadecimal digits) fits ``message``."""
        if signature is None or not _HEX_SIGNATURE.fullmatch(signature):
            return False
        try:
            key = Ed25519PublicKey.from_public_bytes(self.raw)
            key.verify(bytes.fromhex(signature), message)
        except InvalidSignature:
            return False
        return True

    @classmethod
    def from_hex(cls, text: object) -> PublicKey | None:
        """Read 64 lower-case hexadecimal digits; ``None`` when it is anything else."""
        if not isinstance(text, str) or not _HEX_KEY.fullmatch(text):
            return None
        return cls(bytes.fromhex(text))


@dataclass(frozen=True)
class SigningKey:
    """A private key in memory. Its secret never shows in ``repr`` or in an error text."""

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> PublicKey:
        """The public half."""
        raw = self.private.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        return PublicKey(raw)

    @property
    def key_id(self) -> str:
        """See :attr:`PublicKey.key_id`."""
        return self.public.key_id

    def sign(self, message: bytes) -> str:
        """Sign ``message``: 128 hexadecimal digits."""
        return self.private.sign(message).hex()


def keys_dir() -> Path:
    """Give the folder of this machine's keys, below the avaudit home (not created here)."""
    return home_dir() / "keys"


def load_or_create_key(path: Path | None = None) -> SigningKey:
    """Give the key reports are signed with.

    Parameters
    ----------
    path
        A PEM file (PKCS #8, unencrypted) with an Ed25519 private key. Without it, the key of
        this machine in ``keys/ed25519.pem`` below the avaudit home; it is made on first use, with
        mode 0600 in a folder of mode 0700. Processes that start together get the same key.

    Raises
    ------
    UsageError
        When the file is missing, no Ed25519 key, encrypted, or readable by others.
    AvauditError
        When the key cannot be written.
    """
    if path is not None:
        key = load_key(path)
    else:
        default = keys_dir() / KEY_FILE
        if not default.exists():
            _create(default)
        key = load_key(default)
    remember_key(key.public)
    return key


def public_key_pem(path: Path | None = None) -> str:
    """Give the PEM text of the public key, to hand to whoever shall verify reports.

    Parameters
    ----------
    path
        As in :func:`load_or_create_key`.
    """
    return load_or_create_key(path).public.pem()


def load_key(path: Path) -> SigningKey:
    """Read a private key file.

    Raises
    ------
    UsageError
        When it is missing, not an unencrypted Ed25519 key in PEM form, or readable by others.
    """
    pem = _read_private(Path(path))
    try:
        private = serialization.load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise UsageError(
            f"the key {path} is encrypted: give an unencrypted copy that only you can read, "
            f"made with: openssl pkey -in {path} -out KEY.pem"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"{path} is not a private key in PEM form (PKCS #8). "
            "Make one with: openssl genpkey -algorithm ed25519 -out KEY.pem"
        ) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise UsageError(
            f"{path} holds a key of another kind: avaudit signs with Ed25519. "
            "Make one with: openssl genpkey -algorithm ed25519 -out KEY.pem"
        )
    return SigningKey(private)


def parse_public_key(source: str | Path) -> PublicKey:
    """Read a public key that somebody handed over.

    Parameters
    ----------
    source
        A PEM file with an Ed25519 public key, or the key itself as 64 hexadecimal digits.

    Raises
    ------
    UsageError
        When it is neither.
    """
    given = PublicKey.from_hex(str(source).lower())
    if given is not None:
        return given
    path = Path(source)
    try:
        with path.open("rb") as file:
            pem = file.read(_MAX_KEY_BYTES)
        public = serialization.load_pem_public_key(pem)
    except OSError as error:
        raise UsageError(f"cannot read the public key {path}: {error.strerror}") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(
            f"{path} is not a public key in PEM form; it should begin with "
            "'-----BEGIN PUBLIC KEY-----'"
        ) from error
    if not isinstance(public, Ed25519PublicKey):
        raise UsageError(f"{path} holds a key of another kind: avaudit signs with Ed25519")
    return PublicKey(
        public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    )


def known_dir() -> Path:
    """Give the folder whose public keys (``*.pem``) count as known."""
    return keys_dir() / "known"


def remember_key(key: PublicKey) -> None:
    """Put a public key into ``keys/known``, so that reports signed with it stay verifiable.

    Done with every key this machine signs with: when the private key is replaced one day, the
    old reports and ledger entries are still by a known key.
    """
    path = known_dir() / f"{key.key_id}.pem"
    if path.exists():
        if parse_public_key(path) != key:
            raise UsageError(f"{path} holds another key than its name says: look into it")
        return
    try:
        ensure_private_dir(keys_dir())
        ensure_private_dir(path.parent)
    except OSError as error:
        raise AvauditError(f"cannot make the folder {path.parent}: {error.strerror}") from error
    write_atomic(path, key.pem().encode("ascii"), mode=0o644)


def _read_private(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the key {path}: {error}") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"the key {path} is not a file")
        if found.st_mode & 0o077:
            raise UsageError(
                f"the key {path} can be read or changed by others, so it proves nothing: "
                f"run chmod 600 {path}, and make a new key if somebody may have copied it"
            )
        return os.read(descriptor, _MAX_KEY_BYTES)
    finally:
        os.close(descriptor)


def _create(path: Path) -> None:
    """Make a new key under ``path``, unless another process is faster: then its key stays.

    The key is written whole under another name and then linked to its own, which fails if
    that exists: no other process can ever read a part of it, and a kill leaves none.
    """
    temporary = path.parent / f".{secrets.token_hex(8)}.part"
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        ensure_private_dir(path.parent)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(temporary, path)
            except FileExistsError:
                return
            sync_dir(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise AvauditError(
            f"cannot make the signing key {path}: {error.strerror}. Make the folder writable, "
            "or set AVAUDIT_HOME to one that is"
        ) from error
