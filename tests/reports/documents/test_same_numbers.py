"""One run of the command line, and every document shows the numbers of report.json."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import wave
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from avaudit.reports.html.images import Pictures
from avaudit.reports.html.numbers import number
from avaudit.reports.junit import JunitRenderer
from avaudit.reports.pdf.data import document_data
from avaudit.reports.pdf.thumbnails import Thumbnails
from avaudit.result import Report
from avaudit.samples.voice import make_voice

POLICY = """
schema = "avaudit.policy/1"
name = "numbers"
[[rule]]
id = "nothing-strong"
kind = "evidence"
detectors = ["speech.synthetic"]
max_log10_lr = 2.0
no_answer = "pass"
[[rule]]
id = "nothing-weak"
kind = "evidence"
detectors = ["speech.synthetic"]
max_log10_lr = 0.1
no_answer = "pass"
[[rule]]
id = "all-answered"
kind = "evidence"
detectors = ["speech.synthetic"]
max_log10_lr = 3.0
[[rule]]
id = "most-examined"
kind = "coverage"
max_failed = 0.9
"""
STATES = {"pass": "passed", "fail": "failure", "insufficient": "skipped"}


@dataclass(frozen=True)
class Ran:
    """What the command printed, and the folder it wrote."""

    told: str
    folder: Path
    status: int

    @property
    def report(self) -> Report:
        return Report.model_validate(json.loads((self.folder / "report.json").read_text()))

    def text(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")


def write_wave(place: Path, samples: Any, rate: int) -> None:
    with wave.open(str(place), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("numbers")
    media = folder / "media"
    media.mkdir()
    rng = np.random.default_rng(1)
    write_wave(media / "voice.wav", make_voice(4.0, rng=rng), 16_000)
    write_wave(media / "telephone.wav", make_voice(4.0, rng=rng, sample_rate=8_000), 8_000)
    write_wave(media / "hum.wav", 0.1 * np.sin(np.arange(32_000) / 8), 16_000)
    (media / "broken.wav").write_bytes((media / "voice.wav").read_bytes()[:30])
    (folder / "policy.toml").write_text(POLICY)
    command = [
        sys.executable, "-m", "avaudit.cli", "scan", str(media), "--workers", "1",
        "--detectors", "speech.synthetic,provenance.metadata", "--out", str(folder / "out"),
        "--policy", str(folder / "policy.toml"), "--format", "json,html,md,sarif,junit",
    ]  # fmt: skip
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "AVAUDIT_HOME": str(folder / "home"), "NO_COLOR": "1"},
    )
    assert (folder / "out" / "report.json").is_file(), done.stderr
    return Ran(done.stdout, folder / "out", done.returncode)


def ratios(report: Report) -> list[float]:
    return [f.log10_lr for f in report.findings if f.log10_lr is not None]


def verdicts(report: Report) -> dict[str, str]:
    assert report.gate_ is not None
    return {rule.id: rule.verdict for rule in report.gate_.rules}


def outcomes(report: Report) -> Counter[str]:
    return Counter(finding.outcome for finding in report.findings)


def test_the_run_has_something_to_compare(ran: Ran) -> None:
    assert len(ratios(ran.report)) == 2
    assert set(verdicts(ran.report).values()) == {"pass", "fail", "insufficient"}
    assert {"scored", "observed", "abstained", "failed"} <= set(outcomes(ran.report))
    assert ran.status == 4  # a file could not be read; the gate is in the report all the same


def test_command_line(ran: Ran) -> None:
    found = re.findall(r"^(pass|fail|insufficient)\s+([\w-]+): ", ran.told, re.M)
    assert {name: verdict for verdict, name in found} == verdicts(ran.report)
    assert ran.report.gate_ is not None
    assert f"Gate (numbers): {ran.report.gate_.verdict}" in ran.told
    lines = re.findall(r"^    speech\.synthetic .*log10 LR ([+-][\d.]+)", ran.told, re.M)
    shown = [float(text) for text in lines]
    assert shown == [round(value, 2) for value in ratios(ran.report)]
    listed = Counter(
        re.findall(r"^    [\w.]+ +(scored|observed|abstained|failed) ", ran.told, re.M)
    )
    assert listed == outcomes(ran.report)


def test_html(ran: Ran, read: Callable[[str], Any]) -> None:
    page = ran.text("report.html")
    pair = r'<dt[^>]*>log10 LR</dt><dd><span class="v"(?: title="([^"]+)")?>([^<]+)<'
    shown = re.findall(pair, page)
    assert [text for _, text in shown] == [number(value) for value in ratios(ran.report)]
    row = r'<tr><td><span class="v">([\w-]+)</span></td>.*?</svg>([\w ]+?)</span>'
    words = {"pass": "pass", "fail": "fail", "insufficient": "insufficient evidence"}
    told = dict(re.findall(row, page)[: len(verdicts(ran.report))])  # the table of rules is first
    assert told == {name: words[v] for name, v in verdicts(ran.report).items()}
    text = read(page).text
    assert f"{len(ran.report.findings)} findings" in text
    assert f"{outcomes(ran.report)['abstained']} abstention" in text


def test_sarif(ran: Ran) -> None:
    run = json.loads(ran.text("report.sarif"))["runs"][0]
    found = [r["properties"] for r in run["results"] if "outcome" in r["properties"]]
    for finding, told in zip(ran.report.findings, found, strict=True):
        stored = finding.model_dump(exclude_none=True)
        for key in ("log10_lr", "log10_lr_low", "log10_lr_high", "score", "strength", "outcome"):
            assert told.get(key) == stored.get(key)
    assert run["properties"]["gate"]["rules"] == verdicts(ran.report)
    assert run["properties"]["findings"] == outcomes(ran.report)
    assert len(run["artifacts"]) == len(ran.report.subjects) + 1


def test_junit(ran: Ran) -> None:
    root = ET.fromstring(ran.text("report.junit.xml"))
    shown = {
        case.attrib["name"]: next((c.tag for c in case if c.tag != "system-out"), "passed")
        for case in root.iter("testcase")
    }
    assert shown == {name: STATES[v] for name, v in verdicts(ran.report).items()}
    bare = ran.report.model_copy(update={"gate_": None})
    root = ET.fromstring(JunitRenderer().render(bare, ran.folder))
    assert int(root.attrib["tests"]) == len(ran.report.findings)
    assert int(root.attrib["errors"]) == outcomes(ran.report)["failed"]
    measured = re.findall(r"measured: log10 LR (\S+)", "\n".join(root.itertext()))
    assert measured == [number(value) for value in ratios(ran.report)]


def test_markdown(ran: Ran) -> None:
    text = ran.text("report.md")
    rows = re.findall(r"^\| `([\w-]+)` \| (\S+) \|", text, re.M)
    words = {"pass": "pass", "fail": "**fail**", "insufficient": "undecided"}
    assert dict(rows) == {name: words[v] for name, v in verdicts(ran.report).items()}
    listed = re.findall(r"^\| `[^`]+` \| `[\w.]+` \| (\w+) \| (?:log10 LR (\S+))?", text, re.M)
    assert Counter(outcome for outcome, _ in listed) == outcomes(ran.report)
    shown = [ratio for _, ratio in listed if ratio]
    assert shown == [number(value) for value in ratios(ran.report)]


def test_pdf(ran: Ran) -> None:
    data = document_data(ran.report, Pictures(ran.folder), Thumbnails(None))
    pairs = [
        pair
        for subject in data["subjects"]
        for finding in subject["findings"]
        if finding["score"]
        for pair in finding["score"]["pairs"]
    ]
    shown = [pair["cell"]["text"] for pair in pairs if pair["label"] == "log10 LR"]
    assert shown == [number(value) for value in ratios(ran.report)]
    gate = data["page"]["audit"]["gate"]
    words = {"pass": "pass", "fail": "fail", "insufficient": "insufficient evidence"}
    told = {rule["cells"][0]["text"]: rule["badge"]["word"] for rule in gate["rules"]}
    assert told == {name: words[v] for name, v in verdicts(ran.report).items()}
