"""Every view of a report shows the same numbers: they are read out of each and compared."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from typing import Any
from xml.etree import ElementTree

from streamlit.testing.v1 import AppTest

from avaudit.cli.output import print_report
from avaudit.registry import load_renderer

NUMBER = r"([+-]?\d+(?:\.\d+)?)"
RATIO = rf"log10 LR {NUMBER} [\[(]{NUMBER}(?:,| to) {NUMBER}[\])]"


def rendered(sample: Any, name: str) -> str:
    text = load_renderer(name).render(sample.scan, sample.out / "scan").decode()
    return html.unescape(text)


def page(name: str, **query: str) -> AppTest:
    script = (
        "import importlib\n"
        "from avaudit.dashboard.store import open_store\n"
        f"page = importlib.import_module('avaudit.dashboard.pages.{name}')\n"
        "with open_store() as store:\n"
        "    page.show(store)\n"
    )
    app = AppTest.from_string(script, default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def numbers(pattern: str, text: str) -> list[float]:
    found = re.search(pattern, text)
    assert found is not None, pattern
    return [float(group) for group in found.groups()]


def test_the_likelihood_ratio_is_the_same_in_every_view(sample: Any, capsys: Any) -> None:
    finding = sample.scan.findings[0]
    expected = [finding.log10_lr, finding.log10_lr_low, finding.log10_lr_high]
    assert len(set(expected)) == 3
    sarif = json.loads(rendered(sample, "sarif"))
    told = sarif["runs"][0]["results"][0]
    junit = ElementTree.fromstring(rendered(sample, "junit"))
    said = junit.findtext(".//testcase[@classname='speech.synthetic']/system-out")
    query = {"report": sample.scan.id, "subject": "s00001", "detector": "speech.synthetic"}
    detail = page("findings", **query)
    views = {
        "html": numbers(rf"log10 LR {NUMBER}, from {NUMBER} to {NUMBER}", rendered(sample, "html")),
        "markdown": numbers(RATIO, rendered(sample, "md")),
        "sarif": numbers(RATIO, told["message"]["text"]),
        "sarif properties": [told["properties"][f"log10_lr{end}"] for end in ("", "_low", "_high")],
        "junit": numbers(RATIO, said or ""),
        "dashboard": numbers(RATIO, "\n".join(element.value for element in detail.text)),
    }
    assert views == dict.fromkeys(views, expected)
    print_report(sample.scan)
    assert numbers(rf"log10 LR {NUMBER}", capsys.readouterr().out) == expected[:1]
    table = next(t.value for t in page("findings").dataframe if "LR" in t.value)
    assert [float(value) for value in table["LR"] if value] == expected[:1]


def test_the_counts_are_the_same_in_every_view(sample: Any) -> None:
    outcomes = Counter(finding.outcome for finding in sample.scan.findings)
    junit = ElementTree.fromstring(rendered(sample, "junit"))
    assert int(junit.attrib["errors"]) == outcomes["failed"] == 1
    assert int(junit.attrib["tests"]) == len(sample.scan.findings) == 4
    markdown = numbers(
        rf"{NUMBER} files · {NUMBER} findings \({NUMBER} scored, {NUMBER} observed, "
        rf"{NUMBER} abstained, {NUMBER} failed\)",
        rendered(sample, "md"),
    )
    assert markdown == [2, 4, *(outcomes[o] for o in ("scored", "observed", "abstained", "failed"))]
    app = page("overview")
    figures = {metric.label: metric.value for metric in app.metric}
    assert (figures["Files"], figures["Failed"]) == ("2", "1")
    reports = next(table.value for table in app.dataframe if "findings" in table.value)
    scan = reports[reports["kind"] == "scan"].iloc[0]
    assert (scan["files"], scan["findings"], scan["failed"]) == (2, 4, 1)


def test_the_verdict_is_the_same_in_every_view(sample: Any) -> None:
    gate = sample.audit.to_dict()["gate"]
    markup = load_renderer("html").render(sample.audit, sample.out / "audit").decode()
    junit = load_renderer("junit").render(sample.audit, sample.out / "audit").decode()
    gates = next(table.value for table in page("overview").dataframe if "gate" in table.value)
    (row,) = [row for _, row in gates.iterrows() if row["gate"]]
    assert row["gate"].split()[-1] == gate["verdict"] == "fail"
    assert row["why"] == gate["rules"][0]["why"]
    for view in (markup, junit):
        assert html.escape(row["why"]) in view
