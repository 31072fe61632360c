"""The page Audits in a real browser, over audits that were really run."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avaudit.auditing import AuditRequest, run_audit
from avaudit.result import Report
from avaudit.settings import Settings

pytestmark = pytest.mark.browser
HOSTILE = "<img src=x onerror=alert(1)>![a](http://evil.example/x.png)"
PLAN = """schema = "avaudit.plan/1"
title = "Who is misheard?"
seed = 3
n_draws = 300
[[scenario]]
id = "accuracy-by-accent"
probe = "gaps"
metric = "accuracy"
groups = ["accent"]
margin = 0.08
at_risk = "speakers with a southern accent"
[[scenario]]
id = "accuracy-by-gender-and-accent"
probe = "gaps"
metric = "accuracy"
groups = ["gender", "accent"]
confirmatory = false
min_n = 20
"""


def answers(path: Path, south_error: float, island: str = "islands") -> Path:
    """Write answers about people of three accents; women of the islands are rare."""
    rng = np.random.default_rng(4)
    rows = []
    for i in range(1600):
        accent = ("north", "south", island)[i % 3]
        gender = ("male", "female")[i // 3 % 2]
        if accent == island and gender == "female" and i > 60:
            accent = "north"
        label = int(rng.random() < 0.4)
        wrong = rng.random() < (south_error if accent == "south" else 0.07)
        rows.append(
            {
                "path": f"c{i}.wav", "label": label, "identity": f"p{i % 240}",
                "group.accent": accent, "group.gender": gender,
                "prediction": 1 - label if wrong else label,
            }
        )  # fmt: skip
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Report]]:
    """Give a home with audits of three releases; the last one's data name a group like a script."""
    folder = tmp_path_factory.mktemp("audits")
    plan = folder / "plan.toml"
    plan.write_text(PLAN)
    other = folder / "other.toml"
    other.write_text(PLAN.replace("margin = 0.08", "margin = 0.2"))
    releases = {
        "v1": (answers(folder / "v1.csv", 0.17), plan),
        "v2": (answers(folder / "v2.csv", 0.08), plan),
        "v3": (answers(folder / "v3.csv", 0.08, HOSTILE), other),
    }
    reports = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVAUDIT_HOME", str(folder / "home"))
        patch.chdir(folder)
        for name, (data, asked) in releases.items():
            table = Path(data.name)
            request = AuditRequest(model=f"scores:{table}", data=table, plan=asked, gate=True)
            reports[name] = run_audit(request, Settings(out=str(folder / name))).report
    return folder / "home", reports


@pytest.fixture
def harness() -> Any:
    """Give the module of the harness: conftest.py, which importlib mode keeps off the path."""
    place = str(Path(__file__).with_name("conftest.py"))
    return next(m for m in sys.modules.values() if getattr(m, "__file__", None) == place)


@pytest.fixture(scope="module")
def url(serve: Any, audited: tuple[Path, dict[str, Report]]) -> str:
    return f"{serve(audited[0]).url}/audits"


def tab(page: Any, harness: Any, name: str) -> None:
    page.get_by_role("tab", name=name).click()
    harness.settle(page)


def charts(page: Any) -> Any:
    return page.locator("[data-testid=stVegaLiteChart] svg.marks:visible")


def test_groups_gaps_and_intersections_are_drawn(
    url: str, audited: Any, look: Any, harness: Any
) -> None:
    report = audited[1]["v1"]
    page = look(f"{url}?report={report.id}&scenario=accuracy-by-gender-and-accent")
    tab(page, harness, "Scenarios")
    charts(page).nth(2).wait_for()
    assert charts(page).count() == 3  # the table in colour, the groups, the gaps
    assert page.get_by_text("Groups outside the test").is_visible()
    page = look(f"{url}?report={report.id}")
    tab(page, harness, "Scenarios")
    charts(page).nth(1).wait_for()
    page.get_by_text("accuracy, by group").scroll_into_view_if_needed()
    page.mouse.move(700, 500)
    page.mouse.wheel(0, 260)
    page.mouse.move(5, 5)  # a chart under the pointer shows its buttons
    harness.screenshot(page, "audits")


def test_two_releases_are_compared_and_a_reload_keeps_the_choice(
    url: str, audited: Any, look: Any, harness: Any
) -> None:
    reports = audited[1]
    page = look(f"{url}?report={reports['v2'].id}&before={reports['v1'].id}", dark=True)
    assert page.get_by_text("Both were tested by the same plan").is_visible()
    assert page.get_by_text("2 verdicts changed").is_visible()
    charts(page).nth(1).wait_for()
    harness.screenshot(page, "comparison")
    page.reload()
    harness.settle(page)
    assert page.get_by_text("2 verdicts changed").is_visible()
    assert reports["v1"].id in page.url


def test_plans_that_differ_and_hostile_names_are_only_shown(
    url: str, audited: Any, look: Any, harness: Any
) -> None:
    reports = audited[1]
    page = look(f"{url}?report={reports['v3'].id}&before={reports['v2'].id}")
    assert page.get_by_text("The two were not asked the same").is_visible()
    assert page.get_by_text("0.08 before, 0.2 after").is_visible()
    for name in ("Verdicts", "Scenarios", "Plan and data"):
        tab(page, harness, name)
        page.wait_for_timeout(500)
    assert page.locator("img[src=x]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
