"""Examining one file: read the manifest, judge it, describe it."""

from __future__ import annotations

from typing import Any

from avaudit.detector import Examination, Item, Observed, Outcome

from .actions import actions_of, claim_generator
from .chain import chain_of, ingredient_problems, ordered_labels
from .codes import BINDING_MISMATCH, Codes, codes_of, exact, mapping, text
from .reading import Reading, is_init_segment, read_again, read_manifest
from .signals import UNREAD, Signal, signal_of
from .statements import redactions, soft_bindings, training_mining
from .thumbnails import extract_thumbnails
from .validator import LIBRARY, Validator, ValidatorCache
from .verdict import (
    NO_LISTS,
    identity_of,
    integrity_of,
    revocation_of,
    trust_of,
)
from .wording import INIT_SEGMENT, WITHOUT_MANIFEST, indications_of, summary_of


class C2paExamination(Examination):
    """One file under examination; all work is done at the end."""

    def __init__(self, item: Item, validators: ValidatorCache) -> None:
        self._item = item
        self._validators = validators

    def finish(self) -> Outcome:
        """Read and validate the manifest."""
        validator = self._validators.get(self._item.data_dirs.get("trust"))
        with read_manifest(self._item, validator) as reading:
            if reading.store is None:
                return _without_manifest(reading, validator)
            codes = codes_of(reading.store)
            if self._cut_off_stream(codes):
                facts = {"reason": INIT_SEGMENT, "codes": codes.as_facts()}
                return _nothing("unreadable", INIT_SEGMENT, validator, facts)
            return self._with_manifest(reading, reading.store, codes, validator)

    def _cut_off_stream(self, codes: Codes) -> bool:
        if not codes.active_codes("failure") & BINDING_MISMATCH & {"assertion.bmffHash.mismatch"}:
            return False
        with self._item.open() as stream:
            return is_init_segment(stream)

    def _with_manifest(
        self, reading: Reading, store: dict[str, Any], codes: Codes, validator: Validator
    ) -> Observed:
        manifests = mapping(store.get("manifests"))
        labels = ordered_labels(store)
        label = exact(store.get("active_manifest"))
        active = mapping(manifests.get(label))
        integrity = integrity_of(codes, text(store.get("validation_state")))
        hits = validator.settle(
            codes, lambda context: codes_of(read_again(self._item, reading, context))
        )
        trust = trust_of(codes, validator.store, hits.get(label))
        signal = signal_of(manifests, label)
        signature = mapping(active.get("signature_info"))
        signer = text(signature.get("common_name")) or text(signature.get("issuer"))
        assert reading.reader is not None
        pictures = extract_thumbnails(
            reading.reader,
            manifests,
            labels,
            lambda: self._item.scratch,
            of_active=integrity.binding != "match",
        )
        facts = {
            "integrity": integrity.verdict,
            "content_binding": integrity.binding,
            **trust.facts(),
            "signer": signer or None,
            "issuer": text(signature.get("issuer")) or None,
            "signed_at": text(signature.get("time"), 40) or None,
            "time_stamp": _time_stamp(codes),
            "claim_generator": claim_generator(active) or None,
            "title": text(active.get("title")) or None,
            **_signal_facts(signal),
            "ingredient_problems": ingredient_problems(store, labels, codes),
            "codes": codes.as_facts(),
            "identity": identity_of(codes, active),
            "revocation": revocation_of(codes),
            "library": LIBRARY,
            "manifest_source": reading.manifest_source,
            "active_manifest": label,
            "actions": [action.as_facts() for action in actions_of(active)],
            "training_mining": training_mining(active),
            "soft_bindings": soft_bindings(active),
            "redactions": redactions(manifests, labels),
            "manifests": chain_of(store, labels, codes, hits, pictures.names),
            "manifests_total": len(manifests),
            "trust_lists": _lists(validator),
            "notes": pictures.notes,
        }
        return Observed(
            summary=summary_of(reading, integrity, trust, signal, signer),
            facts={key: value for key, value in facts.items() if value is not None},
            artefacts=tuple(pictures.artefacts),
            indications=indications_of(integrity, trust, signal, label),
        )


def _without_manifest(reading: Reading, validator: Validator) -> Observed:
    extra: dict[str, Any] = {}
    if reading.remote_url:
        extra["remote_url"] = reading.remote_url
    if reading.error:
        extra["reason"] = reading.error
    return _nothing(reading.status, WITHOUT_MANIFEST[reading.status], validator, extra)


def _nothing(integrity: str, summary: str, validator: Validator, extra: dict[str, Any]) -> Observed:
    """Give the finding for a file whose manifest is not there or cannot be judged."""
    why = "no signature was checked" if validator.store.can_judge_signers else NO_LISTS
    facts = {
        "integrity": integrity,
        "trust": "unknown",
        "trust_reason": why,
        **_signal_facts(UNREAD),
        "ingredient_problems": [],
        "codes": {"success": [], "informational": [], "failure": []},
        "identity": {"state": "absent"},
        "revocation": "not_checked",
        "library": LIBRARY,
        "trust_lists": _lists(validator),
        **extra,
    }
    return Observed(summary=summary, facts=facts)


def _signal_facts(signal: Signal) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "ai_signal": signal.ai,
        "ai_signal_reason": signal.reason,
        "ai_agents": list(signal.agents),
    }
    return {**facts, "ai_signal_manifest": signal.manifest} if signal.manifest else facts


def _time_stamp(codes: Codes) -> str:
    """Say how far the time of signing is vouched for by somebody other than the signer."""
    passed = codes.active_codes("success")
    if "timeStamp.trusted" in passed:
        return "trusted"
    return "untrusted" if "timeStamp.validated" in passed else "absent"


def _lists(validator: Validator) -> list[dict[str, str]]:
    return [
        {
            "name": loaded.entry.name,
            "role": loaded.entry.role,
            "date": loaded.entry.issued or loaded.entry.installed_at,
            "sha256": loaded.entry.sha256,
        }
        for loaded in validator.store.lists
    ]
