"""Any ONNX model with a card is a detector: tiny models made here, scanned in the worker."""

from __future__ import annotations

import hashlib
import json
import math
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
from avaudit.detectors.onnx.declaration import PictureInput, SoundInput
from avaudit.detectors.onnx.picture import prepared
from avaudit.detectors.onnx.sound import SoundExamination
from avaudit.errors import UsageError
from avaudit.media.types import AudioBlock, Chunk
from avaudit.registry import load_detectors, names
from avaudit.samples.pictures import encode_image

SOUND = "[onnx.audio]\nsample_rate = 8000\nwindow_s = 1.0\n"
PICTURE = "[onnx.image]\nwidth = 16\nheight = 12\n"


def write_model(
    home: Path, name: str, table: str, *, extra: str = "", square: bool = False
) -> Path:
    """Write a model whose second output is minus the mean (or mean square) of its input."""
    shape: list[Any] = [1, "n"] if "audio" in table else [1, 3, "h", "w"]
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    outputs = [helper.make_tensor_value_info(o, TensorProto.FLOAT, []) for o in ("zero", "y")]
    nodes = [
        helper.make_node("Mul", ["x", "x"] if square else ["x", "one"], ["v"]),
        helper.make_node("ReduceMean", ["v"], ["m"], keepdims=0),
        helper.make_node("Neg", ["m"], ["y"]),
        helper.make_node("Sub", ["m", "m"], ["zero"]),
    ]
    one = helper.make_tensor("one", TensorProto.FLOAT, [], [1.0])
    graph = helper.make_graph(nodes, "g", [given], outputs, initializer=[one])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    folder = home / "onnx" / name.replace(".", "-")
    folder.mkdir(parents=True)
    data = model.SerializeToString()
    (folder / "model.onnx").write_bytes(data)
    (folder / "card.toml").write_text(
        f'name = "{name}"\nversion = "1"\ntitle = "Toy"\nasks = "Is it?"\n'
        f'does_not_say = ["nothing"]\n[question]\nh1 = "a"\nh2 = "b"\n'
        f'[onnx]\nfile = "model.onnx"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\n'
        f"output = 1\ndirection = -1\n{extra}{table}"
    )
    return folder


