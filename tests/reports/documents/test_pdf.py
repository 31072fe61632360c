"""The PDF: typst sets every kind of report, with its own fonts, and reads nothing as markup."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import typst

from avaudit.reports.html.images import Pictures
from avaudit.reports.pdf import PdfRenderer
from avaudit.reports.pdf.data import document_data, printable
from avaudit.reports.pdf.files import MAX_SUBJECTS
from avaudit.reports.pdf.renderer import MAIN, laid_out
from avaudit.reports.pdf.thumbnails import Thumbnails
from avaudit.result import Report


def data_of(report: Report, folder: Path) -> dict[str, Any]:
    return document_data(report, Pictures(folder), Thumbnails(None))


def pages(data: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", data))


def test_every_kind_of_report_is_set_without_a_warning(
    reports: dict[str, Report], folder: Path
) -> None:
    for name, report in reports.items():
        with laid_out(report, folder) as place:
            data, warnings = typst.compile_with_warnings(
                place / MAIN, root=place, ignore_system_fonts=True, pdf_standards=["a-2a"]
            )
        assert isinstance(data, bytes), name
        assert data.startswith(b"%PDF-1.7"), name
        assert [warning.message for warning in warnings] == [], name


def test_equal_reports_are_equal_bytes(reports: dict[str, Report], folder: Path) -> None:
    first = PdfRenderer().render(reports["audit"], folder)
    assert PdfRenderer().render(reports["audit"], folder) == first
    assert b"2026-03-01T08:30:12" in first  # the report's own time, not that of the renderer


def test_the_document_shows_the_numbers_of_the_report(
    reports: dict[str, Report], folder: Path
) -> None:
    data = data_of(reports["gated"], folder)
    assert data["verdict"] == "Gate failed. Of its rules, 2 failed, 1 undecided, 1 passed."
    watermark = next(
        f
        for s in data["subjects"]
        for f in s["findings"]
        if f["score"] and any(p["label"] == "log10 LR" for p in f["score"]["pairs"])
    )
    shown = {p["label"]: p["cell"]["text"] for p in watermark["score"]["pairs"]}
    assert (shown["log10 LR"], shown["lower bound"], shown["upper bound"]) == ("3.2", "2.6", "3.9")
    assert watermark["question"]["h1"] == "The picture carries the payload of a public generator."
    assert watermark["does_not_say"]
    assert {p["label"] for p in watermark["origin"]} >= {"Detector", "Card SHA-256"}
    seal = {
        p["label"]: p["cell"]["text"].replace("\u200b", "") for p in data["page"]["run"]["seal"]
    }
    assert reports["gated"].seal is not None
    assert seal["Digest"].replace("\u200b", "") == reports["gated"].seal.digest


def test_an_audit_has_its_forests(reports: dict[str, Report], folder: Path) -> None:
    (scenario, *_) = data_of(reports["audit"], folder)["page"]["audit"]["scenarios"]
    groups, gaps = scenario["forests"]
    assert [row["label"] for row in groups["rows"]] == ["Scottish", "all"]
    assert [row["text"] for row in gaps["rows"]] == ["0.0912 [0.0612, 0.1212]"]


def test_markup_in_texts_is_text(bare: dict[str, Any], folder: Path) -> None:
    attack = '#panic("x") $x^2$ *b* _i_ `c` <label> @ref #read("/etc/passwd") \\ // = h'
    bare["subjects"] = [{"id": "s", "name": attack}]
    bare["conclusions"] = [{"subject": "s", "summary": attack}]
    with laid_out(Report.model_validate(bare), folder) as place:
        found = typst.query(place / MAIN, "heading.where(level: 2)", root=place)
    (heading,) = json.loads(found)
    text = "".join(part["text"] for part in parts(heading["body"]))
    assert text.replace("\u200b", "") == f"1. {attack}"


def parts(body: dict[str, Any]) -> list[dict[str, Any]]:
    if body["func"] == "text":
        return [body]
    return [part for child in body.get("children", []) for part in parts(child)]


def test_characters_without_a_glyph_are_shown_as_codes() -> None:
    assert printable("Ünï-Ωμέγα-Жук.jpg") == "Ünï-Ωμέγα-Жук.jpg"
    assert printable("文\u202e \U0001f600").replace("\u200b", "") == "⟨U+6587⟩⟨U+202E⟩ ⟨U+1F600⟩"


def test_long_words_can_break() -> None:
    assert "\u200b" in printable("x" * 200)
    assert printable("x" * 200).replace("\u200b", "") == "x" * 200


def test_a_picture_typst_cannot_read_does_not_cost_the_document(
    report_dict: dict[str, Any], folder: Path
) -> None:
    import hashlib

    data = b"\x89PNG\r\n\x1a\n" + b"no picture at all"
    (folder / "artefacts" / "bad.png").write_bytes(data)
    report_dict["subjects"] = report_dict["subjects"][:1]
    report_dict["findings"] = report_dict["findings"][:1]
    report_dict["subjects"][0]["thumbnail"] = {
        "path": "artefacts/bad.png",
        "media_type": "image/png",
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    report = Report.model_validate(report_dict)
    with laid_out(report, folder) as place, pytest.raises(typst.TypstError, match="image"):
        typst.compile(place / MAIN, root=place)
    assert PdfRenderer().render(report, folder).startswith(b"%PDF")


def test_a_large_scan_prints_what_asks_for_a_look(
    report_dict: dict[str, Any], folder: Path
) -> None:
    quiet, loud = report_dict["subjects"][4], report_dict["subjects"][3]
    quiet_finding = next(f for f in report_dict["findings"] if f["subject"] == quiet["id"])
    loud_finding = next(f for f in report_dict["findings"] if f["subject"] == loud["id"])
    report_dict["subjects"] = [{**quiet, "id": f"q{n}", "thumbnail": None} for n in range(200)]
    report_dict["findings"] = [{**quiet_finding, "subject": f"q{n}"} for n in range(200)]
    report_dict["subjects"].append(loud)
    report_dict["findings"].append(loud_finding)
    data = data_of(Report.model_validate(report_dict), folder)
    assert len(data["subjects"]) == MAX_SUBJECTS
    assert data["subjects"][-1]["name"] == "city-by-night.png"
    assert "The findings on 60 files are printed" in data["notes"][0]


@pytest.mark.parametrize("created", ["yesterday", "0001-01-01T00:00:00+23:59"])
def test_an_odd_time_does_not_cost_the_document(
    created: str, bare: dict[str, Any], folder: Path
) -> None:
    report = Report.model_validate(bare | {"created": created})
    assert pages(PdfRenderer().render(report, folder)) >= 1
