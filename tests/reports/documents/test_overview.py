"""What all documents say first."""

from __future__ import annotations

from typing import Any

import pytest

from avaudit.reports.overview import (
    answers,
    asks_for_a_look,
    counts_line,
    flagged,
    measure,
    plain_summary,
    plain_value,
    verdict_line,
)
from avaudit.result import Finding, Report


def finding(**more: Any) -> Finding:
    return Finding.model_validate(
        {"subject": "s", "detector": {"name": "d", "version": "1"}, "outcome": "scored", **more}
    )


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"log10_lr": 0.01}, True),
        ({"log10_lr": 0.0}, False),
        ({"log10_lr": -3.0}, False),
        ({"score": 9.0}, False),
        ({"indications": [{"points_to": "captured", "weight": "strong", "text": "t"}]}, False),
        ({"indications": [{"points_to": "edited", "weight": "weak", "text": "t"}]}, True),
    ],
)
def test_what_asks_for_a_look(more: dict[str, Any], expected: bool) -> None:
    assert asks_for_a_look(finding(**more)) is expected


def test_flagged_files_keep_their_order(reports: dict[str, Report]) -> None:
    names = [one.subject.name for one in flagged(reports["scan"])]
    assert names == [reports["scan"].subjects[n].name for n in range(4)]
    assert flagged(reports["scan"])[0].contradictions


def test_a_flagged_file_that_is_not_listed_is_kept(bare: dict[str, Any]) -> None:
    bare["findings"] = [finding(log10_lr=2.0).model_dump()]
    (one,) = flagged(Report.model_validate(bare))
    assert one.subject.name == "s"


def test_verdicts(reports: dict[str, Report]) -> None:
    assert verdict_line(reports["scan"]) == "No policy was applied, so nothing is judged."
    assert verdict_line(reports["audit"]) == (
        "No policy was applied. Of the confirmatory tests, 1 failed, 1 undecided, 1 passed."
    )


def test_counts(reports: dict[str, Report]) -> None:
    assert counts_line(reports["bare"]) == "Nothing was examined"
    assert counts_line(reports["bench"]) == "1 scenario · 3 estimates"


def test_answers(reports: dict[str, Report]) -> None:
    words = {a.scenario.id: a.words for a in answers(reports["audit"])}
    assert words["look"] == "It was measured; nothing was tested."
    assert words["broken"] == "It could not be measured."
    assert answers(reports["audit"])[0].whys == ["wer: Why wer is fail.", "other: Why wer is fail."]


def test_an_audit_that_explores_only(bare: dict[str, Any]) -> None:
    assert plain_summary(Report.model_validate(bare)) == "The plan asked 0 questions beforehand."


def test_measures() -> None:
    both = finding(log10_lr=1.23456, log10_lr_low=0.5, log10_lr_high=2.0)
    assert measure(both) == "log10 LR 1.235 [0.5, 2]"
    assert measure(finding(score=0.25)) == "score 0.25, not calibrated"
    assert measure(finding()) == ""


def test_plain_values() -> None:
    assert plain_value({"files": 2, "names": ["a", True, None]}) == "files: 2, names: a, yes, "
    assert plain_value("x" * 500, 10).startswith("xxxxxxxxxx …")
