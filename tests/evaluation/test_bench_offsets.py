"""Offsets in a bench: accuracy, bias and false alarms against a column ``known_offset_s``."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from avaudit.errors import UsageError
from avaudit.evaluation import BenchRequest, run_bench
from avaudit.evaluation.bench import BenchRun
from avaudit.evaluation.offsets import noticed
from avaudit.settings import load_settings

TRUE_S = [0.0, 0.0, 0.2, -0.1, 0.04, 0.0, None, None]
STATED_S = [0.0, 0.04, 0.25, 0.0, 0.14, None, 0.3, None]
SCORES = [-2.0, -1.0, -1.5, -0.5, 0.5, None, 1.0, 2.0]


def _write(folder: Path, *, truth: bool = True) -> tuple[Path, Path]:
    manifest, scores = folder / "clips.csv", folder / "scores.csv"
    with manifest.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "label", "identity", "fps", *(["known_offset_s"] if truth else [])])
        for n, true in enumerate(TRUE_S):
            row = [f"c{n}.mp4", int(n >= 6), f"p{n}", "25" if n < 3 else "30"]
            table.writerow([*row, *([true] if truth else [])])
    with scores.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["path", "score", "reason", "offset_s", "face_px"])
        for n, (score, stated) in enumerate(zip(SCORES, STATED_S, strict=True)):
            reason = "no_speech" if score is None else ""
            table.writerow([f"c{n}.mp4", score, reason, stated, 40 if n < 2 else 120])
    return manifest, scores


def _bench(folder: Path, **given: bool) -> BenchRun:
    manifest, scores = _write(folder, **given)
    settings = load_settings({"out": str(folder / "out"), "format": []})
    return run_bench(BenchRequest(what=f"scores:{scores}", data=manifest), settings)


def test_offsets_are_counted_against_the_truth(tmp_path: Path) -> None:
    figures = _bench(tmp_path).benched[0].figures
    found = {(f.label, f.metric): f.estimate for f in figures if f.metric.startswith("offset")}
    everything = {metric: e for (label, metric), e in found.items() if label == "all"}
    # errors of the five that are answered and known: 0, 0.04, 0.05, 0.1, 0.1
    assert everything["offset_within_frame"].value == pytest.approx(2 / 5)
    assert everything["offset_within_frame"].n == 5
    assert everything["offset_error_median_s"].value == pytest.approx(0.05)
    assert everything["offset_bias_median_s"].value == pytest.approx(0.05)
    # three truly inside the window, one of them called outside; one of two outside called inside
    assert everything["offset_false_alarm"].value == pytest.approx(1 / 3)
    assert everything["offset_missed"].value == pytest.approx(1 / 2)
    assert everything["offset_missing"].value == pytest.approx(1 / 6)
    assert everything["offset_missing"].n == 6


def test_offsets_come_per_frame_rate_and_face_size(tmp_path: Path) -> None:
    figures = _bench(tmp_path).benched[0].figures
    close = {f.label: f.estimate for f in figures if f.metric == "offset_within_frame"}
    assert close["fps=25"].value == pytest.approx(2 / 3)
    assert close["fps=30"].value == pytest.approx(0.0)
    assert close["face_px=under 50"].value == pytest.approx(1.0)
    assert close["face_px=100 and more"].n == 3


def test_without_true_offsets_nothing_changes(tmp_path: Path) -> None:
    run = _bench(tmp_path, truth=False)
    assert not [e for e in run.report.estimates if e.metric.startswith("offset")]


def test_an_infinite_offset_is_refused_with_its_line(tmp_path: Path) -> None:
    manifest, scores = _write(tmp_path)
    manifest.write_text(manifest.read_text().replace("25,0.2", "25,inf"))
    settings = load_settings({"out": str(tmp_path / "out"), "format": []})
    with pytest.raises(UsageError, match="line 4"):
        run_bench(BenchRequest(what=f"scores:{scores}", data=manifest), settings)


def test_the_window_of_bt1359_is_closed() -> None:
    assert noticed(np.array([-0.046, -0.045, 0.125, 0.126])).tolist() == [True, False, False, True]


def test_the_command_prints_a_table_of_offsets(tmp_path: Path) -> None:
    manifest, scores = _write(tmp_path)
    command = [sys.executable, "-m", "avaudit.cli", "bench", f"scores:{scores}", "--data"]
    done = subprocess.run(
        [*command, str(manifest), "-o", str(tmp_path / "out"), "-f", "json"],
        capture_output=True,
        text=True,
        check=True,
        env={"COLUMNS": "200", "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    assert "within ±40 ms" in done.stdout
    assert "fps=30" in done.stdout
