"""The seal: whether the content is the sealed one, and whose signature it bears."""

from __future__ import annotations

from typing import Any

from ..seal import PublicKey, Trust, digest_of, load_keyring, signature_problem
from ._model import Check


def seal_checks(report: dict[str, Any], public_key: PublicKey | None) -> list[Check]:
    """Check digest and signature.

    Parameters
    ----------
    report
        The report as JSON types.
    public_key
        The key it must be signed with; without it, it is said whose signature it is.
    """
    seal = report.get("seal")
    if not isinstance(seal, dict):
        return [Check("digest", "failed", "the report has no seal: it was taken out")]
    return [_digest(report, seal), _signature(seal, public_key)]


def _digest(report: dict[str, Any], seal: dict[str, Any]) -> Check:
    if digest_of(report) == seal.get("digest"):
        return Check("digest", "ok", "the content is what the digest in the seal says")
    text = "the content of the report does not fit the digest in its seal: one of them was changed"
    return Check("digest", "failed", text)


def _signature(seal: dict[str, Any], public_key: PublicKey | None) -> Check:
    problem = signature_problem(seal)
    if problem is not None:
        return Check("signature", "failed", problem)
    key = PublicKey(bytes.fromhex(seal["public_key"]))
    if public_key is not None:
        if key == public_key:
            return Check("signature", "ok", f"signed with the given key {key.key_id}")
        text = f"it is signed with key {key.key_id}, not with the given key {public_key.key_id}"
        return Check("signature", "failed", text)
    ring = load_keyring()
    if ring.trust(key) is not Trust.UNKNOWN:
        return Check("signature", "ok", f"signed with {ring.owner(key)} ({key.key_id})")
    return Check(
        "signature",
        "warning",
        f"the signature holds, but key {key.key_id} is not known here: anybody could have made "
        "and signed such a report. Get the public key from whoever made it and give it with "
        "--key, or put it into keys/known in the avaudit home",
    )
