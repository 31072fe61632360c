"""The page Audits: it shows what reports hold, and says where two were not asked the same."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from avaudit.dashboard.audits import matrix, verdicts
from avaudit.dashboard.audits.compare import compare
from avaudit.dashboard.audits.forest import forests
from avaudit.dashboard.audits.forest_chart import picture
from avaudit.dashboard.audits.scenario import apart_rows, estimate_row
from avaudit.ledger import Ledger
from avaudit.reports.html import HtmlRenderer
from avaudit.result import Estimate, Gate, Report, Scenario, Test
from avaudit.seal import load_or_create_key

HOSTILE = "<img src=x onerror=alert(1)> **a** [b](http://evil.example) :material/home: \u202e"
PLAN = {
    "title": "By gender and accent",
    "alpha": 0.05,
    "scenario": [
        {"id": "accents", "probe": "gaps", "metric": "accuracy", "margin": 0.08, "min_n": 10},
        {"id": "both", "probe": "gaps", "metric": "accuracy", "min_n": 20, "at_risk": "somebody"},
    ],
}


def estimate(scenario: str, group: str, value: float | None, **more: Any) -> Estimate:
    known = {
        "probe": "gaps",
        "metric": "accuracy",
        "low": None if value is None else round(value - 0.03, 4),
        "high": None if value is None else round(value + 0.03, 4),
        "level": 0.95,
        "n": 250,
        "n_clusters": 40,
        "method": "Wilson",
    }
    return Estimate(scenario=scenario, group=group, value=value, **{**known, **more})


def a_test(scenario: str, verdict: str, effect: float, **more: Any) -> Test:
    known = {
        "probe": "gaps",
        "metric": "accuracy",
        "groups": ["north", "south"],
        "p": 0.0123,
        "p_adjusted": 0.0246,
        "correction": "holm",
        "minimum_detectable": 0.0531,
        "n_needed": 1234,
        "why": f"A sentence about {effect}.",
    }
    return Test(scenario=scenario, verdict=verdict, effect=effect, **{**known, **more})


def scenario(name: str, **more: Any) -> Scenario:
    known = {"probe": "gaps", "title": "Gaps", "asks": "Equal?", "outcome": "measured"}
    return Scenario(id=name, **{**known, **more})


def audit(number: int, south: float, verdict: str, **more: Any) -> Report:
    """Give an audit of accents, and of genders and accents of which one pair is rare."""
    wide = {"simultaneous_low": 0.8, "simultaneous_high": 0.96}
    known = {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "kind": "audit",
        "created": f"2026-11-25T10:0{number}:00+00:00",
        "tool": {"version": "0"},
        "environment": {"python": "3", "platform": "test", "packages": {}},
        "parameters": {
            "model": {"reference": f"scores:v{number}.csv", "fingerprint": f"m{number}"},
            "data": {"path": "people.csv", "sha256": "d" * 64, "rows": 500},
            "plan": PLAN,
        },
        "plan": {"path": "plan.toml", "sha256": "a" * 64},
        "scenarios": [
            scenario("accents", margin=0.08, verdict=verdict, groups=["accent"]),
            scenario(
                "both",
                verdict="insufficient",
                groups=["gender", "accent"],
                confirmatory=False,
                cautions=[
                    "f × islands: 3 items are fewer than 20; shown, and left out of the test."
                ],
            ),
        ],
        "estimates": [
            estimate("accents", "north", 0.919, **wide),
            estimate("accents", "south", south, **wide),
            estimate("accents", "all", 0.9, role="reference"),
            estimate("accents", "max − min", round(0.919 - south, 4), role="gap"),
            estimate("accents", "by chance alone", 0.0224, role="floor"),
            estimate("both", "f × islands", 0.6667, n=3, n_clusters=3),
            estimate("both", "f × north", 0.91, **wide),
            estimate("both", "m × north", 0.92, **wide),
        ],
        "tests": [
            a_test("accents", verdict, round(0.919 - south, 4), margin=0.08),
            a_test(
                "both", "insufficient", 0.01, correction="benjamini-hochberg", confirmatory=False
            ),
        ],
        "gate_": Gate(policy={"name": "plan", "sha256": "b" * 64}, verdict=verdict),
    }
    return Report(**{**known, **more})


def hostile() -> Report:
    report = audit(3, 0.9, "pass")
    name = {"title": HOSTILE, "asks": HOSTILE, "summary": HOSTILE, "cautions": [HOSTILE]}
    return report.model_copy(
        update={
            "scenarios": [scenario(HOSTILE, **name, groups=[HOSTILE, HOSTILE], at_risk=HOSTILE)],
            "estimates": [estimate(HOSTILE, HOSTILE, 0.5, metric=HOSTILE)],
            "tests": [a_test(HOSTILE, "fail", 0.1, metric=HOSTILE, why=HOSTILE)],
            "parameters": {
                "model": {"reference": HOSTILE},
                "data": {"path": HOSTILE},
                "plan": {"title": HOSTILE},
            },
        }
    )


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path))
    monkeypatch.delenv("AVAUDIT_LEDGER_URL", raising=False)
    return tmp_path


def keep(*reports: Report) -> None:
    with Ledger.open() as ledger:
        for report in reports:
            ledger.append_report(report, load_or_create_key())


def draw() -> None:
    from avaudit.dashboard.pages import audits
    from avaudit.dashboard.store import open_store

    with open_store() as store:
        audits.show(store)


def page(**query: str) -> AppTest:
    test = AppTest.from_function(draw, default_timeout=60)
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    return test


def words(test: AppTest) -> str:
    return "\n".join(str(element.value) for element in (*test.markdown, *test.caption, *test.text))


def tables(test: AppTest) -> str:
    return "\n".join(table.value.to_csv() for table in test.dataframe)


def test_an_empty_ledger_says_what_makes_an_audit(home: Path) -> None:
    assert "avaudit audit MODEL" in words(page())


def test_verdicts_scenarios_and_plan_stand_on_the_page(home: Path) -> None:
    keep(audit(1, 0.857, "fail"), audit(2, 0.918, "pass"))
    test = page()
    assert test.selectbox(key="audits-report").value == audit(2, 0.918, "pass").id  # the newest
    test.selectbox(key="audits-report").set_value(audit(1, 0.857, "fail").id).run()
    assert not test.exception
    said, shown = words(test), tables(test)
    assert "▲ fail" in said
    assert "A sentence about 0\\.062" in said
    for number in ("0.062", "0.0123", "0.0246", "0.0531", "1,234", "Holm", "Benjamini-Hochberg"):
        assert number in shown, number
    test.selectbox(key=f"audits-scenario-{audit(1, 0.857, 'fail').id}").set_value("both").run()
    assert "left out of the test" in words(test)
    assert "f × islands" in tables(test)
    assert test.query_params["scenario"] == "both"


def test_two_releases_by_one_plan_show_what_changed(home: Path) -> None:
    before, after = audit(1, 0.857, "fail"), audit(2, 0.918, "pass")
    keep(before, after)
    test = page(report=after.id, before=before.id)
    said, shown = words(test), tables(test)
    assert "same plan" in said
    assert "One verdict changed" in said
    assert "● changed,accents,accuracy,▲ fail,✓ pass,0.062,0.001" in shown
    assert "south,0.857 [0.827 to 0.887],0.918 [0.888 to 0.948],0.061" in shown


def test_plans_that_differ_are_said_to_differ() -> None:
    other = json.loads(json.dumps(PLAN))
    other["alpha"] = 0.01
    other["scenario"][0]["margin"] = 0.2
    other["scenario"][1] = {"id": "new", "probe": "gaps"}
    after = audit(2, 0.857, "pass")
    after = after.model_copy(
        update={
            "plan": after.plan.model_copy(update={"sha256": "c" * 64}) if after.plan else None,
            "parameters": {**after.parameters, "plan": other},
        }
    )
    found = compare(audit(1, 0.857, "fail"), after)
    assert not found.same_plan
    assert found.notes == [
        "alpha: 0.05 before, 0.01 after",
        "scenario both: only before",
        "scenario new: only after",
        "scenario accents, margin: 0.08 before, 0.2 after",
    ]
    asked = {row["Scenario"]: row["Asked"] for row in found.verdicts}
    assert asked == {"accents": "differently", "both": "alike"}


def test_words_of_a_plan_are_no_difference_in_what_is_asked() -> None:
    other = json.loads(json.dumps(PLAN))
    other["scenario"][1]["at_risk"] = "somebody else"
    before, after = audit(1, 0.9, "pass"), audit(1, 0.9, "pass")
    after = after.model_copy(
        update={"plan": None, "parameters": {**after.parameters, "plan": other}}
    )
    found = compare(before, after)
    assert not found.same_plan
    assert found.notes[0].startswith("The plan files differ in words only")
    assert found.notes[1] == "Both reports are of the same model, to its fingerprint."


def test_what_is_in_one_report_only_is_kept_with_that_said() -> None:
    before, after = audit(1, 0.857, "fail"), audit(2, 0.9, "pass")
    after = after.model_copy(update={"tests": after.tests[:1], "estimates": after.estimates[:1]})
    found = compare(before, after)
    assert [row["After"] for row in found.verdicts] == ["✓ pass", "not tested"]
    gone = [row for row in found.values if row["Group"] == "f × islands"]
    assert gone[0]["After"] == "not there"
    assert gone[0]["Change"] == "–"


def test_small_groups_never_vanish() -> None:
    report = audit(1, 0.857, "fail")
    both = report.scenarios[1]
    own = [e for e in report.estimates if e.scenario == "both"]
    (row,) = apart_rows(both, own)
    assert row["Group"] == "f × islands"
    assert row["Counted"] == "n = 3, 3 identities"
    assert row["Why"] == "3 items are fewer than 20; shown, and left out of the test."
    (drawn,) = forests(both, own)
    assert [r["group"] for r in drawn.rows] == ["f × islands", "f × north", "m × north"]
    assert drawn.rows[0]["what"] == "measured, outside the test"
    cells = {(c["row"], c["column"]): c for c in matrix.cells(both, own)}
    assert cells["f", "islands"]["text"] == "0.6667*"
    assert cells["f", "islands"]["counts"] == "n = 3"
    # nobody in the data: a cell that says so, not a hole
    assert cells["m", "islands"]["text"] == "nobody"
    assert json.loads(matrix.picture(list(cells.values()), both).to_json())


def test_a_group_without_a_value_is_a_row_with_its_reason() -> None:
    found = scenario("s", groups=["a"])
    reason = {"code": "undefined", "text": "no item of this group has an answer"}
    own = [estimate("s", "x", 0.9), estimate("s", "y", None, n=0, reason=reason)]
    (drawn,) = forests(found, own)
    assert drawn.rows[1]["text"] == "no value: no item of this group has an answer"
    assert json.loads(picture(drawn).to_json())
    (alone,) = forests(found, own[1:])
    assert picture(alone) is None


def test_the_pictures_show_reference_margin_and_floor() -> None:
    report = audit(1, 0.857, "fail")
    own = [e for e in report.estimates if e.scenario == "accents"]
    groups, gaps = forests(report.scenarios[0], own)
    assert (groups.line, groups.line_text) == (0.9, "all 0.9")
    assert groups.simultaneous
    assert (gaps.line, gaps.rows[1]["what"]) == (0.08, "gap by chance alone")
    drawn = json.loads(picture(groups).to_json())
    marks = [layer["mark"]["type"] for layer in drawn["layer"]]
    assert marks == ["rule", "rule", "rule", "point", "text"]
    assert "0.919  [0.889 to 0.949]" in json.dumps(drawn, ensure_ascii=False)


def test_association_and_matching_name_their_reference() -> None:
    link = scenario("s", probe="association", margin=0.6)
    own = [
        estimate("s", "centred", 1.2, metric="d", probe="association"),
        estimate("s", "real pairs", 0.07, metric="d", probe="association", role="reference"),
        estimate("s", "model − real pairs", 1.13, metric="excess", probe="association", role="gap"),
    ]
    first, second = forests(link, own)
    assert first.line_text == "real pairs 0.07: what the same people's own recordings give"
    assert second.title.startswith("Stereotype excess")
    match = scenario("s", probe="matching")
    own = [
        estimate("s", "U: all negatives", 0.81, metric="auc by list"),
        estimate("s", "attributes alone", 0.86, metric="auc by list", role="reference"),
    ]
    (drawn,) = forests(match, own)
    assert "the ceiling of an oracle that knows only the attributes" in drawn.line_text


def test_the_html_report_shows_the_same_numbers(tmp_path: Path) -> None:
    report = audit(1, 0.857, "fail")
    page = HtmlRenderer().render(report, tmp_path).decode("utf-8")
    cells = set(re.findall(r">([^<>]+)<", page))
    for test in report.tests:
        for name in ("Difference", "p", "p adjusted", "Detectable"):
            assert verdicts.row(test)[name] in cells, name
    for estimate in report.estimates:
        assert estimate_row(estimate)["Value"] in cells
        assert any(estimate_row(estimate)["Interval"] in cell for cell in cells)


def test_texts_of_a_report_are_shown_as_texts(home: Path) -> None:
    keep(hostile(), audit(1, 0.9, "pass"))
    test = page(report=hostile().id, before=audit(1, 0.9, "pass").id)
    read_as_markdown = "\n".join(str(one.value) for one in (*test.markdown, *test.caption))
    assert "⟨U\\+202E⟩" in read_as_markdown  # it is there,
    unescaped = re.sub(r"\\[!-/:-@\[-`{-~]", "", read_as_markdown)
    for live in ("<img", "](http", ":material/home:", "\u202e"):  # and dead
        assert live not in unescaped, live
