"""The chain of manifests, compact enough to draw, and the problems recorded or found in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from avaudit.trust import CLAIM_ROLES, TrustList

from .actions import actions_of, claim_generator
from .codes import UNTRUSTED, Codes, Status, exact, items, mapping, statuses, text
from .hits import owner_of

MAX_MANIFESTS = 64
MAX_INGREDIENTS = 100
_MAX_SHOWN_ACTIONS = 40

# Recorded statuses that are no problem: successes, and an unknown signer (that is trust).
_NO_PROBLEM = frozenset({UNTRUSTED, "ingredient.unknownProvenance"})
_GOOD_ENDINGS = (
    ".match",
    ".validated",
    ".trusted",
    ".insideValidity",
    ".notRevoked",
    ".skipped",
    ".accessible",
)


def ordered_labels(store: Mapping[str, Any]) -> list[str]:
    """Give the labels of manifests, the active one first, then by following ingredients."""
    manifests = mapping(store.get("manifests"))
    waiting, order = [exact(store.get("active_manifest"))], dict[str, None]()
    while waiting and len(order) < MAX_MANIFESTS:
        label = waiting.pop(0)
        if label in order or label not in manifests:
            continue
        order[label] = None
        ingredients = items(mapping(manifests[label]), "ingredients")
        waiting.extend(exact(mapping(entry).get("active_manifest")) for entry in ingredients)
    return list(order)


def chain_of(
    store: Mapping[str, Any],
    labels: list[str],
    codes: Codes,
    hits: Mapping[str, TrustList],
    thumbnails: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Describe each manifest for a picture of the chain.

    Parameters
    ----------
    store
        The manifest store.
    labels
        Which manifests, in which order.
    codes
        The validation codes, for each manifest's own problems.
    hits
        The trust list that vouches for a manifest's signer, by label.
    thumbnails
        Names of thumbnail files by their identifier in the store.

    Returns
    -------
    list of dict
        ``label, title, claim_generator, signer, issuer, signed_at, trusted, trust_list, actions[],
        ingredients[{title, relationship, manifest, thumbnail}], problems[], thumbnail``.
    """
    manifests = mapping(store.get("manifests"))
    by_label = _statuses_by_label(codes, labels)
    chain = [
        {
            **_described(mapping(manifests[label]), label, by_label.get(label, []), thumbnails),
            **_trust(hits.get(label)),
        }
        for label in labels
    ]
    as_ingredient = {
        entry["manifest"]: entry["thumbnail"]
        for part in chain
        for entry in part["ingredients"]
        if "manifest" in entry and "thumbnail" in entry
    }
    for part in chain:
        if "thumbnail" not in part and part["label"] in as_ingredient:
            part["thumbnail"] = as_ingredient[part["label"]]
    return chain


def _described(
    manifest: Mapping[str, Any], label: str, found: list[Status], thumbnails: Mapping[str, str]
) -> dict[str, Any]:
    signature = mapping(manifest.get("signature_info"))
    actions = actions_of(manifest)
    known = {status.code for status in found}
    parts: dict[str, Any] = {
        "label": label,
        "title": text(manifest.get("title")),
        "format": text(manifest.get("format"), 100),
        "claim_generator": claim_generator(manifest),
        "signer": text(signature.get("common_name")) or text(signature.get("issuer")),
        "issuer": text(signature.get("issuer")),
        "signed_at": text(signature.get("time"), 40),
        "actions": [action.as_facts() for action in actions[:_MAX_SHOWN_ACTIONS]],
        "ingredients": [
            _ingredient(mapping(entry), thumbnails)
            for entry in items(manifest, "ingredients")[:MAX_INGREDIENTS]
        ],
        "problems": sorted(known - {UNTRUSTED}),
        "thumbnail": thumbnails.get(thumbnail_identifier(manifest)),
    }
    return {key: value for key, value in parts.items() if value not in (None, "")}


def _trust(found: TrustList | None) -> dict[str, Any]:
    if found is None or found.role not in CLAIM_ROLES:
        return {"trusted": False}
    return {"trusted": True, "trust_list": found.name}


def _ingredient(entry: Mapping[str, Any], thumbnails: Mapping[str, str]) -> dict[str, Any]:
    parts = {
        "title": text(entry.get("title")),
        "relationship": text(entry.get("relationship"), 40),
        "manifest": exact(entry.get("active_manifest")),
        "problems": sorted({status.code for status in _recorded(entry)}),
        "thumbnail": thumbnails.get(thumbnail_identifier(entry)),
    }
    return {key: value for key, value in parts.items() if value}


def thumbnail_identifier(entry: Mapping[str, Any]) -> str:
    """Give where in the store a manifest's or an ingredient's thumbnail lies; empty if nowhere."""
    return exact(mapping(entry.get("thumbnail")).get("identifier"))


def ingredient_problems(
    store: Mapping[str, Any], labels: list[str], codes: Codes
) -> list[dict[str, str]]:
    """List what is wrong with ingredients: what signers recorded, and what is found now.

    A signer who takes in a broken file and records that keeps the own manifest valid, so this
    is a field of its own.

    Returns
    -------
    list of dict
        ``code``, ``explanation``, ``ingredient`` (its title), ``manifest`` (whose ingredient it
        is) and ``known``: ``recorded_by_signer`` or ``found_now``.
    """
    manifests = mapping(store.get("manifests"))
    problems = [
        {
            "code": status.code,
            "explanation": status.explanation,
            "ingredient": text(ingredient.get("title")),
            "manifest": label,
            "known": "recorded_by_signer",
        }
        for label in labels
        for ingredient in map(mapping, items(mapping(manifests[label]), "ingredients"))
        for status in _recorded(ingredient)
    ]
    problems += [
        {
            "code": status.code,
            "explanation": status.explanation,
            "ingredient": "",
            "manifest": status.url,
            "known": "found_now",
        }
        for status in codes.deltas["failure"]
        if _is_problem(status)
    ]
    return problems[:MAX_INGREDIENTS]


def _recorded(ingredient: Mapping[str, Any]) -> Iterator[Status]:
    results = mapping(ingredient.get("validation_results"))
    rows = [
        *statuses(ingredient.get("validation_status")),
        *statuses(mapping(results.get("activeManifest")).get("failure")),
    ]
    for delta in map(mapping, items(results, "ingredientDeltas")):
        rows += statuses(mapping(delta.get("validationDeltas")).get("failure"))
    seen: set[Status] = set()
    for status in rows:
        if _is_problem(status) and status not in seen:
            seen.add(status)
            yield status


def _is_problem(status: Status) -> bool:
    good = status.code in _NO_PROBLEM or status.code.endswith(_GOOD_ENDINGS)
    return not good and not status.code.startswith("cawg.")


def _statuses_by_label(codes: Codes, labels: list[str]) -> dict[str, list[Status]]:
    """Sort failures by the manifest whose part they are about."""
    found: dict[str, list[Status]] = {}
    for status in (*codes.active["failure"], *codes.deltas["failure"]):
        owner = owner_of(status.url)
        if owner in labels:
            found.setdefault(owner, []).append(status)
    return found
