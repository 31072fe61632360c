"""Conditions on their way: from the confined worker into the report and onto the page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from avaudit.conditions._audio_codec import CODINGS, encoded_audio
from avaudit.conditions.measure import ConditionMeter
from avaudit.confinement.limits import Limits
from avaudit.engine.examine import Assignment, Measured, examine
from avaudit.engine.messages import ConditionsMessage, encode
from avaudit.registry import load_detectors
from avaudit.reports.html import HtmlRenderer
from avaudit.reports.html.conditions import conditions_line
from avaudit.result import Environment, Report, Subject, Tool
from avaudit.samples.pictures import encode_image, scene


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], str]:
    folder = tmp_path_factory.mktemp("conditions")
    rng = np.random.default_rng(0)
    sound = (0.2 * rng.standard_normal(32000) * np.repeat([1, 0.01] * 5, 3200)).astype(np.float32)
    (folder / "a.mp3").write_bytes(encoded_audio(sound, 16000, CODINGS["mp3"], 64_000))
    (folder / "b.jpg").write_bytes(encode_image(scene(rng, 160, 120), "JPEG", quality=70))
    command = [sys.executable, "-m", "avaudit.cli", "scan", "a.mp3", "b.jpg", "--out", "out"]
    env = {**os.environ, "AVAUDIT_HOME": str(folder / "home")}
    done = subprocess.run(
        [*command, "--detectors", "media.timeline,watermark.dwtdct"],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = (folder / "out" / "report.html").read_text("utf-8")
    return json.loads((folder / "out" / "report.json").read_text("utf-8")), page


def test_the_report_holds_what_was_measured(report: tuple[dict[str, object], str]) -> None:
    sound, picture = (subject["conditions"] for subject in report[0]["subjects"])  # type: ignore[attr-defined]
    assert sound["audio_codec"].startswith("mp3")
    assert sound["audio_bit_rate"] == 64000
    assert sound["sample_rate_hz"] == 16000
    assert sound["snr_db"] == pytest.approx(40, abs=4)
    assert sound["audio_s"] == pytest.approx(2.0, abs=0.01)
    assert picture["jpeg_quality"] == 70
    assert (picture["width"], picture["height"]) == (160, 120)


def test_the_page_shows_them(report: tuple[dict[str, object], str]) -> None:
    assert "Conditions</dt>" in report[1]
    assert "at 64 kb/s" in report[1]
    assert "JPEG quality about 70" in report[1]


def test_a_failing_meter_is_told_and_costs_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a meter that fails")

    monkeypatch.setattr(ConditionMeter, "feed", broken)
    path = tmp_path / "a.png"
    path.write_bytes(encode_image(scene(np.random.default_rng(0), 64, 48), "PNG"))
    fd = os.open(path, os.O_RDONLY)
    try:
        detectors = load_detectors(["media.timeline"])
        events = list(examine(Assignment(fd=fd, scratch=tmp_path / "s"), detectors, Limits()))
    finally:
        os.close(fd)
    (measured,) = (event for event in events if isinstance(event, Measured))
    assert measured.conditions == {"not_measured": "ValueError: a meter that fails"}
    assert any(getattr(event, "detector", "") == "media.timeline" for event in events)
    assert b"not_measured" in encode(ConditionsMessage(values=measured.conditions))


@pytest.mark.parametrize(
    "values",
    [
        {"snr_db": float("nan")},
        {"snr_db": float("inf")},
        {"Not a key": 1.0},
        {"codec": "x" * 201},
        {"nested": {"a": 1}},
        {f"k{i}": i for i in range(101)},
    ],
)
def test_the_parent_believes_only_the_right_shape(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        ConditionsMessage(values=values)  # type: ignore[arg-type]


def test_the_line_leaves_out_what_is_of_another_type() -> None:
    assert conditions_line({}) == ""
    assert conditions_line({"audio_codec": 7, "snr_db": "loud", "bandwidth_hz": True}) == ""
    line = conditions_line(
        {
            "audio_codec": "opus",
            "audio_bit_rate": 24000,
            "bandwidth_hz": 3400.0,
            "sample_rate_hz": 48000,
            "snr_db": 18.4,
        }
    )
    assert line == "opus at 24 kb/s · sound up to 3.4 of 24 kHz · SNR 18 dB"
    assert "\n" not in conditions_line({"audio_codec": "a\nb", "not_measured": "c\nd"})


def test_hostile_words_are_escaped_on_the_page() -> None:
    subject = Subject(
        id="s1", name="a", conditions={"audio_codec": "<script>alert(1)</script>\u202egpj"}
    )
    scan = Report(
        id="r",
        kind="scan",
        created="2026-01-01T00:00:00+00:00",
        tool=Tool(version="1"),
        environment=Environment(python="3", platform="p", packages={}),
        subjects=[subject],
    )
    page = HtmlRenderer().render(scan, Path()).decode("utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "\u202e" not in page
