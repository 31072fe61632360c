"""Texts, numbers, facts and drawings, one by one."""

import doctest
import importlib
from typing import Any

import pytest
from jinja2 import UndefinedError

from avaudit.reports.html import environment
from avaudit.reports.html.cells import cell_of
from avaudit.reports.html.drawings import regions_of, scale_of, timeline_of
from avaudit.reports.html.facts import Codes, Group, Items, Pairs, Table, blocks_of
from avaudit.reports.html.statuses import statuses_of
from avaudit.reports.html.text import label_of, visible
from avaudit.result import DetectorRef, Finding, Region, Segment, Subject


@pytest.mark.parametrize("name", ["html.text", "html.numbers", "json"])
def test_examples(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"avaudit.reports.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


@pytest.mark.parametrize("value", [None, True, 1.5, [], {}])
def test_templates_print_text_only(value: Any) -> None:
    with pytest.raises(TypeError, match="a template prints"):
        environment.printable(value)


def test_templates_fail_on_what_is_not_there() -> None:
    with pytest.raises(UndefinedError):
        environment.fill("header.html")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("line\nbreak\ttab", "line\nbreak\ttab"),
        ("a\u200bb", "a⟨U+200B⟩b"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("نمی\u200cخواهم", "نمی\u200cخواهم"),
        ("tag\U000e0041", "tag⟨U+E0041⟩"),
        ("z" + "\u0336" * 9, "z" + "\u0336" * 3 + "⟨+6 combining marks⟩"),
        ("half\udc80", "half⟨U+DC80⟩"),
        ("עברית", "עברית"),
    ],
)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("key", "value", "text", "exact"),
    [
        ("x", 0.123456789, "0.1235", "0.123456789"),
        ("x", 2.0, "2", ""),
        ("x", 12345, "12,345", ""),
        ("offset_s", 0.0413, "0.041 s", "0.0413 s"),
        ("duration_s", 125.5, "125.5 s (2 min 5.5 s)", ""),
        ("level_db", -3.0, "-3 dB", ""),
        ("size_bytes", 1_500_000, "1.5 MB (1,500,000 bytes)", ""),
        ("x", True, "yes", ""),
        ("x", None, "not stated", ""),
        ("at_at", "2026-01-02T03:04:05+01", "2026-01-02 02:04:05 UTC", "2026-01-02T03:04:05+01"),
        ("signed_at", "yesterday", "yesterday", ""),
    ],
)  # fmt: skip
def test_cells(key: str, value: Any, text: str, exact: str) -> None:
    cell = cell_of(key, value, label_of(key)[1])
    assert (cell.text, cell.exact) == (text, exact)


def test_blocks_follow_the_shape() -> None:
    blocks = blocks_of(
        {
            "single": 1,
            "claims": [{"where": "XMP", "says": "generated"}, {"where": "EXIF"}],
            "codes": {"failure": ["x"], "success": []},
            "words": ["a", "b"],
            "deep": {"inner": {"x": 1}},
        }
    )
    assert [type(block) for block in blocks] == [Pairs, Table, Codes, Items, Group]
    table = blocks[1]
    assert isinstance(table, Table)
    assert table.headers == ["Where", "Says"]
    assert table.rows[1][1].text == ""


def test_what_is_left_out_is_said() -> None:
    long_list = blocks_of({"x": list(range(500))})[0]
    assert isinstance(long_list, Items)
    assert len(long_list.cells) == 200
    assert long_list.more == "300 more in report.json"
    many = blocks_of({f"k{n}": n for n in range(9000)})
    assert isinstance(many[-1], Items)
    assert many[-1].more == "More values stand in report.json."
    assert cell_of("x", "y" * 10_000).text.endswith("(7,000 more characters in report.json)")


def test_deep_facts_end() -> None:
    facts: dict[str, Any] = {}
    for _ in range(500):
        facts = {"in": facts, "list": [[facts]]}
        if len(str(facts)) > 10_000:
            break
    assert blocks_of(facts)


@pytest.mark.parametrize(
    ("facts", "axes"),
    [
        ({}, []),
        ({"integrity": "odd"}, []),
        ({"integrity": ["valid"]}, []),
        ({"integrity": "absent", "trust": "unknown"}, ["absent"]),
        ({"integrity": "valid", "trust": "trusted_legacy", "ai_signal": "none"},
         ["valid", "trusted legacy", "none"]),
        ({"integrity": "valid", "identity": {"state": "not_verified"}}, ["valid", "not verified"]),
    ],
)  # fmt: skip
def test_statuses(facts: dict[str, Any], axes: list[str]) -> None:
    assert [status.badge.word for status in statuses_of(facts)] == axes


def finding(**more: Any) -> Finding:
    return Finding(
        subject="s", detector=DetectorRef(name="a.b", version="1"), outcome="scored", **more
    )


@pytest.mark.parametrize(("log10_lr", "at"), [(-99, 30), (-6, 30), (0, 320), (6, 610), (99, 610)])
def test_scale_ends_at_six(log10_lr: float, at: float) -> None:
    scale = scale_of(finding(log10_lr=log10_lr))
    assert scale is not None
    assert float(scale.at) == at


def test_no_scale_without_likelihood_ratio() -> None:
    assert scale_of(finding(score=3.0)) is None


@pytest.mark.parametrize("end", [0.0, 1e-9, 0.5, 93.4, 1e6])
@pytest.mark.parametrize("start", [-3.0, 0.0])
def test_timeline_stays_on_the_axis(start: float, end: float) -> None:
    timeline = timeline_of([Segment(start_s=start, end_s=end)], Subject(id="s", name="n"))
    assert timeline is not None
    assert len(timeline.ticks) <= 12
    bar = timeline.bars[0]
    assert float(bar.x) >= 0
    assert float(bar.x) + float(bar.w) <= 640
    assert all(0 <= tick.x <= 640 for tick in timeline.ticks)


def test_timeline_of_very_many_segments_is_bounded_and_says_so() -> None:
    segments = [Segment(start_s=n, end_s=n + 1, label=f"l{n % 20}") for n in range(20_000)]
    timeline = timeline_of(segments, Subject(id="s", name="n", duration_s=20_000))
    assert timeline is not None
    assert len(timeline.lanes) == 8
    assert len(timeline.bars) == 600
    assert timeline.more.startswith("Of 20,000 segments, 600 are drawn and 60 listed")


def test_regions_lie_on_the_preview_of_a_still_picture_only() -> None:
    region = Region(x=1, y=2, w=3, h=4)
    for kind, shown in (("image", "data:x"), ("video", "")):
        drawn = regions_of([region], Subject(id="s", name="n", kind=kind), "data:x")
        assert drawn is not None
        assert drawn.picture == shown
        assert (drawn.width, drawn.height) == (4, 6)
