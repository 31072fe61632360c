"""The catalogue says what the ledger says, keeps up with it, and is never needed."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from avaudit.catalogue import (
    Catalogue,
    Wanted,
    catalogue_path,
    empty_catalogue,
    open_catalogue,
    standing_of,
)
from avaudit.catalogue.benchmark import DETECTORS, append, make_ledger, make_report
from avaudit.errors import UsageError
from avaudit.ledger import Ledger
from avaudit.review import Review
from avaudit.seal import load_or_create_key

N_REPORTS, N_SUBJECTS = 3, 8


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path))
    rng = np.random.default_rng(5)
    with make_ledger(tmp_path, rng, n_reports=N_REPORTS, n_subjects=N_SUBJECTS) as made:
        yield made


@pytest.fixture
def catalogue(ledger: Ledger) -> Iterator[Catalogue]:
    with open_catalogue(ledger) as opened:
        assert opened.refresh(ledger) == 2 * N_REPORTS
        yield opened


def everything(catalogue: Catalogue) -> list[tuple[object, ...]]:
    lines = catalogue.findings(Wanted(), order="newest", limit=10_000).lines
    return [(line.report_id, line.subject_id, line.detector, line.review) for line in lines]


def test_it_holds_what_the_reports_hold(catalogue: Catalogue, ledger: Ledger) -> None:
    reports = [ledger.get_report(row.report_id) for row in ledger.list_reports()]
    findings = [finding.model_dump() for report in reports for finding in report.findings]
    totals = catalogue.totals()
    assert (totals.reports, totals.subjects) == (N_REPORTS, N_REPORTS * N_SUBJECTS)
    assert totals.findings == len(findings) == N_REPORTS * N_SUBJECTS * len(DETECTORS)
    expected = Counter(standing_of(finding).word for finding in findings)
    assert totals.standings == dict(expected)
    assert catalogue.detectors() == sorted(DETECTORS)
    for report in reports:
        for finding in report.findings:
            found = catalogue.find(report.id, finding.subject, finding.detector.name)
            assert found is not None
            record = catalogue.finding(found)
            assert record is not None
            assert record.finding == finding
            assert record.subject == next(s for s in report.subjects if s.id == finding.subject)
            assert record.conclusion == report.conclusion_of(finding.subject)
            assert report.seal is not None
            assert record.report.digest == report.seal.digest


def test_pages_lie_end_to_end_in_every_order(catalogue: Catalogue) -> None:
    for order in ("queue", "newest", "subject", "detector", "strength"):
        whole = [line.id for line in catalogue.findings(Wanted(), order=order, limit=999).lines]
        assert len(whole) == len(set(whole)) == catalogue.count(Wanted())
        pages = []
        for offset in range(0, len(whole), 7):
            page = catalogue.findings(Wanted(), order=order, limit=7, offset=offset)
            assert page.total == len(whole)
            pages += [line.id for line in page.lines]
        assert pages == whole
    strengths = [
        line.log10_lr for line in catalogue.findings(Wanted(), order="strength", limit=999).lines
    ]
    assert strengths == sorted(strengths, reverse=True, key=lambda value: value or -9.0)
    with pytest.raises(UsageError, match="ordered by one of"):
        catalogue.findings(Wanted(), order="random")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(standing=("flagged",)),
        Wanted(standing=("flagged", "undecided"), detector=(DETECTORS[0],)),
        Wanted(media_kind=("audio",)),
        Wanted(waiting=True),
        Wanted(search="FILE-000003"),
        Wanted(search="%"),
        Wanted(search="_"),
        Wanted(from_day="2026-02-02", to_day="2026-02-02"),
        Wanted(review=("accepted",)),
        Wanted(outcome=("failed",)),
    ],
)
def test_a_filter_gives_exactly_what_matches(catalogue: Catalogue, wanted: Wanted) -> None:
    lines = catalogue.findings(Wanted(), limit=999).lines
    expected = {
        line.id
        for line in lines
        if (not wanted.standing or line.standing in wanted.standing)
        and (not wanted.outcome or line.outcome in wanted.outcome)
        and (not wanted.detector or line.detector in wanted.detector)
        and (not wanted.media_kind or line.media_kind in wanted.media_kind)
        and (not wanted.review or line.review in wanted.review)
        and (not wanted.waiting or line.waiting)
        and wanted.search.lower() in line.subject.lower()
        and (wanted.from_day or "") <= line.created[:10] <= (wanted.to_day or "9")
    }
    page = catalogue.findings(wanted, limit=999)
    assert {line.id for line in page.lines} == expected
    assert page.total == catalogue.count(wanted) == len(expected)


def test_it_takes_in_only_what_is_new(catalogue: Catalogue, ledger: Ledger) -> None:
    before = everything(catalogue)
    assert catalogue.behind(ledger) == 0
    assert catalogue.refresh(ledger) == 0
    append(ledger, make_report(np.random.default_rng(9), 2, day=9))
    assert catalogue.behind(ledger) == 1
    told: list[int] = []
    assert catalogue.refresh(ledger, told.append) == 1
    assert told == [2 * N_REPORTS + 1]
    assert everything(catalogue)[2 * len(DETECTORS) :] == before


def test_it_can_be_deleted_or_damaged_at_any_time(catalogue: Catalogue, ledger: Ledger) -> None:
    before, path = everything(catalogue), catalogue_path(ledger.identity.ledger_id)
    catalogue.close()
    for damage in (path.unlink, lambda: path.write_bytes(b"no database" * 1000)):
        damage()
        with open_catalogue(ledger) as again:
            assert again.refresh(ledger) == 2 * N_REPORTS
            assert everything(again) == before
    assert path.stat().st_mode & 0o077 == 0


def test_a_ledger_that_was_put_back_or_replaced_is_read_anew(
    catalogue: Catalogue, ledger: Ledger, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with make_ledger(other, np.random.default_rng(6), n_reports=1, n_subjects=2) as replaced:
        assert catalogue.refresh(replaced) == 2
        assert catalogue.totals().reports == 1
    shorter = sqlite3.connect(other / "ledger.sqlite3")
    shorter.execute("DROP TRIGGER avaudit_no_update")
    shorter.execute("UPDATE avaudit_entries SET entry_hash = ? WHERE seq = 2", ("0" * 64,))
    shorter.commit()
    shorter.close()
    with Ledger.open(f"sqlite:///{other / 'ledger.sqlite3'}", read_only=True) as touched:
        assert catalogue.refresh(touched) == 2


def test_what_cannot_be_read_is_listed_and_the_rest_taken_in(
    ledger: Ledger, tmp_path: Path
) -> None:
    database = sqlite3.connect(tmp_path / "ledger.sqlite3")
    database.execute("DROP TRIGGER avaudit_no_update")
    database.execute("DROP TRIGGER avaudit_no_delete")
    database.execute("UPDATE avaudit_entries SET payload = '{' WHERE seq = 1")
    database.execute("DELETE FROM avaudit_entries WHERE seq = 3")
    database.commit()
    database.close()
    with open_catalogue(ledger) as opened:
        opened.refresh(ledger)
        problems = {problem.seq: problem.text for problem in opened.problems()}
        assert opened.totals().reports == 1
    assert "entry 1" in problems[1]
    assert "reviews a finding" in problems[2]
    assert 4 in problems
    assert set(problems) == {1, 2, 4}


def test_reviews_change_where_a_finding_stands(catalogue: Catalogue, ledger: Ledger) -> None:
    line = catalogue.findings(Wanted(waiting=True)).lines[0]
    report = ledger.get_report(line.report_id)
    assert report.seal is not None
    waiting = catalogue.totals().waiting
    states = []
    for name, action in (("A", "accept"), ("B", "dispute"), ("B", "accept")):
        review = Review(
            report_id=line.report_id,
            report_digest=report.seal.digest,
            subject=line.subject_id,
            detector=line.detector,
            action=action,  # type: ignore[arg-type]
            reviewer=name,
        )
        ledger.append_review(line.report_id, review.content(), load_or_create_key())
        catalogue.refresh(ledger)
        record = catalogue.finding(line.id)
        assert record is not None
        states.append((record.line.review, record.line.waiting, catalogue.totals().waiting))
    assert states == [
        ("accepted", False, waiting - 1),
        ("disagreement", True, waiting),
        ("accepted", False, waiting - 1),
    ]
    assert [review.reviewer for review in catalogue.reviews(line.id)] == ["A", "B", "B"]
    assert catalogue.totals().reviewed == N_REPORTS + 1 - (line.subject_id == "s00001") * (
        line.detector == DETECTORS[0]
    )


def test_the_gate_is_the_reports_own(ledger: Ledger) -> None:
    content = make_report(np.random.default_rng(1), 1, day=20).to_dict()
    rules = [
        {"id": "a", "verdict": "pass", "why": "It holds."},
        {"id": "b", "verdict": "insufficient", "why": "400 more are needed."},
    ]
    policy = {"name": "p", "sha256": "ab" * 32}
    content["gate"] = {"policy": policy, "verdict": "insufficient", "rules": rules}
    append(ledger, type(make_report(np.random.default_rng(1), 1, day=1)).model_validate(content))
    with open_catalogue(ledger) as opened:
        opened.refresh(ledger)
        (gate,) = opened.gates()
    assert (gate.report.verdict, gate.passed, gate.insufficient) == ("insufficient", 1, 1)
    assert gate.why == "400 more are needed."


def test_nothing_is_found_where_there_is_no_ledger() -> None:
    with empty_catalogue() as nothing:
        assert nothing.totals().findings == 0
        assert nothing.findings(Wanted()).total == 0
        assert nothing.find("r", "s", "d") is nothing.finding(1) is nothing.report_line("r")
        assert nothing.reports() == nothing.gates() == nothing.by_day() == nothing.reviews() == []


def test_two_that_refresh_at_once_take_every_entry_in_once(ledger: Ledger) -> None:
    with open_catalogue(ledger) as one, open_catalogue(ledger) as other:
        entries = ledger.entries_after(0)
        first = next(entries)
        del entries
        one.refresh(ledger)
        assert first[0].seq == 1
        assert other.refresh(ledger) == 0
        assert everything(one) == everything(other)
        assert json.loads(first[1])["kind"] == "scan"


def test_one_that_begins_anew_while_another_reads_loses_nothing(ledger: Ledger) -> None:
    with open_catalogue(ledger) as one, open_catalogue(ledger) as other:
        begun: list[int] = []

        def begin_anew(seq: int) -> None:
            if not begun:
                other.start_anew(ledger.identity.ledger_id)
            begun.append(seq)

        one.refresh(ledger, begin_anew)
        assert begun == [1, *range(1, 2 * N_REPORTS + 1)]
        assert one.problems() == []
        assert one.totals().reports == N_REPORTS
