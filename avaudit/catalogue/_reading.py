"""From one ledger entry to the rows of the catalogue."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from ..ledger import DamagedLedgerError, Entry
from ..review import Review, parse_review, review_of
from ..review.state import WAITING
from .standing import NEEDS_PERSON, standing_of

MAX_SUMMARY = 500


def take_entry(connection: sqlite3.Connection, entry: Entry, payload: str) -> None:
    """Take one entry in.

    Raises
    ------
    DamagedLedgerError
        When it cannot be read as what it says it is.
    """
    try:
        if entry.kind == "report":
            _take_report(connection, entry, json.loads(payload))
        elif entry.kind == "documents":
            _take_documents(connection, entry, json.loads(payload))
        elif entry.kind == "review":
            _take_review(connection, parse_review(entry, payload))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedLedgerError(
            f"entry {entry.seq} of the ledger cannot be read ({type(error).__name__}: {error}): "
            "it was changed, or written by a later avaudit"
        ) from error


def _take_report(connection: sqlite3.Connection, entry: Entry, report: dict[str, Any]) -> None:
    findings = report.get("findings") or []
    conclusions = {c["subject"]: c for c in report.get("conclusions") or []}
    rows = _take_subjects(connection, entry.seq, report.get("subjects") or [], conclusions)
    day = str(report["created"])[:10]
    flagged = 0
    first = _next_id(connection, "findings")
    lines, bodies = [], []
    for number, finding in enumerate(findings, first):
        subject = rows[finding["subject"]]
        contradicted = bool((conclusions.get(finding["subject"]) or {}).get("contradictions"))
        line = _finding_row(finding, contradicted=contradicted)
        flagged += line[3] == "flagged"
        lines.append((number, entry.seq, subject, day, *line))
        bodies.append((number, _compact(finding)))
    connection.executemany(
        "INSERT INTO findings (id, report_seq, subject, day, detector, outcome, reason, standing, "
        "priority, points_to, weight, log10_lr, log10_lr_low, log10_lr_high, strength, summary, "
        "waiting) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        lines,
    )
    connection.executemany("INSERT INTO finding_bodies VALUES (?,?)", bodies)
    _take_gate(connection, entry.seq, report.get("gate") or {})
    _insert_report(connection, entry, report, flagged)


def _insert_report(
    connection: sqlite3.Connection, entry: Entry, report: dict[str, Any], flagged: int
) -> None:
    findings, gate = report.get("findings") or [], report.get("gate") or {}
    connection.execute(
        "INSERT INTO reports VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            entry.seq,
            entry.report_id,
            str(report["kind"]),
            str(report["created"]),
            entry.created,
            str(report["tool"]["version"]),
            _name(report),
            None,
            (report.get("seal") or {}).get("digest"),
            entry.key_id,
            len(report.get("subjects") or []),
            len(findings),
            sum(1 for finding in findings if finding.get("outcome") == "failed"),
            flagged,
            gate.get("verdict"),
            (gate.get("policy") or {}).get("name"),
        ),
    )


def _take_subjects(
    connection: sqlite3.Connection,
    seq: int,
    subjects: list[dict[str, Any]],
    conclusions: Mapping[str, dict[str, Any]],
) -> dict[str, int]:
    first = _next_id(connection, "subjects")
    ids: dict[str, int] = {}
    lines, bodies = [], []
    for number, subject in enumerate(subjects, first):
        conclusion = conclusions.get(subject["id"])
        ids[subject["id"]] = number
        contradictions = len((conclusion or {}).get("contradictions") or [])
        kind = subject.get("kind")
        lines.append((number, seq, subject["id"], str(subject["name"]), kind, contradictions))
        bodies.append((number, _compact(subject), conclusion and _compact(conclusion)))
    connection.executemany("INSERT INTO subjects VALUES (?,?,?,?,?,?)", lines)
    connection.executemany("INSERT INTO subject_bodies VALUES (?,?,?)", bodies)
    return ids


def _finding_row(finding: dict[str, Any], *, contradicted: bool) -> tuple[Any, ...]:
    standing = standing_of(finding, contradicted=contradicted)
    reason = finding.get("reason") or {}
    return (
        str(finding["detector"]["name"]),
        str(finding["outcome"]),
        reason.get("code"),
        standing.word,
        standing.priority,
        standing.points_to,
        standing.weight,
        finding.get("log10_lr"),
        finding.get("log10_lr_low"),
        finding.get("log10_lr_high"),
        finding.get("strength"),
        str(finding.get("summary") or reason.get("text") or "")[:MAX_SUMMARY],
        int(standing.word in NEEDS_PERSON),
    )


def _take_gate(connection: sqlite3.Connection, seq: int, gate: dict[str, Any]) -> None:
    connection.executemany(
        "INSERT INTO rules VALUES (?,?,?,?)",
        [
            (seq, str(rule["id"]), str(rule["verdict"]), str(rule["why"]))
            for rule in gate.get("rules") or []
        ],
    )


def _take_documents(connection: sqlite3.Connection, entry: Entry, content: dict[str, Any]) -> None:
    folder = content.get("folder")
    if folder is not None:
        connection.execute(
            "UPDATE reports SET folder = ? WHERE report_id = ?", (str(folder), entry.report_id)
        )


def _take_review(connection: sqlite3.Connection, review: Review) -> None:
    found = connection.execute(
        "SELECT findings.id, findings.standing FROM findings JOIN subjects ON "
        "subjects.id = findings.subject JOIN reports ON reports.seq = subjects.report_seq "
        "WHERE reports.report_id = ? AND subjects.subject_id = ? AND findings.detector = ?",
        (review.report_id, review.subject, review.detector),
    ).fetchone()
    finding, standing = found if found else (None, None)
    connection.execute(
        "INSERT INTO reviews VALUES (?,?,?,?,?,?)",
        (
            review.seq,
            review.report_id,
            review.subject,
            review.detector,
            finding,
            _compact(asdict(review)),
        ),
    )
    if finding is None:
        raise DamagedLedgerError(
            f"entry {review.seq} of the ledger reviews a finding that report {review.report_id} "
            "does not have"
        )
    said = list(reviews_of(connection, finding))
    state = review_of(said).state
    # asking for a second examiner, or disagreeing, makes any finding wait, whatever it says
    waiting = state in WAITING and (standing in NEEDS_PERSON or state != WAITING[0])
    connection.execute(
        "UPDATE findings SET review = ?, n_reviews = ?, waiting = ? WHERE id = ?",
        (state.value, len(said), int(waiting), finding),
    )


def reviews_of(
    connection: sqlite3.Connection, finding: int | None, *, newest: int | None = None
) -> Iterator[Review]:
    """Give the reviews of one finding, or all of them, or the newest; oldest first."""
    where, values = ("WHERE finding = ?", [finding]) if finding is not None else ("", [])
    inner = f"SELECT seq, body FROM reviews {where} ORDER BY seq DESC LIMIT ?"  # noqa: S608
    query = f"SELECT body FROM ({inner}) ORDER BY seq"  # noqa: S608 - our own words
    for (body,) in connection.execute(query, [*values, -1 if newest is None else newest]):
        yield Review(**json.loads(body))


def _name(report: dict[str, Any]) -> str:
    """Say what a report is about: the model, the detector, or the inputs."""
    parameters = report.get("parameters") or {}
    model = parameters.get("model")
    if isinstance(model, dict):
        return str(model.get("reference", ""))
    benched = parameters.get("benched")
    if isinstance(benched, dict):
        return str(benched.get("detector", ""))
    inputs = parameters.get("inputs")
    return ", ".join(map(str, inputs[:3])) if isinstance(inputs, list) else ""


def _next_id(connection: sqlite3.Connection, table: str) -> int:
    query = f"SELECT coalesce(max(id), 0) + 1 FROM {table}"  # noqa: S608 - our own words
    return int(connection.execute(query).fetchone()[0])


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
