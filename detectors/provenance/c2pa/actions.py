"""Actions of a manifest, and what their digital source types say about AI and capture.

Source types: IPTC NewsCodes "digitalsourcetype" and C2PA 2.4, section 18.16. The reading of
them follows the C2PA asset rubrics ("signals", 2026-08-06): inception is what the source type
of ``c2pa.created`` or ``c2pa.opened`` says, every other action is a transformation. Labels of
version 1 (``c2pa.actions``) count like those of version 2.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .codes import items, mapping, text

MAX_ACTIONS = 200

_ACTIONS_LABEL = re.compile(r"^c2pa\.actions(\.v\d+)?(__\d+)?$")
_SOURCE_TYPE = re.compile(
    r"^https?://(?:cv\.iptc\.org/newscodes|c2pa\.org)/digitalsourcetype/([A-Za-z]+)/?$"
)

INCEPTION = frozenset({"c2pa.created", "c2pa.opened"})
FULLY_AI = frozenset({"trainedAlgorithmicMedia", "trainedAlgorithmicData"})
PARTLY_AI = frozenset({"compositeWithTrainedAlgorithmicMedia", "compositeSynthetic"})
ANY_AI = FULLY_AI | PARTLY_AI
MAYBE_AI = frozenset({"composite", "digitalArt"})
CAPTURED = frozenset(
    {
        "digitalCapture",
        "computationalCapture",
        "compositeCapture",
        "negativeFilm",
        "positiveFilm",
        "print",
    }
)


@dataclass(frozen=True, kw_only=True)
class Action:
    """One thing the manifest says was done.

    ``source_type`` is the last word of the digital source type; ``source_type_uri`` the whole.
    """

    name: str
    when: str = ""
    agent: str = ""
    source_type: str = ""
    source_type_uri: str = ""
    description: str = ""

    def as_facts(self) -> dict[str, str]:
        """Give the action for the report, empty parts left out."""
        parts = {
            "action": self.name,
            "when": self.when,
            "softwareAgent": self.agent,
            "digitalSourceType": self.source_type_uri,
            "description": self.description,
        }
        return {key: value for key, value in parts.items() if value}


def actions_of(manifest: Mapping[str, Any]) -> tuple[Action, ...]:
    """Give the actions of a manifest in their order, at most :data:`MAX_ACTIONS`."""
    found: list[Action] = []
    for action in _walk(manifest):
        if len(found) == MAX_ACTIONS:
            break
        found.append(action)
    return tuple(found)


def _walk(manifest: Mapping[str, Any]) -> Iterator[Action]:
    for assertion in map(mapping, items(manifest, "assertions")):
        if not _ACTIONS_LABEL.match(text(assertion.get("label"))):
            continue
        data = mapping(assertion.get("data"))
        agents = items(data, "softwareAgents")
        for entry in map(mapping, items(data, "actions")):
            uri = source_type_uri(entry.get("digitalSourceType"))
            parameters = mapping(entry.get("parameters"))
            yield Action(
                name=text(entry.get("action")),
                when=text(entry.get("when")),
                agent=_agent(entry, agents),
                source_type=source_type(uri),
                source_type_uri=uri,
                description=text(entry.get("description"))
                or text(parameters.get("description"))
                or text(parameters.get("name")),
            )


def source_type_uri(value: Any) -> str:
    """Give a digital source type as written, without the blanks some real files have in it."""
    return text(value).strip()


def source_type(uri: str) -> str:
    """Give the last word of a digital source type; empty where it is none.

    Examples
    --------
    >>> source_type("http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture")
    'digitalCapture'
    >>> source_type("https://example.org/digitalCapture")
    ''
    """
    match = _SOURCE_TYPE.match(uri.strip())
    return match.group(1) if match else ""


def agent_name(value: Any) -> str:
    """Give the name of a generator: a string, or a name with its version."""
    if isinstance(value, str):
        return text(value)
    entry = mapping(value)
    return " ".join(part for part in (text(entry.get("name")), text(entry.get("version"))) if part)


def _agent(entry: Mapping[str, Any], agents: list[Any]) -> str:
    index = entry.get("softwareAgentIndex")
    if isinstance(index, int) and 0 <= index < len(agents):
        return agent_name(agents[index])
    return agent_name(entry.get("softwareAgent"))


def claim_generator(manifest: Mapping[str, Any]) -> str:
    """Give the program that made the claim, with its version."""
    for entry in items(manifest, "claim_generator_info"):
        name = agent_name(entry)
        if name:
            return name
    return text(manifest.get("claim_generator"))
