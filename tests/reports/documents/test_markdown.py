"""Markdown: the verdict first, all numbers, at most a comment long."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from avaudit.reports.markdown import MarkdownRenderer
from avaudit.reports.markdown.renderer import MAX_CHARACTERS
from avaudit.result import Report


def comment(report: Report) -> str:
    return MarkdownRenderer().render(report, Path()).decode()


def html(text: str) -> str:
    """As GitHub's renderer reads it, but with no sanitiser after it."""
    return MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)


def test_the_verdict_comes_first(reports: dict[str, Report]) -> None:
    lines = comment(reports["gated"]).splitlines()
    assert lines[0] == "## avaudit examination"
    assert lines[2] == "**Gate failed. Of its rules, 2 failed, 1 undecided, 1 passed.**"
    assert "7 files · 15 findings (3 scored, 8 observed, 2 abstained, 2 failed)" in lines[4]


def test_failed_rules_and_problems_lead(reports: dict[str, Report]) -> None:
    text = comment(reports["gated"])
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert [row.split("|")[1].strip() for row in rows[:4]] == [
        "`nothing-tampered`",
        "`alike`",
        "`few-failed`",
        "`speech`",
    ]
    assert "Against the baseline: 1 new, 1 fixed, 0 unchanged." in text
    assert "- `nothing-tampered`: **new** `evidence⟨U+202E⟩gpj.<b>photo</b>.jpg`" in text
    assert "<details><summary>Fixed: 1</summary>" in text
    assert "<details><summary>Rules left out: 1</summary>" in text


def test_details_are_folded_and_tables_are_tables(reports: dict[str, Report]) -> None:
    for name, report in reports.items():
        page = html(comment(report))
        assert page.count("<details>") == page.count("</details>"), name
        assert "| --- |" not in page, name
    page = html(comment(reports["scan"]))
    assert page.count("<td><code>watermark.dwtdct</code></td>") == 5


def test_an_audit_is_told_in_plain_words(reports: dict[str, Report]) -> None:
    text = comment(reports["audit"])
    assert (
        "The plan asked 4 questions beforehand: for 1 a difference between groups is shown; "
        "for 1 the difference is shown to be smaller than the plan allows; "
        "for 1 the data do not suffice for an answer; for 1 the measurement broke off. "
        "1 more scenario explored without a claim."
    ) in text
    assert "- `bias`: **There is not enough evidence for either answer.**" in text
    assert "0.2134" in text


def test_a_comment_is_never_too_long(report_dict: dict[str, Any]) -> None:
    """A million characters of names become one comment that says what is missing."""
    one, finding = report_dict["subjects"][3], report_dict["findings"][7]
    assert finding["log10_lr"] == 3.2
    report_dict["subjects"] = [{**one, "id": f"s{n}", "name": "*&<" * 60} for n in range(3000)]
    report_dict["findings"] = [{**finding, "subject": f"s{n}"} for n in range(3000)]
    text = comment(Report.model_validate(report_dict))
    assert MAX_CHARACTERS // 2 < len(text) <= MAX_CHARACTERS
    assert text.count("more stand in report.json.") == 2
    assert "### Asks for a look: 3,000" in text
    assert "<details><summary>All findings: 3,000</summary>" in text
    assert text.rstrip().endswith("</sub>")
    assert text.count("<details>") == text.count("</details>")


def test_a_report_with_nothing_in_it(reports: dict[str, Report]) -> None:
    text = comment(reports["bare"])
    assert "No policy was applied, so nothing is judged." in text
    assert "not sealed" in text
