"""Reviews are signed ledger events, and where reviewers disagree it is shown."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from avaudit.errors import LedgerError, UsageError
from avaudit.ledger import DamagedLedgerError, Ledger
from avaudit.result import Report
from avaudit.review import (
    Review,
    ReviewState,
    parse_review,
    record,
    review_of,
    reviews_csv,
    reviews_json,
)
from avaudit.seal import load_or_create_key
from avaudit.settings import Settings

CONTENT = {
    "id": "r1",
    "kind": "scan",
    "created": "2026-11-20T10:00:00+00:00",
    "tool": {"version": "0"},
    "environment": {"python": "3", "platform": "any", "packages": {}},
    "subjects": [{"id": "s00001", "name": "a.wav"}],
    "findings": [
        {
            "subject": "s00001",
            "detector": {"name": "speech.synthetic", "version": "1"},
            "outcome": "failed",
        }
    ],
}


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path))
    monkeypatch.delenv("AVAUDIT_LEDGER_URL", raising=False)
    with Ledger.open() as ledger:
        return ledger.append_report(Report.model_validate(CONTENT), load_or_create_key())


def a_review(sealed: Report, **changes: Any) -> Review:
    assert sealed.seal is not None
    review = Review(
        report_id=sealed.id,
        report_digest=sealed.seal.digest,
        subject="s00001",
        detector="speech.synthetic",
        action="accept",
        reviewer="Ada",
    )
    return replace(review, **changes)


def said(seq: int, reviewer: str, action: str, key_id: str = "k1") -> Review:
    return Review(
        report_id="r",
        report_digest="d",
        subject="s",
        detector="x",
        action=action,  # type: ignore[arg-type]
        reviewer=reviewer,
        seq=seq,
        key_id=key_id,
    )


def test_a_review_is_an_entry_signed_with_the_key_and_the_chain_holds(sealed: Report) -> None:
    kept = record(a_review(sealed, text="  heard it  ", reviewer=" Ada   L. "), Settings())
    with Ledger.open(read_only=True) as ledger:
        assert ledger.check() == []
        ((entry, payload),) = list(ledger.entries_after(1))
    assert (entry.kind, entry.seq, entry.key_id) == ("review", 2, load_or_create_key().key_id)
    assert entry.signed_by_key(entry.entry_hash)
    assert parse_review(entry, payload) == kept
    assert (kept.reviewer, kept.text, kept.seq) == ("Ada L.", "heard it", 2)
    assert json.loads(payload)["report_digest"] == kept.report_digest


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"reviewer": "  "}, "names its reviewer"),
        ({"reviewer": "a\u202eb"}, "printable"),
        ({"reviewer": "a" * 201}, "at most 200"),
        ({"action": "approve"}, "one of accept"),
        ({"action": "dispute"}, "says why"),
        ({"action": "note", "text": " "}, "says why"),
        ({"text": "a" * 20_001}, "20,001 characters"),
        ({"report_digest": "0" * 64}, "not the one that was reviewed"),
        ({"detector": "speech.other"}, "no finding of speech.other"),
        ({"subject": "s2"}, "on s2"),
    ],
)
def test_an_incomplete_review_is_not_recorded(
    sealed: Report, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        record(a_review(sealed, **changes), Settings())
    with Ledger.open(read_only=True) as ledger:
        assert ledger.last_seq() == 1


def test_a_report_of_another_ledger_is_not_reviewed(sealed: Report) -> None:
    with pytest.raises(LedgerError, match="has no report other"):
        record(a_review(sealed, report_id="other"), Settings())


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([], ReviewState.OPEN),
        ([said(1, "Ada", "note")], ReviewState.OPEN),
        ([said(1, "Ada", "accept")], ReviewState.ACCEPTED),
        ([said(1, "Ada", "accept"), said(2, "Ada", "dispute")], ReviewState.DISPUTED),
        ([said(1, "Ada", "accept"), said(2, "Bo", "dispute")], ReviewState.DISAGREEMENT),
        ([said(2, "Bo", "accept"), said(1, "Ada", "accept")], ReviewState.ACCEPTED),
        # the same name with another key does not overwrite what was said
        ([said(1, "Ada", "dispute"), said(2, "Ada", "accept", "k2")], ReviewState.DISAGREEMENT),
        ([said(1, "Ada", "second_examiner")], ReviewState.SECOND_EXAMINER),
        # whoever asks for a second examiner cannot be that one, whatever the case of the name
        (
            [said(1, "Ada", "second_examiner"), said(2, "ADA", "accept")],
            ReviewState.SECOND_EXAMINER,
        ),
        ([said(1, "Ada", "second_examiner"), said(2, "Bo", "accept")], ReviewState.ACCEPTED),
    ],
)
def test_where_a_review_stands(events: list[Review], state: ReviewState) -> None:
    assert review_of(events).state is state


def test_an_entry_that_is_no_review_is_said_to_be_changed(sealed: Report) -> None:
    kept = record(a_review(sealed), Settings())
    with Ledger.open(read_only=True) as ledger:
        entry = ledger.entry(kept.seq)
    assert entry is not None
    for payload in ("{", "[]", '{"action": "approve"}', '{"action": "accept"}'):
        with pytest.raises(DamagedLedgerError, match="entry 2"):
            parse_review(entry, payload)


def test_the_export_holds_every_review_and_no_formula() -> None:
    reviews = [
        said(1, '=HYPERLINK("x")', "accept"),
        replace(said(2, "Bo", "note"), text='a,"b"\nc'),
    ]
    assert [row["reviewer"] for row in json.loads(reviews_json(reviews))] == [
        '=HYPERLINK("x")',
        "Bo",
    ]
    rows = list(csv.DictReader(io.StringIO(reviews_csv(reviews))))
    assert [row["reviewer"] for row in rows] == ['\'=HYPERLINK("x")', "Bo"]
    assert rows[1]["text"] == 'a,"b"\nc'
