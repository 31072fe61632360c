"""The view of an audit: scenarios, forest plots, verdicts."""

from pathlib import Path
from typing import Any

import pytest

from avaudit.renderer import Renderer
from avaudit.reports.html import HtmlRenderer
from avaudit.reports.html.forest import forests_of
from avaudit.result import Estimate, Report


def estimate(group: str, value: float | None, **more: Any) -> dict[str, Any]:
    spread = {} if value is None else {"low": value - 0.03, "high": value + 0.03}
    return {
        "probe": "gaps", "scenario": "wer", "metric": "wer", "group": group, "value": value,
        "low": None, "high": None, "level": 0.95, "n": 40, "n_clusters": 8, "method": "wilson",
        **spread, **more,
    }  # fmt: skip


ESTIMATES = [
    estimate("Scottish", 0.21, simultaneous_low=0.15, simultaneous_high=0.28),
    estimate("American", 0.12),
    estimate("<script>", None, reason={"code": "undefined", "text": "one identity only"}),
    estimate("all", 0.15, role="reference"),
    estimate("max − min", 0.09, role="gap"),
    estimate("by chance alone", 0.03, role="floor"),
    estimate("kept apart", 0.5, role="detail"),
]


@pytest.fixture
def renderer() -> Renderer:
    return HtmlRenderer()


def audit_report() -> Report:
    scenario = {
        "id": "wer", "probe": "gaps", "title": "Performance gaps", "asks": "Equal for all?",
        "metric": "wer", "groups": ["accent"], "margin": 0.05, "outcome": "measured",
        "verdict": "fail", "summary": "The gap is 0.09.", "cautions": ["Welsh is <b>small</b>."],
        "facts": {"operating_point": 0.5}, "does_not_say": ["Why."],
    }  # fmt: skip
    failed = {
        "id": "other", "probe": "gaps", "title": "T", "asks": "?", "outcome": "failed",
        "reason": {"code": "model_failed", "text": "the model broke"}, "confirmatory": False,
    }  # fmt: skip
    test = {
        "probe": "gaps", "scenario": "wer", "metric": "wer", "groups": ["accent"], "p": 0.001,
        "verdict": "fail", "why": "A difference of 0.09 is shown.",
    }  # fmt: skip
    return Report.model_validate(
        {
            "schema": "avaudit.report/1", "id": "a", "kind": "audit",
            "created": "2026-01-01T00:00:00Z", "tool": {"version": "1"},
            "environment": {"python": "3", "platform": "x", "packages": {}},
            "plan": {"path": "plan.toml", "sha256": "a" * 64},
            "scenarios": [scenario, failed], "estimates": ESTIMATES, "tests": [test],
        }
    )  # fmt: skip


def test_groups_and_gaps_have_an_axis_each() -> None:
    groups, gaps = forests_of([Estimate.model_validate(e) for e in ESTIMATES], margin=0.05)
    assert [row.label for row in groups.rows] == ["Scottish", "American", "<script>", "all"]
    assert [row.label for row in gaps.rows] == ["max − min", "by chance alone"]
    assert groups.line_text == "all 0.15"
    assert gaps.line_text == "margin 0.05"
    assert groups.rows[2].text == "one identity only"
    assert groups.rows[2].at == ""


def test_marks_lie_in_the_order_of_their_values() -> None:
    groups, _ = forests_of([Estimate.model_validate(e) for e in ESTIMATES])
    at = {row.label: float(row.at) for row in groups.rows if row.at}
    assert at["American"] < at["all"] < at["Scottish"]
    for row in groups.rows:
        if row.span:
            assert float(row.low) < float(row.at) < float(row.low) + float(row.span)


def test_one_value_alone_can_be_drawn() -> None:
    lone = Estimate.model_validate(estimate("g", 0.5) | {"low": None, "high": None})
    (forest,) = forests_of([lone])
    assert forest.ticks


def test_the_page_tells_the_scenarios(renderer: Renderer, tmp_path: Path) -> None:
    page = renderer.render(audit_report(), tmp_path).decode()
    assert "A difference of 0.09 is shown." in page
    assert "the model broke" in page
    assert "it cannot fail the audit" in page
    assert "<script>" not in page
    assert "<b>small" not in page
    assert page.count('class="drawing forest"') == 2
    assert "What a finding can be" not in page
