"""The page of a judged report: the gate comes first, then an audit's plain words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from avaudit.reports.html import HtmlRenderer
from avaudit.result import Report


def page_of(report: Report, folder: Path) -> str:
    return HtmlRenderer().render(report, folder).decode()


@pytest.mark.parametrize("kind", ["gated", "audit", "bench"])
def test_the_gate_is_at_the_top(
    kind: str, reports: dict[str, Report], folder: Path, read: Callable[[str], Any]
) -> None:
    report = reports[kind].model_copy(update={"gate_": reports["gated"].gate_})
    page = page_of(report, folder)
    headings = [page.index(f'<h2 id="{name}">') for name in ("gate", "reading", "run")]
    assert headings == sorted(headings)
    assert page.count('<h2 id="gate">') == 1
    text = read(page).text
    assert "Gate failed. Of its rules, 2 failed, 1 undecided, 1 passed." in text
    assert "Against the baseline: 1 new, 1 fixed, 0 unchanged." in text
    assert "undecided: 1" in text  # what was observed is said in words, not as Python
    assert "cllr: No report of a bench was given." in text
    assert "its metadata says generated" in text


def test_an_audit_is_told_in_plain_words_first(
    reports: dict[str, Report], folder: Path, read: Callable[[str], Any]
) -> None:
    page = page_of(reports["audit"], folder)
    assert page.index('<h2 id="plain">') < page.index('<h2 id="reading">')
    text = read(page).text
    assert "The plan asked 4 questions beforehand" in text
    assert "There is not enough evidence for either answer." in text
    assert "At risk: speakers of Scots." in text
    for number in range(1, 6):
        assert f'href="#scenario-{number}"' in page
        assert f'id="scenario-{number}"' in page


def test_a_scan_without_a_policy_has_neither(reports: dict[str, Report], folder: Path) -> None:
    page = page_of(reports["scan"], folder)
    assert 'id="gate"' not in page
    assert 'id="plain"' not in page
