"""The result model: its schema, its exact text, and what it refuses to hold."""

from __future__ import annotations

import json
import math
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from avaudit.result import (
    DetectorRef,
    Environment,
    Finding,
    Report,
    Segment,
    Subject,
    Tool,
    canonical_bytes,
    report_schema,
)


def made(**changes: Any) -> Report:
    finding = Finding(
        subject="s1",
        detector=DetectorRef(name="test.one", version="1", card_sha256="a" * 64),
        outcome="scored",
        score=1.5,
        summary="Größe 日本",
        facts={"list": [1, 2.5, None, {"deep": True}]},
        segments=[Segment(start_s=0.0, end_s=1.0, score=0.1)],
    )
    values: dict[str, Any] = {
        "id": "r1",
        "kind": "scan",
        "created": "2026-01-01T00:00:00Z",
        "tool": Tool(version="0.1"),
        "environment": Environment(python="3.11", platform="Linux", packages={}),
        "subjects": [Subject(id="s1", name="a.jpg", sha256="b" * 64, bytes=3)],
        "findings": [finding],
    }
    return Report(**(values | changes))


def test_the_schema_validates_a_made_report() -> None:
    schema = report_schema()
    validator = jsonschema.Draft202012Validator
    validator.check_schema(schema)
    validator(schema).validate(made().to_dict())


@pytest.mark.parametrize(
    "change", [{"schema": "avaudit.report/9"}, {"kind": "party"}, {"subjects": [{"id": "x"}]}]
)
def test_the_schema_refuses_what_is_no_report(change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made().to_dict() | change, report_schema())


@pytest.mark.parametrize("missing", ["schema", "id", "tool", "environment", "created", "kind"])
def test_the_schema_asks_for_the_required_keys(missing: str) -> None:
    report = made().to_dict()
    del report[missing]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(report, report_schema())


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_refused(number: float) -> None:
    reference = DetectorRef(name="test.one", version="1")
    with pytest.raises(ValidationError):
        Finding(subject="s", detector=reference, outcome="scored", score=number)
    with pytest.raises(ValidationError):
        Segment(start_s=number, end_s=1.0)
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_bytes({"x": number})


def test_a_round_trip_changes_no_byte() -> None:
    text = made().to_json()
    assert text.endswith("}\n")
    assert Report.model_validate(json.loads(text)).to_json() == text
    assert "Größe 日本" in text


def test_unknown_keys_survive() -> None:
    later = made().to_dict()
    later["novelty"] = {"a": 1}
    later["findings"][0]["extra"] = ["x"]
    later["subjects"][0]["weight_kg"] = 2.5
    again = Report.model_validate(later).to_dict()
    assert again["novelty"] == {"a": 1}
    assert again["findings"][0]["extra"] == ["x"]
    assert again["subjects"][0]["weight_kg"] == 2.5


def test_a_report_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        made().id = "other"


def test_the_canonical_form_does_not_depend_on_key_order() -> None:
    assert canonical_bytes({"b": [1, 2.5], "a": "é"}) == canonical_bytes({"a": "é", "b": [1, 2.5]})
    assert canonical_bytes({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()


def test_findings_are_found_by_subject() -> None:
    report = made()
    assert [finding.detector.name for finding in report.findings_of("s1")] == ["test.one"]
    assert report.findings_of("s2") == []
    assert report.conclusion_of("s1") is None
