"""The command line as a subprocess: exit statuses, messages, and nothing lost."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import avaudit
from avaudit.samples.demo import make_demo_media
from avaudit.samples.pictures import encode_image, scene, write_clip


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("AVAUDIT_HOME", str(folder))
    monkeypatch.chdir(tmp_path)
    return folder


def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "avaudit.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


def picture(path: Path, seed: int = 0) -> Path:
    path.write_bytes(encode_image(scene(np.random.default_rng(seed), 160, 120), "JPEG"))
    return path


def test_json_alone_on_standard_output_and_valid(home: Path, tmp_path: Path) -> None:
    done = run("scan", picture(tmp_path / "a.jpg"), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    schema = json.loads(run("schema").stdout)
    jsonschema.validate(report, schema)
    assert done.stdout == (tmp_path / "avaudit-report" / "report.json").read_text()
    assert (tmp_path / "avaudit-report" / "report.html").is_file()
    assert {f["detector"]["name"] for f in report["findings"]} >= {
        "media.timeline",
        "provenance.c2pa",
        "provenance.metadata",
        "watermark.dwtdct",
    }
    assert report["environment"]["confinement"]["complete"] is True


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv=['avaudit','--help']\n"
        "from avaudit.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy={'torch','numpy','av','PIL','c2pa','sqlalchemy','pandas','pydantic'}&set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scan", "missing.jpg"], "missing.jpg: there is no such file"),
        (["scan", "empty-folder"], "no media files"),
        (["scan", "a.jpg", "--detectors", "provenance.c2p"], "did you mean 'provenance.c2pa'"),
        (["scan", "a.jpg", "--format", "htm"], "did you mean 'html'"),
        (["verify", "nothing.json"], "cannot be read"),
    ],
)
def test_usage_errors_are_status_2(
    home: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    picture(tmp_path / "a.jpg")
    (tmp_path / "empty-folder").mkdir()
    done = run(*arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_broken_configuration_names_file_and_line(home: Path, tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    (tmp_path / "avaudit.toml").write_text("out = 'x'\nworkers = = 2\n")
    done = run("scan", "a.jpg")
    assert done.returncode == 2
    assert "avaudit.toml" in done.stderr
    assert "line 2" in done.stderr


def test_empty_and_unreadable_files_fail_and_the_good_one_is_examined(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    picture(folder / "good.jpg")
    (folder / "empty.png").touch()
    (folder / "garbage.mp4").write_bytes(os.urandom(5000))
    os.mkfifo(folder / "pipe.wav")
    done = run("scan", folder, "--json")
    assert done.returncode == 4
    report = json.loads(done.stdout)
    names = {s["id"]: Path(s["name"]).name for s in report["subjects"]}
    outcomes = {
        (names[f["subject"]], f["outcome"], (f.get("reason") or {}).get("code"))
        for f in report["findings"]
        if f["detector"]["name"] == "media.timeline"
    }
    assert ("good.jpg", "observed", None) in outcomes
    assert ("empty.png", "failed", "empty") in outcomes
    assert ("garbage.mp4", "failed", "unrecognised_format") in outcomes
    assert ("pipe.wav", "failed", "unreadable") in outcomes
    assert "empty.png" in done.stderr


CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
PR_CAPBSET_DROP = 24


def as_anybody() -> None:
    """Give up root's right to read every file; it stays lost across exec."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "a privilege could not be given up")


def test_a_file_that_may_not_be_read_fails_and_the_good_one_is_examined(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    picture(folder / "good.jpg")
    secret = picture(folder / "secret.jpg", seed=1)
    secret.chmod(0)
    root = os.getuid() == 0
    if root and sys.platform != "linux":
        pytest.skip("root may read every file here, and only Linux lets it give that up")
    options = {"preexec_fn": as_anybody} if root else {}
    try:
        tried = subprocess.run(["cat", secret], capture_output=True, check=False, **options)
    except subprocess.SubprocessError:
        pytest.skip("this root may not give up its privilege to read every file")
    assert b"ermission denied" in tried.stderr
    # in a folder and named: neither may end the run
    done = run("scan", folder, secret, "--json", **options)
    assert done.returncode == 4, done.stderr
    report = json.loads(done.stdout)
    names = {s["id"]: Path(s["name"]).name for s in report["subjects"]}
    told = {
        (names[f["subject"]], f["outcome"], (f.get("reason") or {}).get("code"))
        for f in report["findings"]
    }
    assert {row for row in told if row[0] == "secret.jpg"} == {
        ("secret.jpg", "failed", "permission_denied")
    }
    assert ("good.jpg", "observed", None) in told
    assert "secret.jpg" in done.stderr
    assert "permission denied" in done.stderr


def test_an_output_folder_that_may_not_be_written_is_said_before_the_scan(
    home: Path, tmp_path: Path
) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    root = os.getuid() == 0
    if root and sys.platform != "linux":
        pytest.skip("root may write everywhere here, and only Linux lets it give that up")
    options = {"preexec_fn": as_anybody} if root else {}
    try:
        done = run("scan", picture(tmp_path / "a.jpg"), "--out", locked, **options)
    except subprocess.SubprocessError:
        pytest.skip("this root may not give up its privilege to write everywhere")
    assert done.returncode == 2
    assert "cannot be written" in done.stderr
    assert list(locked.iterdir()) == []


def test_verify_finds_each_kind_of_change(home: Path, tmp_path: Path) -> None:
    subject = picture(tmp_path / "a.jpg")
    assert run("scan", subject, "-q").returncode == 0
    folder = tmp_path / "avaudit-report"
    report = folder / "report.json"
    assert run("verify", report).returncode == 0
    artefact = next((folder / "artefacts").iterdir())
    for path in (report, folder / "report.html", artefact, subject):
        before = path.read_bytes()
        middle = len(before) // 2
        path.write_bytes(before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :])
        done = run("verify", report)
        assert done.returncode == 1, f"{path.name}: {done.stdout}"
        assert path.name in done.stdout
        path.write_bytes(before)
    assert run("verify", report).returncode == 0


