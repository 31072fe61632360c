"""The page of a bench: error rates by condition, groups, and the three pictures."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from avaudit.reports.html import HtmlRenderer
from avaudit.result import Report


def estimate(metric: str, group: str, value: float | None, **more: Any) -> dict[str, Any]:
    bounds = {} if value is None else {"low": value - 0.05, "high": value + 0.05}
    return {
        "probe": "bench", "scenario": "clean", "metric": metric, "group": group, "value": value,
        "level": 0.95, "n": 40, "method": "wilson", "low": None, "high": None, **bounds, **more,
    }  # fmt: skip


def report(**more: Any) -> Report:
    scenario = {
        "id": "clean", "probe": "bench", "title": "as it came", "asks": "How well?",
        "outcome": "measured", "summary": "AUC 0.8.", "confirmatory": False,
    }  # fmt: skip
    curves = [
        {"kind": "det", "scenario": "clean",
         "series": [{"name": "DET", "x": [1.0, 0.3, 0.0], "y": [0.0, 0.3, 1.0]}]},
        {"kind": "tippett", "scenario": "clean",
         "series": [{"name": "H1 is true", "x": [-1.0, 2.0], "y": [1.0, 0.1]},
                    {"name": "<b>H2</b>", "x": [-2.0, 1.0], "y": [1.0, 0.1]}]},
        {"kind": "reliability", "scenario": "clean",
         "series": [{"name": "observed", "x": [-1.0, 1.0], "y": [-0.9, 1.1]}]},
    ]  # fmt: skip
    return Report.model_validate(
        {
            "id": "b", "kind": "bench", "created": "2026-01-01T00:00:00+00:00",
            "tool": {"version": "0"},
            "environment": {"python": "3", "platform": "x", "packages": {}},
            "scenarios": [scenario],
            "estimates": [
                estimate("auc", "all", 0.8), estimate("cllr", "all", 0.61),
                estimate("abstention", "all", 0.25), estimate("auc", "system=<i>tts</i>", 0.7),
                estimate("eer", "system=<i>tts</i>", None),
            ],
            "curves": curves, **more,
        }
    )  # fmt: skip


@pytest.fixture
def page(tmp_path: Path) -> str:
    return HtmlRenderer().render(report(), tmp_path).decode()


def test_figures_by_condition_and_by_group_stand_in_tables(page: str) -> None:
    assert "0.8 [0.75, 0.85]" in page
    assert "Cllr" in page
    assert "system=&lt;i&gt;tts&lt;/i&gt;" in page
    assert "<i>tts</i>" not in page
    assert "it cannot fail the audit" not in page


def test_the_three_pictures_are_drawn_inside_their_frames(page: str) -> None:
    for title in ("DET", "Tippett", "Reliability"):
        assert f'aria-label="{title}; its points stand in report.json"' in page
    assert "&lt;b&gt;H2&lt;/b&gt;" in page
    paths = re.findall(r'class="line h[12]" d="M([^"]+)"', page)
    assert len(paths) == 3
    for path in paths:
        for point in path.split("L"):
            x, y = map(float, point.split())
            assert 52 <= x <= 336
            assert 22 <= y <= 262


def test_a_bench_without_curves_or_values_still_has_a_page(tmp_path: Path) -> None:
    bare = report(curves=[], estimates=[estimate("auc", "all", None)])
    assert "Error rates" in HtmlRenderer().render(bare, tmp_path).decode()
    flat = [{"kind": "reliability", "scenario": "clean",
             "series": [{"name": "observed", "x": [0.0], "y": [0.0]}]}]  # fmt: skip
    assert "Reliability" in HtmlRenderer().render(report(curves=flat), tmp_path).decode()


def test_what_a_family_comes_to_is_told(tmp_path: Path) -> None:
    told = {"family": "speech", "detectors": ["speech.a", "speech.<b>"], "rule": "the weakest"}
    speaks = {**told, "speaks": "speech.a", "log10_lr": 0.75}
    scanned = Report.model_validate(
        report().model_dump(by_alias=True)
        | {
            "kind": "scan", "scenarios": [], "estimates": [], "curves": None,
            "subjects": [{"id": "s1", "name": "a.wav"}, {"id": "s2", "name": "b.wav"}],
            "conclusions": [
                {"subject": "s1", "summary": "x", "families": [speaks]},
                {"subject": "s2", "summary": "y", "families": [told]},
            ],
        }
    )  # fmt: skip
    page = HtmlRenderer().render(scanned, tmp_path).decode()
    assert "speech.a speaks, log10 LR 0.75 (rule: the weakest)" in page
    assert "no likelihood ratio is stated for the family" in page
    assert "speech.<b>" not in page
