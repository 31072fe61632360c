"""Other signed statements: permission to mine, soft bindings (watermarks), redactions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .codes import items, mapping, text

_MAX_ROWS = 32
_MINING_LABELS = ("c2pa.training-mining", "cawg.training-mining")


def training_mining(manifest: Mapping[str, Any]) -> list[dict[str, str]]:
    """Give what the signer allows for training and data mining: ``entry``, ``use``, constraints.

    ``use`` is ``allowed``, ``notAllowed`` or ``constrained``.
    """
    rows: list[dict[str, str]] = []
    for assertion in map(mapping, items(manifest, "assertions")):
        if not text(assertion.get("label")).startswith(_MINING_LABELS):
            continue
        entries = mapping(mapping(assertion.get("data")).get("entries"))
        for name, entry in entries.items():
            row = {"entry": text(name, 100), "use": text(mapping(entry).get("use"), 40)}
            constraint = text(mapping(entry).get("constraint_info"))
            rows.append({**row, "constraint": constraint} if constraint else row)
    return rows[:_MAX_ROWS]


def soft_bindings(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the watermarks or fingerprints the manifest can be found again by; never looked up.

    ``algorithm`` names an entry of the C2PA soft binding algorithm list.
    """
    rows: list[dict[str, Any]] = []
    for assertion in map(mapping, items(manifest, "assertions")):
        if text(assertion.get("label")).startswith("c2pa.soft-binding"):
            data = mapping(assertion.get("data"))
            blocks = map(mapping, items(data, "blocks")[:_MAX_ROWS])
            values = [value for block in blocks if (value := text(block.get("value"), 200))]
            rows.append({"algorithm": text(data.get("alg"), 100), "values": values})
    return rows[:_MAX_ROWS]


def redactions(manifests: Mapping[str, Any], labels: list[str]) -> list[str]:
    """Give the assertions of ingredients that later signers have blanked (JUMBF addresses)."""
    return [
        text(address)
        for label in labels
        for address in items(mapping(manifests[label]), "redactions")[:_MAX_ROWS]
        if text(address)
    ]