def test_verify_names_the_removed_ledger_row(home: Path, tmp_path: Path) -> None:
    import sqlite3

    subject = picture(tmp_path / "a.jpg")
    for _ in range(2):
        run("scan", subject, "-q")
    with sqlite3.connect(home / "ledger.sqlite3") as database:
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type='trigger'"
        ).fetchall():
            database.execute(f"DROP TRIGGER {name}")
        database.execute("DELETE FROM avaudit_entries WHERE seq = 2")
    database.close()
    done = run("verify", tmp_path / "avaudit-report" / "report.json")
    assert done.returncode == 1
    failed = [line for line in done.stdout.splitlines() if line.lower().startswith("failed")]
    assert any("entry 2" in line for line in failed), done.stdout


def test_a_full_output_disk_loses_nothing(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "small"
    target.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", target],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small file system needs privileges")
    try:
        (target / "filler").write_bytes(bytes(40_000))
        done = run("scan", picture(tmp_path / "a.jpg"), "--out", target)
    finally:
        subprocess.run(["umount", target], check=True)
    assert done.returncode == 4
    assert (
        "no space" in done.stderr.lower()
        or "no room" in done.stderr.lower()
        or ("full" in done.stderr.lower())
    ), done.stderr
    assert "Traceback" not in done.stderr
    assert run("verify").returncode == 0


def test_an_interrupt_keeps_what_was_found(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    data = picture(tmp_path / "one.jpg").read_bytes()
    for number in range(1500):
        (folder / f"{number:04d}.jpg").write_bytes(data)
    process = subprocess.Popen(
        [sys.executable, "-m", "avaudit.cli", "scan", folder, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not any((tmp_path / "avaudit-report").rglob("*.jpg")):  # until the first has a thumbnail
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    report = json.loads(out)
    left = report["parameters"]["interrupted"]["not_examined"]
    assert len(report["subjects"]) + len(left) == 1500
    assert report["subjects"]
    assert run("verify", tmp_path / "avaudit-report" / "report.json").returncode == 0


def test_a_killed_scan_leaves_a_ledger_that_verifies(home: Path, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "c.mp4", np.random.default_rng(0), seconds=1, width=160, height=96)
    assert run("scan", clip, "-q").returncode == 0
    for delay in (0.3, 0.9, 1.3, 1.7, 2.1):
        process = subprocess.Popen(
            [sys.executable, "-m", "avaudit.cli", "scan", clip, "-q", "--out", "killed"]
        )
        time.sleep(delay)
        process.kill()
        process.wait()
        assert run("verify").returncode == 0
        report = tmp_path / "killed" / "report.json"
        if report.exists():
            assert run("verify", report).returncode == 0


def test_python_call(home: Path, tmp_path: Path) -> None:
    report = avaudit.scan(picture(tmp_path / "a.jpg"), out=tmp_path / "out", workers=1)
    assert report.seal is not None
    assert report.to_json() == (tmp_path / "out" / "report.json").read_text()


def test_any_number_of_workers_gives_the_same_findings(home: Path, tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir()
    make_demo_media(media)

    def findings(workers: int) -> list[dict[str, object]]:
        report = avaudit.scan(media, out=tmp_path / f"out{workers}", workers=workers)
        return [f.model_dump(exclude={"seconds"}) for f in report.findings]

    assert findings(1) == findings(2)


def test_demo_and_its_verdicts(home: Path, tmp_path: Path) -> None:
    done = run("demo", "--out", tmp_path / "demo")
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "demo" / "report" / "report.json").read_text())
    names = {s["id"]: Path(s["name"]).name for s in report["subjects"]}
    said = {int(names[c["subject"]][:2]): c["summary"] for c in report["conclusions"]}
    assert "trusted signer says that a camera" in said[1]
    assert "AI generated" in said[2]
    assert "edited with AI" in said[3]
    assert "differ from what was signed" in said[4]
    assert "provenance was removed" in said[5]
    assert "watermark" in said[6]
    assert "metadata claims this was generated" in said[7]
    assert "Nothing was found" in said[8]
    assert "Not everything could be examined" in said[10]
