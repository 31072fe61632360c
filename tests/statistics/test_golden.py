"""Published values: all agree, the command says so, and a wrong one is called wrong."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from avaudit.errors import UsageError
from avaudit.golden import Golden, Status, golden_lines, recompute
from avaudit.golden.words import word_rows

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "bias"


@pytest.fixture(scope="module")
def rows():
    return recompute(DATA if DATA.is_dir() else None)


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "avaudit.cli", "verify", *arguments],
        capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip


def test_every_value_agrees(rows):
    wrong = [row.name for row in rows if row.status is Status.DIFFERS]
    assert not wrong
    assert sum(row.status is Status.OK for row in rows) >= 45


def test_the_areas_are_exact(rows):
    areas = [row for row in rows if row.name.startswith("AU-FDR")]
    assert len(areas) == 2
    assert all(abs(row.difference) <= 1e-12 for row in areas)


@pytest.mark.corpus
@pytest.mark.skipif(not DATA.is_dir(), reason="the word vectors are not in ../shared/data/bias")
def test_word_values_agree_to_six_digits():
    rows = word_rows(DATA)
    assert len(rows) == 23
    assert all(row.status is Status.OK and row.tolerance <= 1e-6 for row in rows)


def test_without_data_rows_are_skipped_and_never_ok(tmp_path):
    for data in (None, tmp_path):
        skipped = word_rows(data)
        assert {row.status for row in skipped} == {Status.SKIPPED}
    assert "lacks weat_glove.npz" in skipped[0].reason


def test_files_that_are_something_else(tmp_path):
    for name in ("weat_glove.npz", "weat_items.csv", "gender_name_stats.csv"):
        (tmp_path / name).write_text("no")
    with pytest.raises(UsageError, match="does not hold the word vectors"):
        word_rows(tmp_path)


def test_a_wrong_value_is_called_wrong():
    right = Golden(name="x", source="s", published=1.0, ours=1.0 + 1e-7, tolerance=1e-6)
    wrong = dataclasses.replace(right, ours=1.1)
    lost = dataclasses.replace(right, ours=float("nan"))
    assert [row.status for row in (right, wrong, lost)] == [
        Status.OK, Status.DIFFERS, Status.DIFFERS,
    ]  # fmt: skip
    assert golden_lines([right, wrong])[-1] == "1 agree, 1 differ, 0 skipped"
    assert lost.to_dict()["ours"] is None


def test_command(tmp_path):
    done = run("--golden", "--json", "--data", str(tmp_path))
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {row["status"] for row in rows} == {"ok", "skipped"}
    assert all(row["ours"] is None for row in rows if row["status"] == "skipped")


@pytest.mark.parametrize(
    "arguments",
    [("--golden", "report.json"), ("--golden", "--data", "nowhere"), ("--data", ".")],
)
def test_command_used_wrongly(arguments):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr


def test_exit_status_of_a_difference(monkeypatch):
    import typer

    from avaudit import golden
    from avaudit.cli.verify import verify

    wrong = Golden(name="x", source="s", published=1.0, ours=2.0, tolerance=0.1)
    monkeypatch.setattr(golden, "recompute", lambda _data: [wrong])
    with pytest.raises(typer.Exit) as stopped:
        verify(golden=True)
    assert stopped.value.exit_code == 1
