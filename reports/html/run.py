"""The view of the run: how the report was made, what was left out, how it is sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from avaudit.result import DetectorRef, Report

from .cells import Cell, Pair, cell_of
from .facts import Block, blocks_of
from .numbers import duration


@dataclass(frozen=True, kw_only=True)
class RunView:
    """Parameters, environment, methods, skipped inputs and seal."""

    parameters: list[Block]
    skipped: list[list[Cell]]
    machine: list[Pair]
    confinement: list[Block]
    packages: list[list[Cell]]
    detectors: list[list[Cell]]
    seal: list[Pair]
    signed: bool
    extra: list[Block]


def run_view(report: Report) -> RunView:
    """Build the view of how the report was made."""
    environment = report.environment
    return RunView(
        parameters=blocks_of(report.parameters, skip=frozenset({"skipped"})),
        skipped=_skipped(report.parameters.get("skipped")),
        machine=_pairs(
            ("Tool", f"{report.tool.name} {report.tool.version}"),
            ("Python", environment.python),
            ("Platform", environment.platform),
            ("Report kind", report.kind),
            ("Created", report.created),
        ),
        confinement=blocks_of(environment.confinement),
        packages=[
            [cell_of("package", name), cell_of("version", version)]
            for name, version in sorted(environment.packages.items())
        ],
        detectors=_detectors(report),
        seal=_seal(report),
        signed=bool(report.seal and report.seal.signature),
        extra=blocks_of(report.model_extra or {}),
    )


def _pairs(*values: tuple[str, str | None]) -> list[Pair]:
    return [
        Pair(label=label, key=label.lower(), cell=cell_of(label, value))
        for label, value in values
        if value
    ]


def _skipped(entries: Any) -> list[list[Cell]]:
    """Give ``parameters.skipped[]{path, why}`` as rows, whatever shape an entry has."""
    if not isinstance(entries, list):
        return []
    rows = []
    for entry in entries:
        known = entry if isinstance(entry, Mapping) else {"path": entry}
        path, why = known.get("path") or "", known.get("why") or "no reason stated"
        rows.append([cell_of("path", str(path)), cell_of("why", str(why))])
    return rows


def _detectors(report: Report) -> list[list[Cell]]:
    """Give each detector with the digest of its card, how often it answered how, and its time."""
    counts: dict[tuple[str, str, str], dict[str, float]] = {}
    for finding in report.findings:
        ref: DetectorRef = finding.detector
        key = (ref.name, ref.version, ref.card_sha256 or "")
        row = counts.setdefault(key, {})
        row[finding.outcome] = row.get(finding.outcome, 0) + 1
        row["seconds"] = row.get("seconds", 0.0) + (finding.seconds or 0.0)
    return [
        [
            cell_of("name", name),
            cell_of("version", version),
            *[
                Cell(text=f"{row.get(outcome, 0):,.0f}")
                for outcome in ("scored", "observed", "abstained", "failed")
            ],
            Cell(text=duration(row["seconds"]), exact=f"{row['seconds']!r} s"),
            Cell(text=card or "none", look="code"),
        ]
        for (name, version, card), row in sorted(counts.items())
    ]


def _seal(report: Report) -> list[Pair]:
    seal = report.seal
    if seal is None:
        return []
    return _pairs(
        ("Digest", seal.digest),
        ("Previous entry", seal.previous),
        ("Key id", seal.key_id),
        ("Public key", seal.public_key),
        ("Signature", seal.signature),
    )
