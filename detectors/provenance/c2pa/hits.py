"""Which trust list vouches for which manifest, the strongest one where several do.

The library names *one* list for a signer. Where certificates of several lists are on the
signer's chain (16 of the 22 time-stamping authorities are also on the C2PA Trust List) it
names any of them, at random for each context it is given (c2pa-rs 0.91.3, measured). So lists
that are connected are told apart by validating again with only the stronger ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import c2pa

from avaudit.trust import Role, TrustList, TrustStore, certificates_in

from .codes import TRUSTED, Codes

STRENGTH: Mapping[Role, int] = {
    "tsa": 0,
    "test": 1,
    "trusted_legacy": 2,
    "private": 3,
    "trusted": 4,
}
"""A signer on several lists is reported under the strongest."""

_FOUND_IN = re.compile(r"found in \[([^\]]*)\]")

Again = Callable[[c2pa.Context], Codes]
"""Validates the same file again with another context."""


def hits_of(codes: Codes, store: TrustStore) -> dict[str, TrustList]:
    """Give the list the library names for each manifest, by the manifest's label."""
    hits: dict[str, TrustList] = {}
    for status in (*codes.active["success"], *codes.deltas["success"]):
        if status.code == TRUSTED:
            found = _list_named(status.explanation, store)
            if found is not None:
                hits.setdefault(owner_of(status.url), found)
    return hits


def owner_of(url: str) -> str:
    """Give the label of the manifest that a JUMBF address leads into."""
    return url.partition("/c2pa/")[2].partition("/")[0]


def _list_named(explanation: str, store: TrustStore) -> TrustList | None:
    match = _FOUND_IN.search(explanation)
    if match is None:
        return None
    if match.group(1):
        return store.find(match.group(1))
    # a certificate that is accepted by itself is reported without the name of its list
    return next((x.entry for x in store.lists if x.allowed), None)


def rivals_in(store: TrustStore) -> dict[str, frozenset[str]]:
    """Find, for each list, the stronger lists that may vouch for the same signers.

    Two lists are connected when certificates of theirs are, through subject and issuer names,
    directly or through other installed certificates.
    """
    names = {x.entry.name: _name_pairs(x.anchors, x.allowed, x.entry.name) for x in store.lists}
    group = _connected(pair for pairs in names.values() for pair in pairs)
    groups = {name: {group[pair[0]] for pair in pairs} for name, pairs in names.items()}
    strength = {x.entry.name: STRENGTH[x.entry.role] for x in store.lists}
    return {
        name: frozenset(
            other
            for other in names
            if strength[other] > strength[name] and groups[name] & groups[other]
        )
        for name in names
    }


def _name_pairs(anchors: str, allowed: str | None, where: str) -> set[tuple[bytes, bytes]]:
    from cryptography import x509

    ders = certificates_in(f"{anchors}\n{allowed or ''}".encode(), where)
    certificates = [x509.load_der_x509_certificate(der) for der in ders]
    return {(c.subject.public_bytes(), c.issuer.public_bytes()) for c in certificates}


def _connected(pairs: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Give each name the representative of its group (union-find)."""
    parent: dict[bytes, bytes] = {}

    def root(name: bytes) -> bytes:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for subject, issuer in pairs:
        parent[root(subject)] = root(issuer)
    return {name: root(name) for name in list(parent)}
