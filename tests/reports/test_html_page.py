"""What the page holds, and that it needs nothing else."""

import base64
import hashlib
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from avaudit.registry import RENDERERS, load
from avaudit.renderer import Renderer
from avaudit.reports.html import HtmlRenderer
from avaudit.result import Report

Read = Callable[[str], Any]

PLAYED = r"\.{0,2}/[\w.%/~-]+\.\w+#t=[0-9.]+,[0-9.]+"


def render(renderer: Renderer, report: dict[str, Any], folder: Path) -> str:
    return renderer.render(Report.model_validate(report), folder).decode()


def test_well_formed(page: str, read: Read) -> None:
    parsed = read(page)
    assert page.startswith("<!doctype html>")
    assert parsed.misnested == []
    assert parsed.open_tags == []
    assert parsed.all("html")[0].attributes["lang"] == "en"
    assert len(parsed.all("h1")) == 1


def test_headings_skip_no_level(page: str, read: Read) -> None:
    levels = [int(e.tag[1]) for e in read(page).elements if re.fullmatch("h[1-6]", e.tag)]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_anchors_are_unique_and_links_lead_to_them(page: str, read: Read) -> None:
    parsed = read(page)
    names = [e.attributes["id"] for e in parsed.elements if "id" in e.attributes]
    assert len(names) == len(set(names))
    targets = [e.attributes["href"] for e in parsed.elements if "href" in e.attributes]
    inside = [target for target in targets if target.startswith("#")]
    assert inside
    assert {target.removeprefix("#") for target in inside} <= set(names)


def test_self_contained(page: str, read: Read) -> None:
    parsed = read(page)
    for element in parsed.elements:
        assert element.tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}
        for name in ("src", "href", "data", "poster", "srcset", "action"):
            value = element.attributes.get(name, "#")
            assert value.startswith(("#", "data:image/")) or (
                element.tag == "a" and re.fullmatch(PLAYED, value)  # only when clicked
            )
        assert "style" not in element.attributes
    assert not re.search(r"@import|url\((?!#)", page)