def write_tone(path: Path, seconds: float, *, rate: int = 16_000, level: float = 0.5) -> None:
    time_s = np.arange(int(seconds * rate)) / rate
    samples = (level * 32767 * np.sin(2 * np.pi * 440 * time_s)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def scan(monkeypatch: pytest.MonkeyPatch, out: Path, name: str, *files: Path) -> list[Any]:
    arguments = ["scan", *map(str, files), "-d", name, "--out", str(out), "-q", "-w", "1"]
    monkeypatch.setattr(sys, "argv", ["avaudit", *arguments, "-f", "json"])
    with suppress(SystemExit):  # 4 where something failed
        main()
    findings: list[Any] = json.loads((out / "report.json").read_text())["findings"]
    return findings


def test_a_model_of_sound_is_a_detector_without_a_line_of_code(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(home, "speech.toy", SOUND, square=True)
    write_tone(tmp_path / "tone.wav", 3.5)
    write_tone(tmp_path / "blip.wav", 0.4)
    assert "speech.toy" in names("avaudit.detectors")
    blip, tone = scan(
        monkeypatch, tmp_path / "out", "speech.toy", tmp_path / "blip.wav", tmp_path / "tone.wav"
    )
    # the mean square of a sine of amplitude 0.5; direction -1 undoes the model's minus sign
    assert tone["score"] == pytest.approx(0.125, rel=2e-3)
    assert tone["facts"]["windows"] == 4
    assert [s["end_s"] for s in tone["segments"]] == pytest.approx([1.0, 2.0, 3.0, 3.5])
    assert tone["reason"]["code"] == "not_calibrated"
    assert (blip["outcome"], blip["reason"]["code"]) == ("abstained", "too_short")
    again = scan(monkeypatch, tmp_path / "again", "speech.toy", tmp_path / "tone.wav")
    assert again[0]["score"] == tone["score"]


def test_a_model_of_pictures_sees_them_as_declared(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(home, "image.toy", PICTURE + "mean = [0.5, 0.5, 0.5]\nstd = [0.25, 0.25, 0.25]\n")
    grey = np.full((48, 64, 3), 204, np.uint8)
    (tmp_path / "grey.png").write_bytes(encode_image(grey, "PNG"))
    write_tone(tmp_path / "tone.wav", 2)
    picture, sound = scan(
        monkeypatch, tmp_path / "out", "image.toy", tmp_path / "grey.png", tmp_path / "tone.wav"
    )
    assert picture["score"] == pytest.approx((0.8 - 0.5) / 0.25, rel=1e-5)
    assert sound["reason"]["code"] == "format_not_supported"


def test_another_model_than_the_cards_is_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_model(home, "image.toy", PICTURE)
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes() + b" ")
    (tmp_path / "a.png").write_bytes(encode_image(np.zeros((16, 16, 3), np.uint8), "PNG"))
    (finding,) = scan(monkeypatch, tmp_path / "out", "image.toy", tmp_path / "a.png")
    assert (finding["outcome"], finding["reason"]["code"]) == ("failed", "weights_damaged")


def test_an_output_that_is_not_there_is_a_failure_with_its_reason(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_model(home, "image.toy", PICTURE, extra="index = 7\n")
    (tmp_path / "a.png").write_bytes(encode_image(np.zeros((16, 16, 3), np.uint8), "PNG"))
    (finding,) = scan(monkeypatch, tmp_path / "out", "image.toy", tmp_path / "a.png")
    assert (finding["outcome"], finding["reason"]["code"]) == ("failed", "model_failed")


@pytest.mark.parametrize(
    ("table", "extra", "said"),
    [
        ("", "", r"onnx: .*either \[onnx.audio\] or \[onnx.image\]"),
        (SOUND + PICTURE, "", "either"),
        (SOUND + "hop = 1\n", "", r"onnx\.audio\.hop"),
        (PICTURE + "std = [0, 1, 1]\n", "", "std must be above 0"),
        (SOUND, "dirction = -1\n", r"onnx\.dirction"),
    ],
)
def test_a_wrong_card_is_a_usage_error_that_names_the_key(
    home: Path, table: str, extra: str, said: str
) -> None:
    write_model(home, "a.b", table, extra=extra)
    with pytest.raises(UsageError, match=said):
        load_detectors(["a.b"])


def test_two_models_cannot_have_one_name(home: Path) -> None:
    write_model(home, "a.b", SOUND).rename(home / "onnx" / "other")
    write_model(home, "a.b", SOUND)
    with pytest.raises(UsageError, match="too"):
        load_detectors(["a.b"])


class _Mean:
    """In place of a session: the mean, and how often it was asked."""

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []

    def score(self, values: np.ndarray) -> float:
        self.shapes.append(values.shape)
        return float(values.mean())


def sound(declared: SoundInput, *blocks: AudioBlock) -> tuple[Any, _Mean]:
    model = _Mean()
    examination = SoundExamination(model, declared)  # type: ignore[arg-type]
    for n, block in enumerate(blocks):
        examination.feed(Chunk(index=n, start_s=block.start_s, end_s=block.end_s, audio=(block,)))
    return examination.finish(), model


def block(start_s: float, seconds: float, level: float, rate: int = 8000) -> AudioBlock:
    samples = np.full(round(seconds * rate), level, np.float32)
    return AudioBlock(start_s=start_s, sample_rate=rate, samples=samples)


def test_windows_do_not_depend_on_how_the_sound_was_cut_and_gaps_begin_anew() -> None:
    declared = SoundInput(sample_rate=8000, window_s=1.0, hop_s=0.5, shape="11n", aggregate="max")
    whole, model = sound(declared, block(0, 2, 0.25), block(9, 1, 0.75))
    parts, _ = sound(declared, block(0, 0.7, 0.25), block(0.7, 1.3, 0.25), block(9, 1, 0.75))
    assert whole == parts
    assert whole.score == pytest.approx(0.75)
    assert set(model.shapes) == {(1, 1, 8000)}
    starts = [s.start_s for s in whole.segments]
    assert starts == pytest.approx([0, 0.5, 1.0, 9.0])


def test_short_sound_is_filled_as_declared() -> None:
    short = {"sample_rate": 8000, "window_s": 4.0, "min_s": 0.5}
    repeated, _ = sound(SoundInput(**short), block(0, 1, 0.5))
    padded, _ = sound(SoundInput(**short, short="zero"), block(0, 1, 0.5))
    assert (repeated.score, padded.score) == pytest.approx((0.5, 0.125))
    assert sound(SoundInput(**short), block(0, 0.4, 0.5))[0].code == "too_short"
    assert sound(SoundInput(**short))[0].code == "no_sound"


def test_sound_is_brought_to_the_rate_of_the_model() -> None:
    declared = SoundInput(sample_rate=16_000, window_s=1.0)
    _, model = sound(declared, block(0, 3, 0.5, rate=44_100))
    assert model.shapes == [(1, 16_000)] * 3


def test_pictures_are_laid_out_cropped_and_coloured_as_declared() -> None:
    rgb = np.zeros((20, 40, 3), np.uint8)
    rgb[:, 10:30] = (255, 0, 0)
    whole = prepared(rgb, PictureInput(width=8, height=8))
    middle = prepared(rgb, PictureInput(width=8, height=8, fit="crop", layout="nhwc", colour="bgr"))
    assert whole.shape == (1, 3, 8, 8)
    assert middle.shape == (1, 8, 8, 3)
    assert math.isclose(float(whole[0, 0].mean()), 0.5, abs_tol=0.05)
    assert middle[0, ..., 2].min() > 0.9
    assert middle[0, ..., 0].max() == 0


def test_the_model_made_here_is_sound(home: Path) -> None:
    onnx.checker.check_model(str(write_model(home, "a.b", SOUND) / "model.onnx"))
