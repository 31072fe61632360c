"""``avaudit bench scores:FILE``: figures against closed forms, folds, cards and exit status."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest

from avaudit.card import parse_card
from avaudit.cli.main import main
from avaudit.evaluation import figures
from avaudit.evaluation.answers import read_scores
from avaudit.evaluation.figures import Condition
from avaudit.evaluation.sheet import read_sheet
from avaudit.evidence.tables import tables_of
from avaudit.manifest import read_manifest

Bench = Callable[..., tuple[object, dict[str, Any], str]]
CARD = """\
name = "speech.aasist"   # kept as it is
version = "1"
title = "Toy"
asks = "Is it?"
does_not_say = ["nothing"]

[question]
h1 = "It is."
h2 = "It is not."
"""


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def make_data(folder: Path, *, n: int = 120, d: float = 2.0, seed: int = 0) -> None:
    """Gaussian scores N(±d/2, 1) of n items in four sources of equal make-up."""
    rng = np.random.default_rng(seed)
    items, scores = [], []
    for k in range(n):
        label = k % 2
        items.append(
            {
                "path": f"{k}.wav", "label": label, "system": "tts" if label else "human",
                "source": f"page{k // 2 % 4}", "identity": f"p{k // 4}",
                "group.gender": ("female", "male")[k // 2 % 2], "bitrate": 64 + 64 * label,
            }
        )  # fmt: skip
        score = (label - 0.5) * d + rng.normal()
        scores.append({"path": f"{k}.wav", "score": score, "condition": "clean"})
        scores.append({"path": f"{k}.wav", "score": score + 2, "condition": "mp3_64k"})
    write_rows(folder / "data.csv", items)
    write_rows(folder / "scores.csv", scores)


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Bench:
    """Give a function that runs the command in this process, as the command line does."""
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    # intervals need many draws to be exact; here they only have to be there
    for name, draws in (("DRAWS", 60), ("GROUP_DRAWS", 20), ("MIN_DRAWS", 20)):
        monkeypatch.setattr(figures, name, draws)

    def call(*arguments: str) -> tuple[object, dict[str, Any], str]:
        standard = [
            "avaudit",
            "bench",
            "scores:scores.csv",
            "--data",
            "data.csv",
            "--json",
            "-f",
            "json",
        ]
        monkeypatch.setattr(sys, "argv", [*standard, *arguments])
        status: object = 0
        try:
            main()
        except SystemExit as left:
            status = left.code or 0
        said = capsys.readouterr()
        return status, json.loads(said.out) if said.out else {}, said.err

    return call


def estimates(report: dict[str, Any], scenario: str = "clean") -> dict[tuple[str, str], Any]:
    return {(e["metric"], e["group"]): e for e in report["estimates"] if e["scenario"] == scenario}


def test_figures_of_gaussian_scores_are_those_of_theory(tmp_path: Path, bench: Bench) -> None:
    make_data(tmp_path, n=1000)
    status, report, _ = bench()
    found = estimates(report)
    assert (status, report["kind"]) == (0, "bench")
    phi = NormalDist().cdf
    for metric, expected, tolerance in (
        ("auc", phi(2 / math.sqrt(2)), 0.02),
        ("within_source_auc", phi(2 / math.sqrt(2)), 0.02),
        ("eer", phi(-1), 0.02),
        ("misleading_h2_over_1", phi(-1), 0.03),
        ("misleading_h1_under_1", phi(-1), 0.03),
    ):
        one = found[metric, "all"]
        assert one["value"] == pytest.approx(expected, abs=tolerance), metric
        assert one["low"] < one["value"] < one["high"]
    assert found["auc", "all"]["n_clusters"] == 250
    assert 0 <= found["cllr_loss", "all"]["value"] < 0.03
    assert found["abstention", "all"]["value"] == 0
    # a shift of all scores changes no figure of separation or calibration
    other = estimates(report, "mp3_64k")
    assert other["cllr", "all"]["value"] == pytest.approx(found["cllr", "all"]["value"], abs=1e-3)


def test_every_kind_of_group_has_figures(tmp_path: Path, bench: Bench) -> None:
    make_data(tmp_path)
    _, report, _ = bench()
    found = estimates(report)
    for group in ("system=tts", "source=page1", "group.gender=female"):
        assert found["auc", group]["value"] > 0.8
    assert found["misleading_h2_over_1", "system=human"]["n"] == 60
    assert "value" not in found["misleading_h2_over_1", "system=tts"]
    assert found["auc", "system=tts"]["reason"]["text"].endswith("of the same sources")
    assert {c["kind"] for c in report["curves"]} == {"det", "tippett", "reliability"}


def test_pooling_sources_lies_and_within_source_does_not(tmp_path: Path, bench: Bench) -> None:
    rng = np.random.default_rng(1)
    rows, scores = [], []
    for k in range(400):
        page = k % 2
        label = int(rng.random() < (0.9 if page else 0.1))
        rows.append({"path": f"{k}.wav", "label": label, "source": f"page{page}"})
        # the score knows the page, and nothing of the label
        scores.append({"path": f"{k}.wav", "score": 3.0 * page + rng.normal()})
    write_rows(tmp_path / "data.csv", rows)
    write_rows(tmp_path / "scores.csv", scores)
    _, report, _ = bench()
    found = estimates(report)
    assert found["auc", "all"]["value"] > 0.8
    assert found["within_source_auc", "all"]["value"] == pytest.approx(0.5, abs=0.1)
    # a page nobody calibrated on gives ratios that cost more than none
    assert found["cllr", "all"]["value"] >= 1
    assert "No calibration" in report["scenarios"][0]["summary"]


def test_a_property_that_is_the_label_is_named(tmp_path: Path, bench: Bench) -> None:
    make_data(tmp_path)
    _, report, _ = bench()
    found = estimates(report, "shortcuts")
    assert found["auc_alone", "bitrate"]["value"] == 1.0
    assert found["auc_alone", "group.gender"]["value"] < 0.6
    assert "bitrate" in report["scenarios"][-1]["summary"]


def test_an_item_is_rated_by_a_calibration_without_its_source(tmp_path: Path) -> None:
    make_data(tmp_path)

    def ratios() -> np.ndarray:
        sheet = read_sheet(read_manifest(tmp_path / "data.csv"))
        clean, _ = read_scores(tmp_path / "scores.csv", sheet)
        assert sheet.fold_name == "leave one source out"
        condition = Condition(sheet, clean, method="logistic", level=0.95, seed=0)
        return np.where(sheet.source == "page2", condition.ratios.raw, np.nan)

    before = ratios()
    text = (tmp_path / "data.csv").read_text().splitlines()
    turned = [
        line.replace(",0,human,page2", ",1,tts,page2") if ",0,human,page2" in line
        else line.replace(",1,tts,page2", ",0,human,page2")
        for line in text
    ]  # fmt: skip
    (tmp_path / "data.csv").write_text("\n".join(turned) + "\n")
    np.testing.assert_array_equal(before, ratios())


def test_abstentions_are_a_figure_and_keep_their_reasons(tmp_path: Path, bench: Bench) -> None:
    make_data(tmp_path, n=40)
    rows = [
        {"path": f"{k}.wav", "score": "" if k < 10 else float(k % 2), "reason": ""}
        for k in range(35)
    ]
    rows[0]["reason"] = "no_speech"
    write_rows(tmp_path / "scores.csv", rows)
    _, report, _ = bench()
    assert estimates(report)["abstention", "all"]["value"] == pytest.approx(15 / 40)
    facts = report["scenarios"][0]["facts"]
    assert facts["without_score"] == {"no_answer": 14, "no_speech": 1}


def test_a_card_gets_tables_that_findings_can_use(tmp_path: Path, bench: Bench) -> None:
    make_data(tmp_path)
    card = tmp_path / "card.toml"
    card.write_text(CARD)
    status, report, _ = bench("--write-card", "--card", str(card))
    assert status == 0
    written = card.read_bytes()
    assert written.startswith(CARD.encode())
    tables = tables_of(parse_card(written, "card"))
    assert tables is not None
    assert list(tables.conditions) == ["clean", "mp3_64k"]
    assert tables.of == "audio"
    assert str(tmp_path) not in written.decode()
    clean = tables.conditions["clean"]
    assert (clean.n_h1, clean.n_h2, clean.n_sources) == (60, 60, 4)
    assert clean.curve.parameters["slope"] * math.log(10) == pytest.approx(2.0, rel=0.5)
    value, low, high = clean.ratio(1.0)
    assert low < value < high
    assert clean.bounds.high <= math.log10(61)
    assert clean.measured["cllr"] == pytest.approx(
        estimates(report)["cllr", "all"]["value"], rel=1e-5
    )
    women = clean.groups["group.gender=female"]
    assert women["n"] == 60
    assert women["misleading_h2_over_1"] == pytest.approx(
        estimates(report)["misleading_h2_over_1", "group.gender=female"]["value"], rel=1e-5
    )
    # once more: not a byte changes
    bench("--write-card", "--card", str(card))
    assert card.read_bytes() == written


def test_scores_written_out_can_be_benched_again(tmp_path: Path, bench: Bench) -> None:
    make_data(tmp_path)
    _, first, _ = bench("--scores", "again.csv")
    (tmp_path / "again.csv").replace(tmp_path / "scores.csv")
    _, second, _ = bench()
    assert second["estimates"] == first["estimates"]


def test_same_request_same_numbers(tmp_path: Path, bench: Bench) -> None:
    make_data(tmp_path, n=60)
    assert bench()[1]["estimates"] == bench()[1]["estimates"]


@pytest.mark.parametrize(
    ("data", "scores", "flags", "said"),
    [
        ("path,label\na.wav,1\nb.wav,1\n", "path,score\na.wav,1\n", (), "same label"),
        ("path,label\na.wav,1\nb.wav,0\n", "path,score\nc.wav,1\n", (), "none of its paths"),
        ("path,label\na.wav,1\nb.wav,0\n", "path,score\na.wav,inf\nb.wav,1\n", (), "infinite"),
        ("path,label\na.wav,1\nb.wav,0\n", "path,score\na.wav,1\na.wav,2\n", (), "two scores"),
        ("path,label\na.wav,1\nb.wav,0\n", "path,score\na.wav,1\n", ("--method", "pva"), "'pav'"),
        ("path,label\na.wav,1\nb.wav,0\n", "path,score\na.wav,1\n", ("--write-card",), "--card"),
        ("left,right,label\na,b,1\n", "path,score\na.wav,1\n", (), "trials"),
    ],
)
def test_what_cannot_be_benched_is_said_with_status_2(
    tmp_path: Path, bench: Bench, data: str, scores: str, flags: tuple[str, ...], said: str
) -> None:
    (tmp_path / "data.csv").write_text(data)
    (tmp_path / "scores.csv").write_text(scores)
    status, _, told = bench(*flags)
    assert status == 2
    assert said in told


def test_two_items_are_enough_to_report_and_too_few_to_calibrate(
    tmp_path: Path, bench: Bench
) -> None:
    (tmp_path / "data.csv").write_text("path,label\na.wav,1\nb.wav,0\n")
    (tmp_path / "scores.csv").write_text("path,score\na.wav,1\nb.wav,0\n")
    status, report, _ = bench()
    assert status == 0
    found = estimates(report)
    assert found["auc", "all"]["value"] == 1
    assert "value" not in found["cllr", "all"]
    card = tmp_path / "card.toml"
    card.write_text(CARD)
    status, _, told = bench("--write-card", "--card", str(card))
    assert status == 2
    assert "only 1 scored items of a class" in told
    assert card.read_text() == CARD


def test_the_command_as_a_program(tmp_path: Path) -> None:
    make_data(tmp_path, n=60)
    done = subprocess.run(
        [sys.executable, "-m", "avaudit.cli", "bench", "scores:scores.csv", "--data", "data.csv",
         "--conditions", "clean", "--out", "out"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"AVAUDIT_HOME": str(tmp_path / "home"), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "leave one source out" in done.stdout
    assert "mp3_64k" not in done.stdout
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["seal"]["digest"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Tippett" in page


def test_tables_are_toml(tmp_path: Path, bench: Bench) -> None:
    make_data(tmp_path)
    card = tmp_path / "card.toml"
    card.write_text(CARD)
    bench("--write-card", "--card", str(card), "--method", "pav")
    table = tomllib.loads(card.read_text())["calibration"]
    assert table["conditions"]["clean"]["curve"]["method"] == "pav"
    assert table["held_out_by"] == "leave one source out"