def test_content_security_policy_allows_the_page_itself(page: str, read: Read) -> None:
    policy = next(
        e.attributes["content"]
        for e in read(page).all("meta")
        if e.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    css = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy


def test_every_statement_of_every_finding_appears(
    page: str, report_dict: dict[str, Any], read: Read
) -> None:
    text = read(page).text
    for finding in report_dict["findings"]:
        said = [finding["summary"], *finding["does_not_say"]]
        said += [finding["detector"]["title"], finding["detector"]["asks"]]
        said += [finding["detector"]["card_sha256"]]
        said += list(finding.get("question", {}).values())
        said += list(finding.get("reason", {}).values())
        said += [told["text"] for told in finding.get("indications", [])]
        for line in said:
            assert " ".join(line.split()) in text
    for conclusion in report_dict["conclusions"]:
        lines = [conclusion["summary"], *conclusion.get("supports", [])]
        assert all(line in text for line in lines + conclusion.get("contradictions", []))


def test_subjects_run_and_seal_appear(page: str, report_dict: dict[str, Any], read: Read) -> None:
    text = read(page).text
    for subject in report_dict["subjects"]:
        assert subject["sha256"] in text
    assert f"{report_dict['subjects'][0]['bytes']:,} bytes" in text
    assert all(value in text for value in report_dict["seal"].values())
    assert "avaudit verify report.json" in text
    assert "media/private.jpg" in text
    assert "permission denied" in text
    assert "2026-03-01 08:30:12 UTC" in text
    assert all(version in text for version in report_dict["environment"]["packages"].values())


def test_same_report_same_bytes(
    report_dict: dict[str, Any], renderer: Renderer, tmp_path: Path
) -> None:
    assert render(renderer, report_dict, tmp_path) == render(HtmlRenderer(), report_dict, tmp_path)


def test_bare_report(bare: dict[str, Any], renderer: Renderer, tmp_path: Path, read: Read) -> None:
    text = read(render(renderer, bare, tmp_path)).text
    assert "No file was examined." in text
    assert "This report carries no seal." in text
    assert "None" not in text


def test_missing_things_are_not_printed_as_none(
    bare: dict[str, Any], renderer: Renderer, tmp_path: Path, read: Read
) -> None:
    detector = {"name": "x.y", "version": "2"}
    bare["subjects"] = [{"id": "s", "name": "a.bin", "streams": [{"index": 0, "kind": "data"}]}]
    bare["findings"] = [
        {"subject": "s", "detector": detector, "outcome": outcome}
        for outcome in ("scored", "observed", "abstained", "failed")
    ]
    bare["findings"].append(
        {
            "subject": "s",
            "detector": detector,
            "outcome": "observed",
            "facts": {"a": None, "b": [], "c": {}, "d": "", "e": [None], "f": {"g": None}},
            "segments": [{"start_s": 0, "end_s": 0}],
            "regions": [{"x": 0, "y": 0, "w": 0, "h": 0}],
        }
    )
    text = read(render(renderer, bare, tmp_path)).text
    assert "None" not in text
    assert "nan" not in text.lower().split()
    assert "There is no likelihood ratio for this score." in text
    assert "No conclusion was drawn." in text


def test_finding_without_listed_subject_is_shown(
    bare: dict[str, Any], renderer: Renderer, tmp_path: Path, read: Read
) -> None:
    bare["findings"] = [
        {
            "subject": "lost",
            "detector": {"name": "x.y", "version": "2"},
            "outcome": "observed",
            "summary": "Still here.",
        }
    ]
    assert "Still here." in read(render(renderer, bare, tmp_path)).text


def test_unknown_keys_of_later_versions_are_shown(
    report_dict: dict[str, Any], renderer: Renderer, tmp_path: Path, read: Read
) -> None:
    report_dict["findings"][0]["stability"] = {"flips": True, "lowest_log10_lr": -1.25}
    report_dict["later"] = "a later field"
    text = read(render(renderer, report_dict, tmp_path)).text
    assert "Lowest log10 LR -1.25" in text
    assert "a later field" in text


def test_audit_tables(bare: dict[str, Any], renderer: Renderer, tmp_path: Path, read: Read) -> None:
    sha = "0" * 64
    bare |= {
        "kind": "audit",
        "plan": {"path": "plan.toml", "sha256": sha},
        "estimates": [
            {"probe": "verification", "scenario": "clean", "metric": "fmr", "group": "women",
             "value": 0.0123, "low": 0.01, "high": 0.015, "level": 0.95, "n": 4000,
             "n_clusters": 210, "method": "cluster bootstrap"},
            {"probe": "verification", "scenario": "clean", "metric": "fmr", "group": "men",
             "value": None, "low": None, "high": None, "level": 0.95, "n": 3,
             "method": "none", "reason": {"code": "too_few", "text": "Three trials only."}},
        ],
        "tests": [
            {"probe": "verification", "scenario": "clean", "metric": "fmr",
             "groups": ["women", "men"], "p": 0.031, "verdict": "insufficient"},
        ],
        "gate": {
            "policy": {"name": "release", "sha256": sha}, "verdict": "fail",
            "rules": [{"id": "gap", "verdict": "fail", "observed": 0.2, "required": [0, 0.1],
                       "why": "the gap is shown"}],
        },
    }  # fmt: skip
    text = read(render(renderer, bare, tmp_path)).text
    for part in ("Audit report", "0.01 to 0.015", "Three trials only.", "insufficient evidence",
                 "the gap is shown", "women, men", "cluster bootstrap"):  # fmt: skip
        assert part in text
    assert "None" not in text


def test_six_hundred_subjects(
    report_dict: dict[str, Any], renderer: Renderer, tmp_path: Path, read: Read
) -> None:
    first = report_dict["subjects"][0]["id"]
    kept = [finding for finding in report_dict["findings"] if finding["subject"] == first]
    report_dict["subjects"] = [
        {**report_dict["subjects"][0], "id": f"s{n}", "name": f"file {n}.jpg"} for n in range(600)
    ]
    report_dict["findings"] = [{**f, "subject": f"s{n}"} for n in range(600) for f in kept]
    report = Report.model_validate(report_dict)
    page = renderer.render(report, tmp_path).decode()
    assert page.count('<details class="subject" open>') == 25
    assert page.count('<details class="subject">') == 575
    assert page.count('alt="Preview of') <= 300
    assert "Pictures are shown for the first 300 files only" in page
    assert "file 599.jpg" in page


def test_found_by_entry_point() -> None:
    assert load(RENDERERS, "html") is HtmlRenderer


@pytest.mark.parametrize("name", ["<", "a" * 5000, "\x00", ""])
def test_odd_names(
    name: str, report_dict: dict[str, Any], renderer: Renderer, tmp_path: Path, read: Read
) -> None:
    report_dict["subjects"][0]["name"] = name
    assert read(render(renderer, report_dict, tmp_path)).misnested == []


def test_thumbnails_of_the_chain_are_embedded_once(page: str, read: Read) -> None:
    parsed = read(page)
    assert len(parsed.all("image")) == 3  # two in the chain, one below the regions
    assert parsed.text.count("shown in the chain above") == 2
