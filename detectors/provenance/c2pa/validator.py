"""One configured c2pa library: offline, with the installed trust lists, built once and reused."""

from __future__ import annotations

import base64
import hashlib
import io
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import c2pa

from avaudit.errors import ExaminationError
from avaudit.samples.tampering import provenance_pointer_jpeg
from avaudit.trust import (
    LoadedList,
    TrustError,
    TrustList,
    TrustStore,
    certificates_in,
    key_usages_in,
    load_trust,
    trust_state,
)

from .codes import Codes
from .hits import STRENGTH, Again, hits_of, rivals_in

LIBRARY = f"c2pa-python {c2pa.__version__}, c2pa-rs {c2pa.sdk_version()}"
"""Who validated; two validators may disagree, so every report names it."""

# Unknown keys are accepted silently by the library; prove_offline() checks that these work.
OFFLINE: Mapping[str, Any] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    "core": {"allowed_network_hosts": [], "allow_redirects": False},  # [] blocks every host
}

# Extended key usages a claim signer or time stamper may have (C2PA 2.2, 14.5.1, and the
# interim list). Without them a leaf with the official profile reads as invalid.
_KEY_USAGES = (
    "1.3.6.1.5.5.7.3.4",  # e-mail protection
    "1.3.6.1.5.5.7.3.36",  # document signing
    "1.3.6.1.5.5.7.3.8",  # time stamping
    "1.3.6.1.5.5.7.3.9",  # OCSP signing
    "1.3.6.1.4.1.311.76.59.1.9",  # Microsoft C2PA signing
    "1.3.6.1.4.1.62558.2.1",  # C2PA claim signing
)

_REMOTE_REFUSED = "must fetch remote manifests from url"
_HOST_REFUSED = "not permitted by the allowed list"
_LOOPBACK_URL = "http://127.0.0.1:9/avaudit-self-test.c2pa"  # 9: the discard port


class Validator:
    """A context of the c2pa library with all trust lists in it, and narrower ones when needed."""

    def __init__(self, store: TrustStore) -> None:
        self.store = store
        self.context = _context(store, store.lists)
        self._rivals = rivals_in(store)
        self._narrow: dict[frozenset[str], c2pa.Context] = {}

    def settle(self, codes: Codes, again: Again) -> dict[str, TrustList]:
        """Give the strongest list that vouches for each manifest, by the manifest's label.

        Parameters
        ----------
        codes
            What validating with all lists gave.
        again
            Validates the same file with another context; only called where the library's
            choice among several lists has to be settled.
        """
        hits = hits_of(codes, self.store)
        while contested := frozenset().union(*(self._rivals[hit.name] for hit in hits.values())):
            found = hits_of(again(self._only(contested)), self.store)
            stronger = {
                label: entry
                for label, entry in found.items()
                if label in hits and STRENGTH[entry.role] > STRENGTH[hits[label].role]
            }
            if not stronger:
                break
            hits |= stronger
        return hits

    def _only(self, names: frozenset[str]) -> c2pa.Context:
        if names not in self._narrow:
            lists = [x for x in self.store.lists if x.entry.name in names]
            self._narrow[names] = _context(self.store, lists)
        return self._narrow[names]


class ValidatorCache:
    """Builds the validator once and again only when the trust store changes (or after a fork)."""

    def __init__(self) -> None:
        self._key: object = None
        self._validator: Validator | None = None

    def get(self, folder: Path | None) -> Validator:
        """Give the validator for a trust store.

        Raises
        ------
        ExaminationError
            When the library would reach for the network, or the store was tampered with.
        """
        key = (os.getpid(), folder, trust_state(folder) if folder else ())
        if self._validator is None or key != self._key:
            self._validator = _build(folder)
            self._key = key
        return self._validator


def prove_offline() -> None:
    """Make sure that the library obeys the offline settings, with a file that asks for a fetch.

    Raises
    ------
    ExaminationError
        ``network_not_blocked`` when it does not: examining a hostile file would then send
        requests to addresses of the file's choice.
    """
    bait = provenance_pointer_jpeg(b"\xff\xd8\xff\xd9", _LOOPBACK_URL)
    unfetched = _refusal(bait, OFFLINE)
    # identity look-ups obey only the list of hosts, so that is tried by itself
    fetching = {**OFFLINE, "verify": {**OFFLINE["verify"], "remote_manifest_fetch": True}}
    blocked = _refusal(bait, fetching)
    if _REMOTE_REFUSED not in unfetched or _HOST_REFUSED not in blocked:
        raise ExaminationError(
            "network_not_blocked",
            f"the C2PA library ({LIBRARY}) does not obey its offline settings in this version, so "
            "no file was given to it; install the versions in requirements.lock",
        )


def _refusal(data: bytes, settings: Mapping[str, Any]) -> str:
    context = c2pa.Context.from_dict(dict(settings))
    try:
        with c2pa.Reader("image/jpeg", io.BytesIO(data), context=context):
            return ""
    except c2pa.C2paError as error:
        return str(error)


def _build(folder: Path | None) -> Validator:
    prove_offline()
    try:
        store = load_trust(folder) if folder else TrustStore(folder=Path())
        return Validator(store)
    except TrustError as error:
        raise ExaminationError("trust_store_unusable", str(error)) from error
    except c2pa.C2paError as error:
        raise ExaminationError(
            "trust_store_unusable", f"the C2PA library refuses the installed trust lists: {error}"
        ) from error


def _context(store: TrustStore, lists: Iterable[LoadedList]) -> c2pa.Context:
    usages = [*_KEY_USAGES]
    for loaded in store.lists:
        usages += key_usages_in(loaded.config or "")
    trust = {
        "trust_config": "\n".join(dict.fromkeys(usages)) + "\n",
        "anchors": [_anchor_settings(loaded) for loaded in lists],
    }
    return c2pa.Context.from_dict({**OFFLINE, "trust": trust})


def _anchor_settings(loaded: LoadedList) -> dict[str, Any]:
    anchors = certificates_in(loaded.anchors.encode(), loaded.entry.name)
    settings = {
        "trust_uri": loaded.entry.name,
        "trust_kind": "tsa" if loaded.entry.role == "tsa" else "manifest",
        "trust_anchors": _as_pem(anchors),
    }
    if loaded.allowed:
        # digests instead of certificates: the same meaning, a tenth of the time per file
        allowed = certificates_in(loaded.allowed.encode(), loaded.entry.name)
        digests = (base64.b64encode(hashlib.sha256(der).digest()).decode() for der in allowed)
        settings["allowed_list"] = "\n".join(digests) + "\n"
    return settings


def _as_pem(certificates: Iterable[bytes]) -> str:
    """Write certificates without the comments that stand between them in published lists."""
    return "".join(
        "-----BEGIN CERTIFICATE-----\n"
        + base64.encodebytes(der).decode()
        + "-----END CERTIFICATE-----\n"
        for der in certificates
    )
