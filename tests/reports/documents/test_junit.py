"""JUnit XML: valid by the Jenkins schema; undecided is skipped, or a failure when strict."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema

from avaudit.reports.junit import JunitRenderer
from avaudit.result import Report


@pytest.fixture(scope="module")
def strict_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(Path(__file__).with_name("junit-strict.xsd"))


def rendered(report: Report, *, strict: bool = False) -> ET.Element:
    text = JunitRenderer(strict=strict).render(report, Path())
    assert text.startswith(b'<?xml version="1.0" encoding="utf-8"?>\n')
    root = ET.fromstring(text)
    for suite in root:
        states = Counter(child.tag for case in suite.iter("testcase") for child in case)
        assert int(suite.attrib["tests"]) == len(list(suite.iter("testcase")))
        assert int(suite.attrib["failures"]) == states["failure"]
        assert int(suite.attrib["errors"]) == states["error"]
        assert int(suite.attrib["skipped"]) == states["skipped"]
    for key in ("tests", "failures", "errors"):
        assert int(root.attrib[key]) == sum(int(suite.attrib[key]) for suite in root)
    return root


def states(root: ET.Element) -> dict[str, str]:
    return {
        case.attrib["name"]: next((c.tag for c in case if c.tag != "system-out"), "passed")
        for case in root.iter("testcase")
    }


def test_the_jenkins_schema_accepts_every_kind_of_report(reports: dict[str, Report]) -> None:
    place = os.environ.get("AVAUDIT_JUNIT_XSD")
    if place is None:
        pytest.skip("no Jenkins schema: set AVAUDIT_JUNIT_XSD to junit-10.xsd")
    jenkins = xmlschema.XMLSchema(place)
    for report in reports.values():
        for strict in (False, True):
            jenkins.validate(JunitRenderer(strict=strict).render(report, Path()).decode())


def test_our_strict_schema_accepts_every_kind_of_report(
    reports: dict[str, Report], strict_schema: xmlschema.XMLSchema
) -> None:
    for report in reports.values():
        strict_schema.validate(JunitRenderer().render(report, Path()).decode())


def test_the_rules_of_a_gate_are_the_cases(reports: dict[str, Report]) -> None:
    root = rendered(reports["gated"])
    (suite,) = root
    assert suite.attrib["name"] == "gate upload-scan"
    assert states(root) == {
        "few-failed": "passed",
        "nothing-tampered": "failure",
        "speech": "skipped",
        "alike": "failure",
    }
    strict = states(rendered(reports["gated"], strict=True))
    assert strict["speech"] == "failure"
    told = {c.attrib["name"]: c.findtext("system-out", "") for c in root.iter("testcase")}
    assert "needed to settle it: 120" in told["speech"]
    assert "new: evidence⟨U+202E⟩gpj.<b>photo</b>.jpg, provenance.c2pa" in told["nothing-tampered"]
    assert "left out: 1 of 3 problems are listed." in told["nothing-tampered"]
    properties = {p.attrib["name"]: p.attrib["value"] for p in root.iter("property")}
    assert properties["gate"] == "Gate failed. Of its rules, 2 failed, 1 undecided, 1 passed."
    assert properties["baseline"] == "Against the baseline: 1 new, 1 fixed, 0 unchanged."


def test_without_a_gate_every_finding_is_a_case(reports: dict[str, Report]) -> None:
    root = rendered(reports["scan"])
    names = [suite.attrib["name"] for suite in root]
    assert sorted(names) == sorted({f.detector.name for f in reports["scan"].findings})
    found = Counter(states_of_all(root))
    assert found == {"passed": 11, "skipped": 2, "error": 2}
    assert "log10 LR 3.2 [2.6, 3.9]" in "".join(root.itertext())


def states_of_all(root: ET.Element) -> list[str]:
    return [
        next((c.tag for c in case if c.tag != "system-out"), "passed")
        for case in root.iter("testcase")
    ]


def test_only_confirmatory_tests_can_fail_an_audit(reports: dict[str, Report]) -> None:
    assert states(rendered(reports["audit"])) == {
        "wer/wer (accent)": "failure",
        "eer/eer (accent)": "passed",
        "bias/bias (accent)": "skipped",
        "wer/other (accent)": "passed",
        "look": "passed",
        "broken": "error",
    }
    strict = states(rendered(reports["audit"], strict=True))
    assert strict["bias/bias (accent)"] == "failure"


@pytest.mark.parametrize(
    ("created", "expected"),
    [
        ("2026-03-01T08:30:12Z", "2026-03-01T08:30:12"),
        ("2026-03-01T08:30:12.5+02:00", "2026-03-01T06:30:12"),
        ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00+23:59"),
        ("some day", "some day"),
    ],
)
def test_times_are_in_utc(created: str, expected: str, reports: dict[str, Report]) -> None:
    (suite, *_) = rendered(reports["scan"].model_copy(update={"created": created}))
    assert suite.attrib["timestamp"] == expected


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\ufffe", "\uffff", "\x1b[31m"])
def test_characters_that_xml_forbids_are_shown(character: str, bare: dict[str, Any]) -> None:
    bare["subjects"] = [{"id": "s", "name": f"a{character}b"}]
    bare["findings"] = [
        {"subject": "s", "detector": {"name": "d", "version": "1"}, "outcome": "failed",
         "reason": {"code": "c", "text": f"x{character}y"}}
    ]  # fmt: skip
    (case,) = rendered(Report.model_validate(bare)).iter("testcase")
    assert f"⟨U+{ord(character[0]):04X}⟩" in case.attrib["name"]
    (error,) = case.iter("error")
    assert f"⟨U+{ord(character[0]):04X}⟩" in error.attrib["message"]
