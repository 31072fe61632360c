"""The command ``avaudit lint``, and on the evaluation media where they are at hand."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from avaudit.cli.main import main
from avaudit.manifest import read_manifest
from avaudit.manifest.lint import lint

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


Run = Callable[..., tuple[object, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Give a function that runs the command in this process, as the command line does."""

    def call(*arguments: str) -> tuple[object, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["avaudit", "lint", *arguments])
        status: object = 0
        try:
            main()
        except SystemExit as left:
            status = left.code or 0
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_problems_as_json_and_exit_status_1(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,label\na.wav,1\n./a.wav,0\n")
    done = subprocess.run(
        [sys.executable, "-m", "avaudit.cli", "lint", "m.csv", "--json"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (1, "")
    answer = json.loads(done.stdout)
    assert list(answer) == ["manifest", "sha256", "rows", "problems"]
    assert (answer["manifest"], answer["rows"]) == ("m.csv", 2)
    assert answer["sha256"] == read_manifest(tmp_path / "m.csv").sha256
    assert [p["code"] for p in answer["problems"]] == ["missing_file", "duplicate"]
    for problem in answer["problems"]:
        assert list(problem) == ["code", "column", "rows", "examples", "text"]


def test_problems_for_people_and_no_control_characters(tmp_path: Path, run: Run) -> None:
    (tmp_path / "m.csv").write_text("path,label\n\x1b[31mred.wav,1\n")
    status, said, _ = run("m.csv")
    assert status == 1
    assert "missing_file" in said
    assert "\\x1b[31mred.wav" in said
    assert "\x1b" not in said
    assert said.rstrip().endswith("m.csv: 1 row of clips, 1 problem")


def test_a_clean_table_leaves_with_0(tmp_path: Path, run: Run) -> None:
    (tmp_path / "m.csv").write_text("path,label\na.wav,1\nb.wav,0\n")
    assert run("m.csv", "--no-files") == (0, "m.csv: 2 rows of clips, no problem found\n", "")
    assert run("m.csv", "--no-files", "-q") == (0, "", "")


def test_an_unreadable_manifest_leaves_with_2(tmp_path: Path, run: Run) -> None:
    (tmp_path / "m.csv").write_text("path,label\na.wav,1,2\n")
    status, said, errors = run("m.csv")
    assert (status, said) == (2, "")
    assert "m.csv, line 2" in errors


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("speech", {"source", "original_sample_rate"}),
        ("talk", {"source_repo", "face_px"}),
    ],
)
def test_known_shortcuts_of_the_evaluation_media(name: str, columns: set[str]) -> None:
    path = DATA / name / "manifest.csv"
    if not path.is_file():
        pytest.skip(f"{name}/manifest.csv is not in ../shared/data")
    found = {p.column: p for p in lint(read_manifest(path), files=False)}
    assert columns <= set(found)
    # what says the label by construction is never a shortcut
    assert not {"system", "family", "method", "pair_id", "notes", "identity"} & set(found)
