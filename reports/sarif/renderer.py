"""The SARIF renderer: one run with its rules, results, artifacts and what went wrong."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from avaudit.renderer import Renderer
from avaudit.result import Report

from ..html.text import one_line, visible
from .message import identifier, message
from .places import Places
from .results import Results

_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


class SarifRenderer(Renderer):
    """Writes SARIF 2.1.0 (OASIS).

    Parameters
    ----------
    root
        The folder from which files are named where they lie below it; the working directory
        where it is not given. In CI that is the repository.
    """

    filename = "report.sarif"

    def __init__(self, root: Path | None = None) -> None:
        self._root = root

    def render(self, report: Report, folder: Path) -> bytes:
        """Give the document's bytes (UTF-8 JSON)."""
        places = Places(report, folder, self._root or Path.cwd())
        results = Results(report, places)
        run = {
            "tool": {
                "driver": {
                    "name": report.tool.name,
                    "version": report.tool.version,
                    "shortDescription": {
                        "text": "Audits audio-visual media and models, with stated uncertainty."
                    },
                    "rules": results.rules.descriptors,
                }
            },
            "automationDetails": _details(report),
            "originalUriBaseIds": places.bases(),
            "artifacts": places.artifacts,
            "invocations": [_invocation(report, places)],
            "results": results.all,
            "properties": _properties(report),
        }
        document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
        text = json.dumps(_shown(document), indent=2, ensure_ascii=False, allow_nan=False)
        return text.encode("utf-8", "backslashreplace") + b"\n"


_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def _shown(value: Any) -> Any:
    """Show hidden and turning characters of every text, wherever it came from."""
    if isinstance(value, str):
        return one_line(visible(value))
    if isinstance(value, dict):
        return {_shown(key): _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, list) else value


def _details(report: Report) -> dict[str, Any]:
    details = {"id": f"avaudit/{report.kind}/{report.id}"}
    if _GUID.fullmatch(report.id):
        details["guid"] = report.id
    return details


def _invocation(report: Report, places: Places) -> dict[str, Any]:
    """Say whether the run succeeded, and name every examination that broke off."""
    notifications: list[dict[str, Any]] = [
        {
            "level": "error",
            "message": message(f"{f.detector.name}: {f.reason.text if f.reason else 'failed'}"),
            "locations": places.of(f.subject),
        }
        for f in report.findings
        if f.outcome == "failed"
    ]
    notifications += [
        {
            "level": "error",
            "message": message(f"{s.id}: {s.reason.text if s.reason else 'failed'}"),
        }
        for s in report.scenarios
        if s.outcome == "failed"
    ]
    invocation: dict[str, Any] = {
        "executionSuccessful": not notifications,
        "toolExecutionNotifications": notifications,
    }
    if (ended := _utc(report.created)) is not None:
        invocation["endTimeUtc"] = ended
    return invocation


def _utc(text: str) -> str | None:
    """Give a time in UTC as SARIF writes it; None for what is no time with a zone."""
    try:
        when = datetime.fromisoformat(text)
        return None if when.tzinfo is None else when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError):
        return None


def _properties(report: Report) -> dict[str, Any]:
    outcomes = [finding.outcome for finding in report.findings]
    properties: dict[str, Any] = {
        "report": report.id,
        "kind": report.kind,
        "subjects": len(report.subjects),
        "findings": {name: outcomes.count(name) for name in sorted(set(outcomes))},
    }
    if report.seal is not None:
        properties["sealDigest"] = report.seal.digest
    if report.gate_ is not None:
        gate = report.gate_
        properties["gate"] = {
            "verdict": gate.verdict,
            "policy": {"name": gate.policy.name, "sha256": gate.policy.sha256},
            "rules": {identifier(rule.id): rule.verdict for rule in gate.rules},
        }
        if gate.baseline is not None:
            told = gate.baseline
            properties["gate"]["baseline"] = {
                "new": told.new,
                "fixed": told.fixed,
                "unchanged": told.unchanged,
            }
    return properties
