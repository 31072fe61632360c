"""What the chain of manifests says about AI: one word, where it stands, and by whom it is said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from .actions import (
    ANY_AI,
    CAPTURED,
    FULLY_AI,
    INCEPTION,
    MAYBE_AI,
    PARTLY_AI,
    Action,
    actions_of,
    source_type,
    source_type_uri,
)
from .codes import exact, items, mapping, text

AiSignal = Literal["fully_generated", "partly_generated", "edited_with_ai", "none", "unknown"]

_MAX_DEPTH = 32
_METADATA_LABELS = ("stds.iptc", "c2pa.metadata", "cawg.metadata", "stds.exif", "stds.xmp")


@dataclass(frozen=True, kw_only=True)
class Signal:
    """What is said about AI.

    Attributes
    ----------
    ai
        The signal of the contract. ``none``: the manifests say nothing of AI. ``unknown``: what
        they say leaves it open (a composite, digital art).
    reason
        Where it comes from, as a sentence.
    manifest
        Label of the manifest that says it; the signer of *that* manifest is responsible.
    agents
        The programs named for it.
    captured
        Whether the active manifest itself says that a camera or scanner recorded the media.
    """

    ai: AiSignal
    reason: str
    manifest: str | None = None
    agents: tuple[str, ...] = ()
    captured: bool = False


UNREAD = Signal(ai="unknown", reason="no manifest could be read")


def signal_of(manifests: Mapping[str, Any], label: str) -> Signal:
    """Read the AI signal of the active manifest and, where it is silent, of what it was made from.

    Parameters
    ----------
    manifests
        All manifests of the store, by label.
    label
        The active one.
    """
    return _Walk(manifests).read(label, 0)


class _Walk:
    """Follows ingredients to their manifests, each once, however the store is knotted."""

    def __init__(self, manifests: Mapping[str, Any]) -> None:
        self._manifests = manifests
        self._seen: set[str] = set()

    def read(self, label: str, depth: int) -> Signal:
        manifest = mapping(self._manifests.get(label))
        self._seen.add(label)
        actions = actions_of(manifest)
        own = _own_inception(manifest, actions, label)
        if own is not None and own.ai == "fully_generated":
            return own
        parent, parts = self._inherited(manifest, depth)
        if parent is not None and parent.ai in ("fully_generated", "partly_generated"):
            return parent
        if own is not None and own.ai == "partly_generated":
            return own
        edit = _own_edit(actions, label)
        for found in (edit, parts, parent if parent and parent.ai != "none" else None, own):
            if found is not None:
                return found
        silent = "no action says that AI was used, and none states a source"
        return Signal(ai="none", reason=silent, manifest=label)

    def _inherited(
        self, manifest: Mapping[str, Any], depth: int
    ) -> tuple[Signal | None, Signal | None]:
        """Give the signal of the parent, and ``partly_generated`` where a component is of AI."""
        parent: Signal | None = None
        parts: Signal | None = None
        for ingredient in map(mapping, items(manifest, "ingredients")):
            found = self._of_ingredient(ingredient, manifest, depth)
            relationship = text(ingredient.get("relationship"))
            if found is None or relationship == "inputTo":
                continue  # what was only an input (a prompt, a model) is not in the picture
            if relationship == "parentOf":
                parent = parent or found
            elif found.ai in ("fully_generated", "partly_generated", "edited_with_ai"):
                parts = parts or Signal(
                    ai="partly_generated",
                    reason=f"a component was made with AI: {found.reason}",
                    manifest=found.manifest,
                    agents=found.agents,
                )
        return parent, parts

    def _of_ingredient(
        self, ingredient: Mapping[str, Any], manifest: Mapping[str, Any], depth: int
    ) -> Signal | None:
        label = exact(ingredient.get("active_manifest"))
        if label in self._manifests and label not in self._seen and depth < _MAX_DEPTH:
            found = self.read(label, depth + 1)
            title = text(ingredient.get("title"), 80) or "an ingredient"
            return Signal(
                ai=found.ai,
                reason=f"{found.reason} (of the ingredient “{title}”)",
                manifest=found.manifest,
                agents=found.agents,
            )
        stated = ingredient.get("digital_source_type") or ingredient.get("digitalSourceType")
        own_label = exact(manifest.get("label")) or None
        return _by_source(source_type(source_type_uri(stated)), "an ingredient", own_label, ())


def _own_inception(
    manifest: Mapping[str, Any], actions: tuple[Action, ...], label: str
) -> Signal | None:
    for action in actions:
        if action.name in INCEPTION and action.source_type:
            agents = (action.agent,) if action.agent else ()
            return _by_source(action.source_type, action.name, label, agents)
    return _by_source(_metadata_source(manifest), "the signed metadata", label, ())


def _by_source(
    source: str, where: str, label: str | None, agents: tuple[str, ...]
) -> Signal | None:
    if not source:
        return None
    ai: AiSignal = "none"
    if source in FULLY_AI:
        ai = "fully_generated"
    elif source in PARTLY_AI:
        ai = "partly_generated"
    elif source in MAYBE_AI:
        ai = "unknown"
    return Signal(
        ai=ai,
        reason=f"{where} states the source type {source}",
        manifest=label,
        agents=agents if source in ANY_AI else (),
        captured=source in CAPTURED,
    )


def _own_edit(actions: tuple[Action, ...], label: str) -> Signal | None:
    edits = [a for a in actions if a.name not in INCEPTION and a.source_type in ANY_AI]
    if not edits:
        return None
    agents = tuple(dict.fromkeys(a.agent for a in edits if a.agent))
    reason = f"{edits[0].name} states the source type {edits[0].source_type}"
    return Signal(ai="edited_with_ai", reason=reason, manifest=label, agents=agents)


def _metadata_source(manifest: Mapping[str, Any]) -> str:
    """Find a source type that is stated as signed IPTC metadata instead of in an action."""
    for assertion in map(mapping, items(manifest, "assertions")):
        if text(assertion.get("label")).startswith(_METADATA_LABELS):
            for key, value in mapping(assertion.get("data")).items():
                found = source_type(source_type_uri(value))
                if key.rpartition(":")[2].lower() == "digitalsourcetype" and found:
                    return found
    return ""
