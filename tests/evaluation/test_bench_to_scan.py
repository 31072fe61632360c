"""The whole way: a model without code, benched, its card written, a file scanned as evidence."""

from __future__ import annotations

import hashlib
import json
import sys
import wave
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from avaudit.cli.main import main
from avaudit.conditions.impose import impose_audio
from avaudit.evaluation import figures

RATE = 16_000
CARD = """\
name = "speech.loudness"
version = "1"
title = "Loudness"
asks = "Is it loud?"
does_not_say = ["Loudness is no crime."]

[question]
h1 = "The sound is loud."
h2 = "The sound is soft."
h1_points_to = "generated"
h2_points_to = "captured"

[onnx]
file = "model.onnx"
sha256 = "{sha256}"

[onnx.audio]
sample_rate = 16000
window_s = 1.0
"""


def write_model(folder: Path) -> None:
    """Write a model that gives the log of the mean square of its input."""
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, "n"])
    told = helper.make_tensor_value_info("y", TensorProto.FLOAT, [])
    nodes = [
        helper.make_node("Mul", ["x", "x"], ["p"]),
        helper.make_node("ReduceMean", ["p"], ["m"], keepdims=0),
        helper.make_node("Log", ["m"], ["y"]),
    ]
    graph = helper.make_graph(nodes, "g", [given], [told])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    data = model.SerializeToString()
    onnx.checker.check_model(data)
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(data)
    (folder / "card.toml").write_text(CARD.format(sha256=hashlib.sha256(data).hexdigest()))


def write_sound(path: Path, level: float, seed: int, condition: str = "clean") -> None:
    rng = np.random.default_rng(seed)
    # noise that comes and goes, as speech does, so that a level over a floor can be measured
    envelope = np.where(np.arange(2 * RATE) // (RATE // 4) % 2 == 0, 1.0, 0.03)
    samples = (level * envelope * rng.standard_normal(2 * RATE)).clip(-0.9, 0.9)
    samples = impose_audio(samples.astype(np.float32), RATE, condition)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((samples * 32767).astype("<i2").tobytes())


def run(monkeypatch: pytest.MonkeyPatch, out: Path, *arguments: str) -> dict[str, Any]:
    told = ["avaudit", *arguments, "--out", str(out), "-q", "-f", "json,html"]
    monkeypatch.setattr(sys, "argv", told)
    with suppress(SystemExit):
        main()
    report: dict[str, Any] = json.loads((out / "report.json").read_text())
    return report


def test_from_a_model_to_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("AVAUDIT_HOME", str(home))
    for draws in ("DRAWS", "GROUP_DRAWS", "MIN_DRAWS"):
        monkeypatch.setattr(figures, draws, 20)
    write_model(home / "onnx" / "loudness")
    rng = np.random.default_rng(0)
    rows = ["path,label,source,identity"]
    for n in range(48):
        label = n % 2
        level = 0.03 * 10 ** (0.4 * (label - 0.5) + 0.25 * rng.normal())
        write_sound(tmp_path / f"{n}.wav", level, n)
        rows.append(f"{n}.wav,{label},page{n // 2 % 3},p{n}")
    (tmp_path / "data.csv").write_text("\n".join(rows) + "\n")

    bench = run(
        monkeypatch, tmp_path / "bench", "bench", "speech.loudness", "--data",
        str(tmp_path / "data.csv"), "--conditions", "telephone_8k", "--write-card",
    )  # fmt: skip
    assert {s["id"] for s in bench["scenarios"]} == {"clean", "telephone_8k", "shortcuts"}
    found = {(e["scenario"], e["metric"]): e for e in bench["estimates"] if e["group"] == "all"}
    assert found["clean", "not_covered"]["value"] == 0
    assert ("telephone_8k", "not_covered") not in found
    # loudness is what the model hears, and the audit of shortcuts finds just that
    assert "level_dbfs" in bench["scenarios"][-1]["summary"]

    write_sound(tmp_path / "loud.wav", 0.08, 100)
    write_sound(tmp_path / "phone.wav", 0.08, 101, "telephone_8k")
    write_sound(tmp_path / "silent.wav", 0.0015, 102)
    files = [str(tmp_path / f"{name}.wav") for name in ("loud", "phone", "silent")]
    report = run(
        monkeypatch, tmp_path / "scan", "scan", *files, "-d", "speech.loudness", "--stability"
    )
    loud, phone, silent = report["findings"]
    assert loud["log10_lr_low"] <= loud["log10_lr"] <= loud["log10_lr_high"]
    assert loud["log10_lr"] > 0.3
    assert loud["strength"].endswith("support for H1")
    assert loud["strength"][:4].casefold() in loud["summary"].casefold()
    assert loud["calibration"]["condition"] == "clean"
    assert (loud["calibration"]["n_h1"], loud["calibration"]["n_sources"]) == (24, 3)
    assert loud["calibration"]["manifest_sha256"] == bench["parameters"]["data"]["sha256"]
    assert all("log10_lr" in segment for segment in loud["segments"])
    bound = loud["calibration"]["elub_high"]
    assert loud["log10_lr"] <= bound
    assert loud["calibration"].get("at_bound", False) == (loud["log10_lr"] == bound)
    assert phone["calibration"]["condition"] == "telephone_8k"
    assert (silent["outcome"], silent["reason"]["code"]) == ("abstained", "out_of_domain")

    told = loud["facts"]["stability"]["conditions"]
    assert "log10_lr" in told["telephone_8k"]
    assert told["mp3_64k"]["reason"]["code"] == "condition_not_covered"
    assert loud["facts"]["stability"]["verdict_flips"] in (True, False)
    assert "log10 LR" in (tmp_path / "scan" / "report.html").read_text()
