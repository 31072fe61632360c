"""C2PA validation codes: collecting them, and what each group of them means.

Codes are those of the C2PA Technical Specification 2.4, section 15.2 ("Returning validation
results").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Group = Literal["success", "informational", "failure"]

_RENAMED = {"claim.missing": "ingredient.manifest.missing"}

UNTRUSTED = "signingCredential.untrusted"
TRUSTED = "signingCredential.trusted"
SIGNATURE_BROKEN = frozenset({"claimSignature.mismatch", "claimSignature.missing"})
CREDENTIAL_BAD = frozenset(
    {
        "signingCredential.invalid",
        "signingCredential.expired",
        "signingCredential.revoked",
        "signingCredential.ocsp.revoked",
        "claimSignature.outsideValidity",
    }
)
BINDING_MATCH = frozenset(
    f"assertion.{kind}.match"
    for kind in ("dataHash", "bmffHash", "boxesHash", "collectionHash", "multiAssetHash")
)
BINDING_MISMATCH = frozenset(code.replace(".match", ".mismatch") for code in BINDING_MATCH)
ASSERTION_MISMATCH = "assertion.hashedURI.mismatch"


@dataclass(frozen=True)
class Status:
    """One validation status: code, where in the store, and the library's words."""

    code: str
    url: str
    explanation: str


@dataclass(frozen=True)
class Codes:
    """The statuses of the active manifest, and the new ones about its ingredients.

    ``active`` and ``deltas`` map a group to its statuses. Deltas are what validating the
    ingredients gave now beyond what the signer recorded.
    """

    active: Mapping[Group, tuple[Status, ...]]
    deltas: Mapping[Group, tuple[Status, ...]]

    def failures(self) -> tuple[Status, ...]:
        """Give every failure that makes the store invalid.

        Left out: an unknown signer (that is trust, not integrity) and ``cawg.*`` (who stands
        behind the content is a question of its own, and offline it often cannot be settled).
        """
        everything = (*self.active["failure"], *self.deltas["failure"])
        return tuple(
            s for s in everything if s.code != UNTRUSTED and not s.code.startswith("cawg.")
        )

    def active_codes(self, group: Group) -> frozenset[str]:
        """Give the codes of one group of the active manifest."""
        return frozenset(status.code for status in self.active[group])

    def as_facts(self) -> dict[str, list[str]]:
        """Give the codes for the report, each once, in the library's order.

        Failures found now in ingredients count too; ingredients' unknown signers do not.
        """
        found = [s.code for s in self.deltas["failure"] if s.code != UNTRUSTED]
        return {
            "success": _unique(s.code for s in self.active["success"]),
            "informational": _unique(s.code for s in self.active["informational"]),
            "failure": _unique([*(s.code for s in self.active["failure"]), *found]),
        }


_GROUPS: tuple[Group, ...] = ("success", "informational", "failure")


def codes_of(store: Mapping[str, Any]) -> Codes:
    """Collect the validation statuses of a manifest store."""
    results = mapping(store.get("validation_results"))
    active = mapping(results.get("activeManifest"))
    deltas = [
        mapping(mapping(d).get("validationDeltas")) for d in items(results, "ingredientDeltas")
    ]
    return Codes(
        active={group: tuple(statuses(active.get(group))) for group in _GROUPS},
        deltas={
            group: tuple(s for delta in deltas for s in statuses(delta.get(group)))
            for group in _GROUPS
        },
    )


def statuses(rows: Any) -> Iterator[Status]:
    """Read a list of status objects, with renamed codes brought to their present name."""
    for row in rows if isinstance(rows, list) else []:
        entry = mapping(row)
        code = text(entry.get("code"))
        if code:
            yield Status(
                _RENAMED.get(code, code), exact(entry.get("url")), text(entry.get("explanation"))
            )


def mapping(value: Any) -> Mapping[str, Any]:
    """Give a JSON object, or an empty one for anything else a hostile manifest may hold."""
    return value if isinstance(value, dict) else {}


def items(parent: Mapping[str, Any], key: str) -> list[Any]:
    """Give a JSON array, or an empty one for anything else."""
    value = parent.get(key)
    return value if isinstance(value, list) else []


def text(value: Any, limit: int = 300) -> str:
    """Give a JSON string cut to ``limit`` characters, or an empty one for anything else."""
    if not isinstance(value, str):
        return ""
    return value if len(value) <= limit else value[: limit - 1] + "…"


def exact(value: Any) -> str:
    """Give a JSON string uncut, for names by which the manifest store refers to its parts."""
    return value if isinstance(value, str) else ""


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
