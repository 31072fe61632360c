"""Reading a manifest chain out of facts, whatever is missing or odd in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from ..numbers import utc

_ACTIVE_KEYS = ("active_manifest", "active_label", "active")
_SOURCES = {
    "trainedAlgorithmicMedia": "made by a trained model",
    "compositeWithTrainedAlgorithmicMedia": "edited with a trained model",
    "compositeSynthetic": "composite with synthetic parts",
    "trainedAlgorithmicData": "made by a trained model",
}


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    """One thing a manifest says its content was made from."""

    title: str
    relationship: str
    manifest: str
    problems: tuple[str, ...]
    thumbnail: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One manifest of the chain, as text ready to be drawn."""

    label: str
    title: str
    claim_generator: str
    signer: str
    signed_at: str
    actions: tuple[str, ...]
    ai: str
    ingredients: tuple[Ingredient, ...]
    problems: tuple[str, ...]
    thumbnail: str


@dataclass(frozen=True, kw_only=True)
class Graph:
    """All manifests of a file by label, and which of them is the active one."""

    manifests: Mapping[str, Manifest]
    active: str


def chain_graph(facts: Mapping[str, Any]) -> Graph | None:
    """Read ``facts.manifests[]`` and the active manifest's label; None where there are none."""
    entries = facts.get("manifests")
    if not isinstance(entries, list) or not entries:
        return None
    if not all(isinstance(entry, Mapping) for entry in entries):
        return None
    judged = facts.get("trust") != "unknown"  # no list, no judgement on any signer
    manifests: dict[str, Manifest] = {}
    flagged = ""
    for position, entry in enumerate(entries, 1):
        manifest = _manifest(entry, position, judged=judged)
        manifests.setdefault(manifest.label, manifest)
        if entry.get("active") is True or entry.get("is_active") is True:
            flagged = manifest.label
    stated = next((_text(facts.get(key)) for key in _ACTIVE_KEYS if facts.get(key)), flagged)
    return Graph(manifests=manifests, active=stated if stated in manifests else _top(manifests))


def _top(manifests: Mapping[str, Manifest]) -> str:
    """Where no manifest is said to be active: the first that is nobody's ingredient."""
    used = {part.manifest for manifest in manifests.values() for part in manifest.ingredients}
    return next((label for label in manifests if label not in used), next(iter(manifests)))


def _manifest(entry: Mapping[str, Any], position: int, *, judged: bool) -> Manifest:
    actions = [action for action in _list(entry.get("actions")) if action]
    return Manifest(
        label=_text(entry.get("label")) or f"manifest {position}",
        title=_text(entry.get("title")),
        claim_generator=_text(entry.get("claim_generator")),
        signer=_signer(entry, judged=judged),
        signed_at=utc(_text(entry.get("signed_at"))) if entry.get("signed_at") else "",
        actions=tuple(_merged(_action(action) for action in actions)),
        ai=next((words for action in actions if (words := _ai(action))), ""),
        ingredients=tuple(
            _ingredient(part)
            for part in _list(entry.get("ingredients"))
            if isinstance(part, Mapping)
        ),
        problems=tuple(_problem(problem) for problem in _list(entry.get("problems"))),
        thumbnail=_text(entry.get("thumbnail")),
    )


def _signer(entry: Mapping[str, Any], *, judged: bool) -> str:
    signer = _text(entry.get("signer")) or _text(entry.get("issuer"))
    if not judged or not isinstance(entry.get("trusted"), bool):
        return signer
    return f"{signer or 'not stated'} ({'trusted' if entry['trusted'] else 'not trusted'})"


def _ingredient(part: Mapping[str, Any]) -> Ingredient:
    return Ingredient(
        title=_text(part.get("title")),
        relationship=_text(part.get("relationship")),
        manifest=_text(part.get("manifest")) or _text(part.get("active_manifest")),
        problems=tuple(_problem(problem) for problem in _list(part.get("problems"))),
        thumbnail=_text(part.get("thumbnail")),
    )


def _action(action: Any) -> str:
    """Give an action as ``created (trainedAlgorithmicMedia)``, from a record or from text."""
    if not isinstance(action, Mapping):
        return _text(action).removeprefix("c2pa.")
    name = _text(action.get("action")).removeprefix("c2pa.") or "action"
    source = _source(action)
    agent = _text(action.get("software_agent") or action.get("softwareAgent"))
    return name + (f" ({source})" if source else "") + (f" by {agent}" if agent else "")


def _merged(actions: Iterable[str]) -> Iterator[str]:
    """Put neighbouring actions of which nothing but the name is known on one line."""
    for plain, run in groupby(actions, key=lambda action: " " not in action):
        if plain:
            counted = [(name, len(list(same))) for name, same in groupby(run)]
            yield ", ".join(f"{name} {n}×" if n > 1 else name for name, n in counted)
        else:
            yield from run


def _source(action: Mapping[str, Any]) -> str:
    raw = action.get("digital_source_type") or action.get("digitalSourceType")
    return _text(raw).strip().rsplit("/", 1)[-1]


def _ai(action: Any) -> str:
    if isinstance(action, Mapping):
        return _SOURCES.get(_source(action), "")
    text = _text(action)
    found = [name for name in _SOURCES if name.lower() in text.lower()]
    return _SOURCES[max(found, key=len)] if found else ""


def _problem(problem: Any) -> str:
    if isinstance(problem, Mapping):
        return _text(problem.get("code")) or _text(problem.get("text")) or "problem"
    return _text(problem)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return _text(value.get("name"))
    return str(value)
