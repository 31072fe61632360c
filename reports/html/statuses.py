"""Words and marks for the states this report knows: outcomes, indications, provenance.

Every state has a mark of its own shape and a word; colour only repeats them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .numbers import utc
from .text import one_line, shortened


@dataclass(frozen=True, kw_only=True)
class Badge:
    """A mark and a word. ``mark`` names the drawing, ``tone`` the colour."""

    mark: str
    word: str
    tone: str
    meaning: str = ""
    strength: str = ""


OUTCOMES = {
    "scored": Badge(
        mark="scored",
        word="scored",
        tone="scored",
        meaning="A measurement. The raw score rises with support for proposition H1; it is not a "
        "probability. Only the likelihood ratio, where there is one, says how strongly it speaks.",
    ),
    "observed": Badge(
        mark="observed",
        word="observed",
        tone="observed",
        meaning="Facts read from the file, reported as they stand. There is no score.",
    ),
    "abstained": Badge(
        mark="abstained",
        word="abstained",
        tone="abstained",
        meaning="The detector gives no answer, and says why. "
        "This speaks neither for nor against anything.",
    ),
    "failed": Badge(
        mark="failed",
        word="failed",
        tone="failed",
        meaning="The examination broke off, and the reason is given. "
        "The file may be damaged, cut short or hostile.",
    ),
}

POINTS = {
    "generated": Badge(mark="generated", word="generated", tone="ai"),
    "edited": Badge(mark="edited", word="edited", tone="warn"),
    "captured": Badge(mark="captured", word="captured", tone="good"),
    "altered_after_signing": Badge(mark="alert", word="altered after signing", tone="bad"),
    "provenance_removed": Badge(mark="removed", word="provenance removed", tone="warn"),
}

VERDICTS = {
    "pass": Badge(
        mark="tick",
        word="pass",
        tone="good",
        meaning="The difference is shown to be smaller than the plan's margin.",
    ),
    "fail": Badge(
        mark="alert",
        word="fail",
        tone="bad",
        meaning="A difference is shown, after adjustment for all tests of the plan.",
    ),
    "insufficient": Badge(
        mark="abstained",
        word="insufficient evidence",
        tone="warn",
        meaning="Neither is shown. What difference would have been found, and how many items "
        "would settle it, stands beside the answer.",
    ),
}

MEASURED = Badge(mark="observed", word="measured", tone="observed")


@dataclass(frozen=True, kw_only=True)
class Status:
    """One axis of a provenance result: where it stands and what that means."""

    axis: str
    badge: Badge


_AXES = {
    "integrity": {
        "valid": ("tick", "good", "Nothing that was signed has changed since."),
        "invalid": ("alert", "bad", "The content or the manifest is not what was signed."),
        "absent": ("none", "plain", "The file carries no manifest. That alone says nothing."),
        "unreadable": ("alert", "bad", "There is a manifest, and it cannot be read."),
        "remote_only": (
            "abstained",
            "plain",
            "The manifest is kept elsewhere and was not fetched.",
        ),
        "not_supported": ("abstained", "plain", "Manifests cannot be looked for in this format."),
    },
    "trust": {
        "trusted": ("tick", "good", "The signer's certificate leads to the trust list named."),
        "trusted_legacy": ("tick", "warn", "It leads to the older interim list only."),
        "untrusted": (
            "question",
            "warn",
            "It leads to no list installed: anyone can make such a one.",
        ),
        "unknown": ("abstained", "plain", "It was not judged against a trust list."),
    },
    "ai_signal": {
        "fully_generated": ("generated", "ai", "The manifest says the content was generated."),
        "partly_generated": ("generated", "ai", "The manifest says parts were generated."),
        "edited_with_ai": ("edited", "ai", "The manifest says it was edited with a trained model."),
        "none": ("none", "plain", "The manifest says nothing of generation."),
        "unknown": ("abstained", "plain", "The manifest does not tell."),
    },
    "revocation": {
        "not_checked": (
            "abstained",
            "plain",
            "Whether the certificate was withdrawn was not looked up.",
        ),
        "not_revoked": (
            "tick",
            "good",
            "A proof in the file says the certificate was not withdrawn.",
        ),
        "revoked": ("alert", "bad", "The certificate was withdrawn by its issuer."),
    },
    "identity": {
        "not_verified": (
            "abstained",
            "plain",
            "A person or organisation is named; this was not verified.",
        ),
        "invalid": (
            "alert",
            "warn",
            "Somebody is named, and the proof does not hold.",
        ),
    },
}
_AXIS_NAMES = {
    "integrity": "Integrity",
    "trust": "Trust in the signer",
    "ai_signal": "AI signal",
    "revocation": "Revocation",
    "identity": "Asserted identity",
}
_WITH_MANIFEST = ("valid", "invalid")


def statuses_of(facts: Mapping[str, Any]) -> list[Status]:
    """Give the axes of a provenance result, for facts with a known ``integrity``."""
    integrity = facts.get("integrity")
    if not isinstance(integrity, str) or integrity not in _AXES["integrity"]:
        return []
    found = []
    axes = _AXES if integrity in _WITH_MANIFEST else {"integrity": _AXES["integrity"]}
    for axis, words in axes.items():
        value = facts.get(axis)
        if axis == "identity" and isinstance(value, Mapping):
            value = value.get("state")
        if not isinstance(value, str) or value not in words:
            continue
        mark, tone, meaning = words[value]
        if axis == "integrity" and facts.get("content_binding") == "not_checked":
            meaning = f"{meaning} Whether it belongs to these bytes was not checked."
        if axis == "trust":
            meaning = _with_list(_reason(facts) or meaning, facts)
        badge = Badge(mark=mark, word=value.replace("_", " "), tone=tone, meaning=meaning)
        found.append(Status(axis=_AXIS_NAMES[axis], badge=badge))
    return found


def _reason(facts: Mapping[str, Any]) -> str:
    """Give the detector's own sentence on trust, where it has one."""
    reason = facts.get("trust_reason")
    if not isinstance(reason, str) or not reason:
        return ""
    return shortened(one_line(f"{reason[0].upper()}{reason[1:]}"), 400).removesuffix(".") + "."


def _with_list(meaning: str, facts: Mapping[str, Any]) -> str:
    """Add which list decided, and of what date."""
    name, date = facts.get("trust_list"), facts.get("trust_list_date")
    if not isinstance(name, str) or not name:
        return meaning
    dated = utc(date) if isinstance(date, str) and date else "not dated"
    title = facts.get("trust_list_title")
    shown = shortened(one_line(title if isinstance(title, str) and title else name), 120)
    if shown.lower() in meaning.lower():
        return f"{meaning} Date of the list: {dated}."
    return f"{meaning} List: {shown}, {dated}."
