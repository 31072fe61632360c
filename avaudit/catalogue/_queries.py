"""The questions pages ask of the catalogue."""

# ruff: noqa: S608 - the words of every query are ours; values are bound
from __future__ import annotations

import sqlite3
from typing import Any

from ..errors import UsageError
from ..result import Conclusion, Finding, Subject
from ..review import Review
from ._filters import ORDERS, where
from ._reading import reviews_of
from .model import (
    DayCount,
    FindingLine,
    FindingPage,
    FindingRecord,
    GateLine,
    Order,
    ReadingProblem,
    ReportLine,
    Totals,
    Wanted,
)

_FINDING = (
    "f.id, r.report_id, r.created, s.subject_id, s.name, s.media_kind, f.detector, f.outcome, "
    "f.reason, f.standing, f.points_to, f.weight, f.log10_lr, f.log10_lr_low, f.log10_lr_high, "
    "f.strength, f.summary, s.contradictions, f.review, f.n_reviews, f.waiting"
)
_JOINED = "findings f JOIN subjects s ON s.id = f.subject JOIN reports r ON r.seq = f.report_seq"


class Queries:
    """Reading from an open catalogue."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def totals(self) -> Totals:
        """Give the figures of the overview."""
        standings: dict[str, int] = {}
        waiting = 0
        query = "SELECT standing, waiting, count(*) FROM findings GROUP BY standing, waiting"
        for standing, waits, count in self._rows(query):
            standings[standing] = standings.get(standing, 0) + count
            waiting += count if waits else 0
        reviewed = self._rows(
            "SELECT review, count(*) FROM findings WHERE n_reviews > 0 GROUP BY 1"
        )
        by_review = dict(reviewed)
        return Totals(
            reports=self._one("SELECT count(*) FROM reports"),
            subjects=self._one("SELECT count(*) FROM subjects"),
            findings=sum(standings.values()),
            waiting=waiting,
            reviewed=sum(by_review.values()),
            disagreements=by_review.get("disagreement", 0),
            standings=standings,
        )

    def reports(
        self, *, kind: str | None = None, limit: int = 50, offset: int = 0
    ) -> list[ReportLine]:
        """List reports, newest first."""
        chosen, values = ("WHERE kind = ?", [kind]) if kind else ("", [])
        query = f"SELECT * FROM reports {chosen} ORDER BY seq DESC LIMIT ? OFFSET ?"
        return [_report(row) for row in self._rows(query, [*values, limit, offset])]

    def report_line(self, report_id: str) -> ReportLine | None:
        """Give one report's line."""
        rows = self._rows("SELECT * FROM reports WHERE report_id = ?", [report_id])
        return _report(rows[0]) if rows else None

    def findings(
        self, wanted: Wanted, *, order: Order = "queue", limit: int = 50, offset: int = 0
    ) -> FindingPage:
        """Give one page of the findings that are wanted, and how many there are.

        Raises
        ------
        UsageError
            When there is no such order.
        """
        if order not in ORDERS:
            raise UsageError(f"findings are ordered by one of {', '.join(ORDERS)}")
        clause, values = where(wanted)
        tables = _tables(clause + ORDERS[order])
        # only the ids are sorted and skipped over; the rest is read for the page alone
        ids = f"SELECT f.id FROM {tables} {clause} ORDER BY {ORDERS[order]} LIMIT ? OFFSET ?"
        query = f"SELECT {_FINDING} FROM {_JOINED} WHERE f.id IN ({ids}) ORDER BY {ORDERS[order]}"
        rows = self._rows(query, [*values, limit, offset])
        return FindingPage(lines=[_line(row) for row in rows], total=self.count(wanted))

    def count(self, wanted: Wanted) -> int:
        """Count the findings that are wanted."""
        clause, values = where(wanted)
        return self._one(f"SELECT count(*) FROM {_tables(clause)} {clause}", values)

    def finding(self, finding_id: int) -> FindingRecord | None:
        """Give one finding with its subject, conclusion and report; None when it is not there."""
        query = f"SELECT {_FINDING}, f.subject FROM {_JOINED} WHERE f.id = ?"
        rows = self._rows(query, [finding_id])
        if not rows:
            return None
        *columns, subject = rows[0]
        line = _line(columns)
        body = self._rows("SELECT body FROM finding_bodies WHERE id = ?", [finding_id])[0][0]
        bodies = self._rows(
            "SELECT subject, conclusion FROM subject_bodies WHERE id = ?", [subject]
        )[0]
        report = self.report_line(line.report_id)
        assert report is not None
        return FindingRecord(
            line=line,
            finding=Finding.model_validate_json(body),
            subject=Subject.model_validate_json(bodies[0]),
            conclusion=Conclusion.model_validate_json(bodies[1]) if bodies[1] else None,
            report=report,
        )

    def find(self, report_id: str, subject_id: str, detector: str) -> int | None:
        """Give the id of a finding by what it is; ids change when the catalogue is rebuilt."""
        query = (
            f"SELECT f.id FROM {_JOINED} WHERE r.report_id = ? AND s.subject_id = ? "
            "AND s.report_seq = r.seq AND f.detector = ?"
        )
        rows = self._rows(query, [report_id, subject_id, detector])
        return int(rows[0][0]) if rows else None

    def detectors(self) -> list[str]:
        """Give the names of all detectors that ever answered."""
        return [row[0] for row in self._rows("SELECT DISTINCT detector FROM findings ORDER BY 1")]

    def reviews(self, finding_id: int | None = None, *, newest: int | None = None) -> list[Review]:
        """Give the reviews of one finding, or all, or the ``newest``; oldest first."""
        return list(reviews_of(self._connection, finding_id, newest=newest))

    def review_counts(self) -> dict[str, int]:
        """Count the reviews by what they do: accept, dispute ..."""
        query = "SELECT json_extract(body, '$.action'), count(*) FROM reviews GROUP BY 1"
        return dict(self._rows(query))

    def reviewed_names(self, reviews: list[Review]) -> dict[int, str]:
        """Give the name of the file each review is about, by the number of its entry."""
        query = (
            "SELECT v.seq, s.name FROM reviews v JOIN findings f ON f.id = v.finding "
            "JOIN subjects s ON s.id = f.subject WHERE v.seq >= ?"
        )
        return dict(self._rows(query, [min((r.seq for r in reviews), default=0)]))

    def gates(self, *, limit: int = 50) -> list[GateLine]:
        """Give the newest reports that a gate judged, with what decided."""
        query = "SELECT * FROM reports WHERE verdict IS NOT NULL ORDER BY seq DESC LIMIT ?"
        return [self._gate(_report(row)) for row in self._rows(query, [limit])]

    def _gate(self, report: ReportLine) -> GateLine:
        rules = self._rows("SELECT verdict, why FROM rules WHERE report_seq = ?", [report.seq])
        counts = {word: sum(1 for rule in rules if rule[0] == word) for word, _ in rules}
        why = next((why for verdict, why in rules if verdict == report.verdict), "")
        return GateLine(
            report=report,
            failed=counts.get("fail", 0),
            insufficient=counts.get("insufficient", 0),
            passed=counts.get("pass", 0),
            why=why,
        )

    def by_day(self) -> list[DayCount]:
        """Count findings by the day of their report and their standing."""
        query = "SELECT day, standing, count(*) FROM findings GROUP BY day, standing ORDER BY day"
        return [DayCount(day=d, standing=s, count=n) for d, s, n in self._rows(query)]

    def problems(self) -> list[ReadingProblem]:
        """List the entries of the ledger that could not be taken in."""
        rows = self._rows("SELECT seq, text FROM problems ORDER BY seq")
        return [ReadingProblem(seq=seq, text=text) for seq, text in rows]

    def _rows(self, query: str, values: list[Any] | None = None) -> list[Any]:
        return self._connection.execute(query, values or []).fetchall()

    def _one(self, query: str, values: list[Any] | None = None) -> int:
        return int(self._rows(query, values)[0][0])


def _tables(words: str) -> str:
    """Join the subjects only where a condition or an order needs them."""
    return "findings f JOIN subjects s ON s.id = f.subject" if "s." in words else "findings f"


def _report(row: Any) -> ReportLine:
    return ReportLine(**dict(zip(ReportLine.__dataclass_fields__, row, strict=True)))


def _line(row: Any) -> FindingLine:
    named = dict(zip(FindingLine.__dataclass_fields__, row, strict=True))
    named["waiting"] = bool(named["waiting"])
    return FindingLine(**named)
