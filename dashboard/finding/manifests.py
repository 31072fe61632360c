"""The tree of C2PA manifests: who signed what, made from which ingredients, with thumbnails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from avaudit.catalogue import FindingRecord

from ..files import picture_address
from ..say import md, plain
from ..store import Store

MAX_DEPTH = 6
MAX_MANIFESTS = 60
_SOURCES = {
    "trainedAlgorithmicMedia": "made by a trained model",
    "compositeWithTrainedAlgorithmicMedia": "edited with a trained model",
    "digitalCapture": "captured by a camera or recorder",
    "algorithmicMedia": "made by an algorithm",
    "compositeCapture": "put together from captures",
    "humanEdits": "edited by hand",
}


def draw(store: Store, record: FindingRecord) -> None:
    """Draw the tree from the active manifest down."""
    manifests = {
        str(m.get("label")): m
        for m in record.finding.facts.get("manifests") or ()
        if isinstance(m, Mapping)
    }
    pictures = {
        str(artefact.name): artefact
        for artefact in record.finding.artefacts
        if artefact.role == "c2pa_thumbnail"
    }
    addresses = {
        name: picture_address(store.artefact(record.report, artefact), artefact.media_type)
        for name, artefact in pictures.items()
    }
    active = str(record.finding.facts.get("active_manifest") or next(iter(manifests), ""))
    seen: set[str] = set()
    _draw(manifests, addresses, active, 0, seen)
    for label in manifests:
        if label not in seen and len(seen) < MAX_MANIFESTS:
            st.caption("In the file, but not reached from the active manifest:")
            _draw(manifests, addresses, label, 0, seen)
    if len(manifests) > len(seen):
        st.caption(f"{len(seen)} of {len(manifests):,} manifests are drawn; all are in the JSON.")


def _draw(
    manifests: Mapping[str, Mapping[str, Any]],
    addresses: Mapping[str, str | None],
    label: str,
    depth: int,
    seen: set[str],
) -> None:
    manifest = manifests.get(label)
    if manifest is None or label in seen or depth > MAX_DEPTH or len(seen) >= MAX_MANIFESTS:
        return
    seen.add(label)
    _indented(depth, lambda: _node(manifest, addresses))
    ingredients = manifest.get("ingredients")
    for ingredient in ingredients if isinstance(ingredients, list) else ():
        if not isinstance(ingredient, Mapping):
            continue
        below = str(ingredient.get("manifest") or "")
        if below in manifests and below not in seen:
            _draw(manifests, addresses, below, depth + 1, seen)
        elif below not in seen:
            shown = ingredient
            _indented(depth + 1, lambda shown=shown: _leaf(shown, addresses))


def _indented(depth: int, draw_it: Any) -> None:
    if depth == 0:
        draw_it()
        return
    _, right = st.columns([depth, 12 - depth], gap="small")
    with right:
        draw_it()


def _node(manifest: Mapping[str, Any], addresses: Mapping[str, str | None]) -> None:
    with st.container(border=True):
        address = addresses.get(str(manifest.get("thumbnail")))
        left, right = st.columns([1, 5]) if address else (None, st.container())
        if left is not None and address:
            left.image(address, width=110)
        with right:
            trusted = manifest.get("trusted")
            state = ":green-badge[✓ trusted]" if trusted else ":orange-badge[? not trusted]"
            st.markdown(f"**{md(manifest.get('title') or 'untitled', 200)}** {state}")
            st.text(
                plain(
                    f"signed by {manifest.get('signer') or 'nobody named'}"
                    f" ({manifest.get('issuer') or 'no issuer'})"
                    f", made with {manifest.get('claim_generator') or 'an unnamed program'}",
                    500,
                )
            )
            actions = manifest.get("actions")
            for action in actions if isinstance(actions, list) else ():
                if isinstance(action, Mapping):
                    st.text(_action(action))
            problems = manifest.get("problems")
            for problem in problems if isinstance(problems, list) else ():
                st.markdown(":red-badge[✕ problem]")
                st.text(plain(problem, 500))


def _action(action: Mapping[str, Any]) -> str:
    parts = [str(action.get("action", "")).removeprefix("c2pa.")]
    if action.get("softwareAgent"):
        parts.append(f"by {action['softwareAgent']}")
    source = str(action.get("digitalSourceType") or "").rsplit("/", 1)[-1]
    if source:
        parts.append(_SOURCES.get(source, source))
    return plain("• " + ", ".join(parts), 300)


def _leaf(ingredient: Mapping[str, Any], addresses: Mapping[str, str | None]) -> None:
    with st.container(border=True):
        address = addresses.get(str(ingredient.get("thumbnail")))
        if address:
            st.image(address, width=110)
        st.text(plain(ingredient.get("title") or "untitled ingredient", 200))
        st.caption(md(f"{ingredient.get('relationship') or 'ingredient'}, without a manifest"))
