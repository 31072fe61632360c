"""The page Detectors: cards as they are, error rates as measured, what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from avaudit.card import load_card
from avaudit.dashboard.cards import card_of
from avaudit.dashboard.detectors import benches, curves, rates
from avaudit.evidence.tables import tables_of
from avaudit.ledger import Ledger
from avaudit.registry import DETECTORS, names
from avaudit.result import Curve, Estimate, Report, Scenario
from avaudit.seal import load_or_create_key

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path))
    monkeypatch.delenv("AVAUDIT_LEDGER_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def draw() -> None:
    from avaudit.dashboard.pages import detectors
    from avaudit.dashboard.store import open_store

    with open_store() as store:
        detectors.show(store)


def page(detector: str) -> AppTest:
    test = AppTest.from_function(draw, default_timeout=60)
    test.query_params["detector"] = detector
    test.run()
    assert not test.exception
    return test


def words(test: AppTest) -> str:
    shown = (*test.markdown, *test.caption, *test.code, *test.subheader)
    return "\n".join(str(element.value) for element in shown)


def tables(test: AppTest) -> str:
    return "\n".join(table.value.to_csv() for table in test.dataframe)


def a_bench(detector: str | None) -> Report:
    about = {"detector": detector} if detector else {"scores": HOSTILE}
    figures = {"eer": (0.21, 0.15, 0.28), "abstention": (0.1, 0.05, 0.2)}
    return Report(
        id=f"00000000-0000-4000-8000-{len(detector or ''):012}",
        kind="bench",
        created="2026-11-25T10:00:00+00:00",
        tool={"version": "0"},
        environment={"python": "3", "platform": "test", "packages": {}},
        parameters={"benched": about, "data": {"path": "clips.csv"}, "level": 0.95},
        scenarios=[
            Scenario(id="clean", probe="bench", title="as it came", asks="?", outcome="measured")
        ],
        estimates=[
            Estimate(
                probe="bench", scenario="clean", metric=metric, group=group, value=value[0],
                low=value[1], high=value[2], level=0.95, n=120, method="bootstrap",
            )
            for group in ("all", HOSTILE)
            for metric, value in figures.items()
        ],
        curves=[the_det(), the_tippett()],
    )  # fmt: skip


def the_det() -> Curve:
    series = [{"name": "DET", "x": [1.0, 0.5, 0.2, 0.0], "y": [0.0, 0.1, 0.2, 0.9]}]
    return Curve(kind="det", scenario="clean", series=series)


def the_tippett() -> Curve:
    series = [
        {"name": "H1 is true", "x": [-1.0, 0.5, 1.0], "y": [1.0, 0.6, 0.2]},
        {"name": "H2 is true", "x": [-1.0, -0.5, 0.2], "y": [1.0, 0.5, 0.1]},
    ]
    return Curve(kind="tippett", scenario="clean", series=series)


def keep(report: Report) -> None:
    with Ledger.open() as ledger:
        ledger.append_report(report, load_or_create_key())


def test_missing_weights_are_said_with_the_command_that_gets_them(home: Path) -> None:
    test = page("speech.aasist")
    said = words(test)
    assert ":orange-badge[! missing]" in said
    assert "avaudit models pull speech.aasist" in said
    assert "speech.aasist,! weights missing" in tables(test)
    assert "avaudit bench speech.aasist --data MANIFEST" in said  # no bench yet: how to make one


def test_a_card_is_shown_with_its_error_rates(home: Path) -> None:
    card = load_card("avaudit.detectors.speech.synthetic")
    test = page("speech.synthetic")
    said = words(test).replace("\\", "").replace("\u2060", "")
    assert card.does_not_say[0] in said
    assert card.question is not None
    assert card.question.h2 in said
    found = tables_of(card)
    assert found is not None
    shown = tables(test)
    for name, table in found.conditions.items():
        assert f"{name},{table.n_h1},{table.n_h2}" in shown
        assert f"{table.measured['eer']:.4g}" in shown
    assert "✓ shipped" in said


def test_figures_that_were_not_measured_are_dashes() -> None:
    card = load_card("avaudit.detectors.speech.synthetic")
    found = tables_of(card)
    assert found is not None
    groups = {row["Group"]: row for row in rates.group_rows(found.conditions["clean"])}
    assert groups["family=tts"]["H2 true, LR > 1"] == "–"  # no H2 item is synthetic
    assert groups["family=tts"]["n"] == "134"


def test_a_detector_that_states_facts_has_no_error_rates(home: Path) -> None:
    said = words(page("provenance.metadata"))
    assert "It states facts and has no score" in said
    assert "It needs no weights" in said


def test_a_bench_of_the_ledger_gives_intervals_and_curves(home: Path) -> None:
    keep(a_bench("speech.synthetic"))
    test = page("speech.synthetic")
    shown = tables(test)
    assert '"0.21 [0.15, 0.28]","0.1 [0.05, 0.2]"' in shown
    assert HOSTILE in shown  # a table reads no Markdown and no HTML
    assert "**DET**" in words(test)
    assert "With intervals, by the bench of 2026-11-25 10:00 UTC" in words(test)
    other = page("speech.aasist")
    assert "0.21 [0.15, 0.28]" not in tables(other)  # somebody else's figures


def test_figures_of_another_kind_of_bench_are_shown_too() -> None:
    report = a_bench("sync.offset")
    other = report.estimates[0].model_copy(update={"metric": "offset_error_s", "value": None})
    row = benches.bench_row(report.model_copy(update={"estimates": [other]}), "clean")
    assert row["offset_error_s"] == "not measured"


def test_benches_of_nameless_scores_are_offered_as_such(home: Path) -> None:
    keep(a_bench(None))
    test = page("speech.synthetic")
    assert "do not say what made them" in words(test)
    assert HOSTILE not in words(test)


def test_a_det_is_drawn_in_normal_deviates() -> None:
    points = curves.points(the_det())
    assert points[1]["x"] == 0.0  # half of the items
    assert points[2]["x"] == pytest.approx(-0.8416, abs=1e-4)
    assert points[0]["x"] == pytest.approx(-curves.probit(0.0))  # 0 and 1 are drawn at the edge
    drawn: dict[str, Any] = json.loads(curves.picture(the_det()).to_json())
    assert "'0.2'" in drawn["layer"][0]["encoding"]["x"]["axis"]["labelExpr"]


def test_the_lines_of_a_tippett_plot_differ_by_hue_and_dash() -> None:
    drawn = json.loads(curves.picture(the_tippett()).to_json())
    encoding = drawn["layer"][1]["encoding"]
    assert len(set(encoding["color"]["scale"]["range"])) == 2
    assert encoding["strokeDash"]["scale"]["range"] == [[1, 0], [6, 3]]


@pytest.mark.parametrize("name", names(DETECTORS))
def test_each_detector_has_the_card_of_its_own_name(name: str) -> None:
    card = card_of(name)
    assert card is not None
    assert card.name == name
