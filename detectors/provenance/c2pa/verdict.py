"""The three axes that must not be mixed: integrity, trust in the signer, asserted identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from avaudit.trust import CLAIM_ROLES, TrustList, TrustStore

from .codes import (
    BINDING_MATCH,
    BINDING_MISMATCH,
    CREDENTIAL_BAD,
    SIGNATURE_BROKEN,
    Codes,
    items,
    mapping,
    text,
)

NO_LISTS = (
    "no trust list for claim signers is installed, so anybody could have made this certificate; "
    "install the lists with: avaudit trust update"
)
_EXCLUSION = "exclusion"

Binding = Literal["match", "mismatch", "exclusion_mismatch", "not_checked"]


@dataclass(frozen=True, kw_only=True)
class Integrity:
    """Whether the signed bytes are as they were signed.

    ``binding`` is about the media bytes alone; ``exclusion_mismatch`` means that the signature
    leaves out more than the manifest, so bytes outside it are not covered. ``failures`` are all
    codes that make it invalid, ``active_failures`` those about the active manifest itself.
    """

    verdict: Literal["valid", "invalid"]
    binding: Binding
    failures: tuple[str, ...] = ()
    active_failures: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whether the signer of the active manifest is known, by which list, and why not."""

    verdict: Literal["trusted", "trusted_legacy", "untrusted", "unknown"]
    reason: str
    trust_list: TrustList | None = None

    def facts(self) -> dict[str, Any]:
        """Give the facts of the report; absent where no list decided."""
        facts: dict[str, Any] = {"trust": self.verdict, "trust_reason": self.reason}
        if self.trust_list is not None:
            facts |= {
                "trust_list": self.trust_list.name,
                "trust_list_title": self.trust_list.title,
                "trust_list_date": self.trust_list.issued or self.trust_list.installed_at,
                "trust_list_sha256": self.trust_list.sha256,
                "trust_list_expired": self.trust_list.expired(datetime.now(UTC)),
            }
        return facts


def integrity_of(codes: Codes, state: str) -> Integrity:
    """Judge the integrity of the store.

    Parameters
    ----------
    codes
        All validation codes.
    state
        The library's own ``validation_state``; it decides where no code explains it.
    """
    failures = tuple(dict.fromkeys(status.code for status in codes.failures()))
    unexplained = state == "Invalid" and not any(
        s.code.startswith("cawg.") for s in (*codes.active["failure"], *codes.deltas["failure"])
    )
    verdict: Literal["valid", "invalid"] = "invalid" if failures or unexplained else "valid"
    return Integrity(
        verdict=verdict,
        binding=_binding(codes),
        failures=failures,
        active_failures=codes.active_codes("failure"),
    )


def _binding(codes: Codes) -> Binding:
    mismatches = [s for s in codes.active["failure"] if s.code in BINDING_MISMATCH]
    if mismatches:
        only_exclusion = all(_EXCLUSION in s.explanation for s in mismatches)
        return "exclusion_mismatch" if only_exclusion else "mismatch"
    return "match" if codes.active_codes("success") & BINDING_MATCH else "not_checked"


def trust_of(codes: Codes, store: TrustStore, found: TrustList | None) -> Trust:
    """Judge whether the signer of the active manifest is trusted.

    The library reports success for an anchor of *any* kind, also one for time stamps; only
    lists for claim signers count.

    Parameters
    ----------
    codes
        All validation codes.
    store
        The installed lists.
    found
        The strongest list that vouches for the signer of the active manifest, if any does.
    """
    if not store.can_judge_signers:
        return Trust(verdict="unknown", reason=NO_LISTS)
    failed = codes.active_codes("failure")
    if failed & SIGNATURE_BROKEN:
        return Trust(
            verdict="untrusted",
            reason="the signature does not verify, so the certificate in it proves nothing",
        )
    bad = sorted(failed & CREDENTIAL_BAD)
    if bad:
        return Trust(
            verdict="untrusted",
            reason=f"the signing certificate is not acceptable ({', '.join(bad)})",
            trust_list=found,
        )
    if found is None:
        names = ", ".join(x.entry.name for x in store.lists if x.entry.role in CLAIM_ROLES)
        return Trust(
            verdict="untrusted",
            reason=f"the signer's certificate leads to no anchor of the installed lists ({names})",
        )
    return _trust_by(found)


def _trust_by(found: TrustList) -> Trust:
    if found.role == "tsa":
        why = "the certificate leads only to a time-stamping authority, which may not sign claims"
        return Trust(verdict="untrusted", reason=why)
    if found.role == "test":
        why = f"signed with a test certificate ({found.name}): anybody can sign with it"
        return Trust(verdict="untrusted", reason=why, trust_list=found)
    if found.role == "trusted_legacy":
        why = f"on the {found.title}: kept for older files, no longer maintained"
        return Trust(verdict="trusted_legacy", reason=why, trust_list=found)
    by = f"your own anchor {found.name}" if found.role == "private" else f"the {found.title}"
    why = f"the signer's certificate leads to an anchor of {by}"
    if found.expired(datetime.now(UTC)):
        why += f"; a newer list was due on {(found.next_update or '')[:10]}: avaudit trust update"
    return Trust(verdict="trusted", reason=why, trust_list=found)


def identity_of(codes: Codes, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Report the CAWG identity assertion (who stands behind the content), a separate axis.

    Returns
    -------
    dict
        ``state``: ``absent``, ``not_verified`` or ``invalid``; avaudit has no list of identity
        issuers, so nothing is ever called verified. ``codes``: the library's ``cawg.*`` codes.
    """
    found = [
        assertion
        for assertion in map(mapping, items(manifest, "assertions"))
        if text(assertion.get("label")).startswith("cawg.identity")
    ]
    by_group = {
        group: [s.code for s in codes.active[group] if s.code.startswith("cawg.")]
        for group in codes.active
    }
    every = list(dict.fromkeys(code for group in by_group.values() for code in group))
    if not found and not every:
        return {"state": "absent"}
    unavailable = [c for c in by_group["failure"] if "unavailable" in c or "untrusted" in c]
    broken = len(unavailable) < len(by_group["failure"])
    facts: dict[str, Any] = {"state": "invalid" if broken else "not_verified", "codes": every}
    named = [name for assertion in found[:8] for name in _names(mapping(assertion.get("data")))]
    if named:
        facts["claims"] = named
    return facts


def _names(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """Give what identity assertions claim: an X.509 subject, or verified accounts."""
    signature = mapping(data.get("signature_info"))
    if signature:
        return [
            {
                "type": "x509",
                "name": text(signature.get("common_name")) or text(signature.get("issuer")),
            }
        ]
    return [
        {
            "type": text(row.get("type")),
            "name": text(row.get("username")) or text(row.get("name")),
            "uri": text(row.get("uri")),
        }
        for row in map(mapping, items(data, "verifiedIdentities")[:16])
    ]


def revocation_of(codes: Codes) -> str:
    """Tell whether the signer's certificate was found revoked; never looked up on line."""
    failed, passed = codes.active_codes("failure"), codes.active_codes("success")
    if failed & {"signingCredential.revoked", "signingCredential.ocsp.revoked"}:
        return "revoked"
    return "not_revoked" if "signingCredential.ocsp.notRevoked" in passed else "not_checked"
