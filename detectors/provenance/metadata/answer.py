"""From an open file to the detector's answer: facts, indications, one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, BinaryIO

from avaudit.detector import Abstained, Indication, IndicationKind, Observed, Outcome, Weight

from .claims import Claim, Evidence, Says
from .gather import container_type, gather
from .raw import manifest_in
from .rules import apply_rules
from .rules.camera import camera_facts
from .source import Source

_RANK = {"high": 0, "medium": 1, "low": 2}
_POINTS_TO: dict[Says, IndicationKind] = {
    "generated": "generated",
    "edited": "edited",
    "captured": "captured",
    "removed_manifest": "provenance_removed",
}
# metadata is unauthenticated: nothing here is ever strong
_WEIGHTS: dict[str, Weight] = {"high": "moderate", "medium": "weak", "low": "weak"}
_NOTHING = "No statement about origin in the metadata."


def answer(stream: BinaryIO, media_type: str, sidecar: bytes | None = None) -> Outcome:
    """Read one file and say what its metadata says.

    Parameters
    ----------
    stream
        The file, seekable.
    media_type
        What intake found; used for the words, and where the content itself tells nothing.
    sidecar
        A C2PA sidecar lying beside the file, which a pointer may mean.

    Returns
    -------
    Observed or Abstained
        An abstention ``format_not_supported`` where no reader knows the format.
    """
    source = Source.of(stream)
    gathered = gather(source, container_type(source) or media_type)
    if gathered is None:
        text = f"metadata of {media_type} files is not read"
        return Abstained(code="format_not_supported", text=text)
    evidence = Evidence(
        fields=tuple(gathered.fields),
        has_manifest=bool(gathered.manifests) or (sidecar is not None and manifest_in(sidecar)),
        complete=gathered.complete,
    )
    claims: list[Claim] = []
    for found in apply_rules(evidence):
        if isinstance(found, Claim):
            claims.append(found)
        else:
            gathered.note(found.text, truncated=found.truncated)
    facts: dict[str, Any] = {
        "claims": [_fact(claim) for claim in claims],
        "formats_read": gathered.formats,
        "has_manifest": bool(gathered.manifests),
        "truncated": gathered.truncated,
    }
    if gathered.notes:
        facts["notes"] = gathered.notes
    camera = camera_facts(evidence)
    if camera:
        facts["camera"] = camera
    return Observed(summary=_summary(claims), facts=facts, indications=_indications(claims))


def _fact(claim: Claim) -> dict[str, str]:
    return {name: value for name, value in asdict(claim).items() if value is not None}


def _about(claims: Sequence[Claim], says: Says) -> list[Claim]:
    """Give the claims of one kind, the weightiest first."""
    return sorted((c for c in claims if c.says == says), key=lambda c: _RANK[c.weight])


def _tools(claims: Sequence[Claim]) -> str:
    """Name the tools of the weightiest claims in brackets, three at most."""
    names = list(dict.fromkeys(c.generator for c in claims if c.generator))
    return f" ({', '.join(names[:3])})" if names else ""


def _indications(claims: Sequence[Claim]) -> tuple[Indication, ...]:
    """Make one indication per kind of claim, with the weight of its weightiest claim."""
    found: list[Indication] = []
    for says, points_to in _POINTS_TO.items():
        about = _about(claims, says)
        if not about:
            continue
        found.append(
            Indication(
                points_to=points_to,
                weight=_WEIGHTS[about[0].weight],
                text=f"{_sentence(says, about)} Field: {about[0].field}, in {about[0].where}.",
            )
        )
    return tuple(found)


def _sentence(says: Says, about: Sequence[Claim]) -> str:
    best = about[0].weight
    tools = _tools([c for c in about if c.weight == best])
    match says:
        case "generated" if best == "low":
            return f"The metadata suggests this may have been generated{tools}."
        case "generated":
            return f"The metadata claims this was generated{tools}."
        case "edited" if best == "high":
            return f"The metadata claims this was edited with generative AI{tools}."
        case "edited":
            return f"The metadata names editing software or edits{tools}."
        case "captured":
            return f"The metadata claims this was captured with a camera{tools}."
        case "removed_manifest":
            return (
                "A pointer to a C2PA manifest is left in the metadata, but the manifest is gone: "
                "signed provenance was removed."
            )


def _summary(claims: Sequence[Claim]) -> str:
    """Say the most important thing in one sentence; a removal is added to it."""
    generated, edited = _about(claims, "generated"), _about(claims, "edited")
    captured, removed = _about(claims, "captured"), _about(claims, "removed_manifest")
    if generated:
        line = _sentence("generated", generated)
    elif edited and edited[0].weight == "high":
        line = _sentence("edited", edited)
    elif removed:
        return "A C2PA manifest was removed: the metadata still points to it."
    elif edited:
        line = _sentence("edited", edited)
    elif captured:
        line = _sentence("captured", captured)
    else:
        return _NOTHING
    line = line.replace("The metadata", "Metadata", 1)
    return f"{line[:-1]}; a C2PA manifest was removed." if removed else line
