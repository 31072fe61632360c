"""The page Scan, drawn without a browser: starting, every state a job can be in, tidying up."""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from avaudit.jobs import JobStore

HOSTILE = "<img src=x onerror=alert(1)> [b](http://evil.example) :material/home: \u202e"
REPORT_ID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobStore:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("AVAUDIT_LEDGER_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return JobStore()


def draw() -> None:
    from avaudit.dashboard.pages import scan
    from avaudit.dashboard.store import open_store

    with open_store() as store:
        scan.show(store)


def page() -> AppTest:
    test = AppTest.from_function(draw, default_timeout=60).run()
    assert not test.exception
    return test


def words(test: AppTest) -> str:
    shown = (*test.markdown, *test.caption, *test.text, *test.code, *test.error)
    return "\n".join(str(element.value) for element in shown)


def titles(test: AppTest) -> list[str]:
    return [expander.label for expander in test.expander]


def a_job(store: JobStore, number: int, **files: dict[str, Any] | str) -> Path:
    """Lay down the folder of a job as its process would leave it."""
    folder = store.folder / f"20261125-1200{number:02}-0000000{number}"
    folder.mkdir(parents=True)
    for name, content in {"request": {"inputs": ["/media/clips"]}, **files}.items():
        suffix = "txt" if name == "stderr" else "json"
        text = content if isinstance(content, str) else json.dumps(content)
        (folder / f"{name}.{suffix}").write_text(text)
    return folder


@pytest.fixture
def alive() -> Iterator[Any]:
    """Give a function that holds a job's lock, as its process would."""
    held = []

    def hold(folder: Path) -> None:
        file = (folder / "lock").open("w")
        fcntl.flock(file, fcntl.LOCK_EX)
        held.append(file)

    yield hold
    for file in held:
        file.close()


def test_a_scan_is_asked_for_with_what_was_chosen(
    store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the process itself is tested with jobs, and with this page in the browser
    monkeypatch.setattr(JobStore, "_spawn", lambda _self, _folder: None)
    test = page()
    assert "Nothing was scanned from here yet" in words(test)
    for box in test.checkbox:
        if box.key.startswith("scan-with-") and box.key != "scan-with-provenance.metadata":
            box.uncheck()
    test.checkbox(key="scan-stability").check()
    test.text_input(key="scan-path-0").set_value(str(tmp_path))
    test.selectbox(key="scan-policy").set_value("upload-scan")
    test.button(key="scan-start").click().run()
    (job,) = store.list_jobs()
    assert job.request.inputs == [str(tmp_path)]
    assert job.request.detectors == ["provenance.metadata"]
    assert (job.request.policy, job.request.stability) == ("upload-scan", True)
    assert (job.folder / "policy.toml").read_bytes().startswith(b"#")
    assert titles(test)[1].startswith("✕ died")  # nothing was started, and that is told
    assert test.text_input(key="scan-path-1").value == ""  # empty again for the next one


@pytest.mark.parametrize(
    ("path", "policy", "said"),
    [
        ("", "none: no gate", "there is nothing to scan"),
        ("/no/such/folder", "none: no gate", "/no/such/folder: there is no such file or folder"),
        ("/tmp", "a file of your own", "no policy file is named"),
    ],
)
def test_what_cannot_be_started_is_said(store: JobStore, path: str, policy: str, said: str) -> None:
    test = page()
    test.text_input(key="scan-path-0").set_value(path)
    test.selectbox(key="scan-policy").set_value(policy)
    test.button(key="scan-start").click().run()
    assert said in words(test)
    assert store.list_jobs() == []


def test_a_running_job_shows_its_progress_and_can_be_stopped(store: JobStore, alive: Any) -> None:
    progress = {
        "stage": "scanning", "done": 3, "total": 12, "name": "c.mp4", "failed": 1,
        "failures": [{"name": "b.jpg", "why": "it is truncated"}],
        "started": "2026-11-25T12:00:00+00:00", "updated": "2026-11-25T12:00:09+00:00",
    }  # fmt: skip
    folder = a_job(store, 1, progress=progress)
    alive(folder)
    test = page()
    assert "● running" in words(test)
    assert "b.jpg: it is truncated" in words(test)
    (bar,) = test.get("progress")
    assert bar.proto.value == 25
    assert "3 of 12 files, 1 with failures" in bar.proto.text.replace("\\", "")
    assert "finished last: c.mp4" in bar.proto.text.replace("\\", "").replace("\u2060", "")
    test.button(key=f"cancel-{folder.name}").click().run()
    assert (folder / "cancel").exists()
    assert test.button(key=f"kill-{folder.name}").label == "End at once"


def test_every_end_of_a_job_is_told_as_what_it_is(store: JobStore) -> None:
    end = {"ended": "2026-11-25T12:00:09+00:00"}
    part = {"stage": "scanning", "done": 2, "total": 9, "started": end["ended"]}
    a_job(store, 1, outcome={**end, "report_id": REPORT_ID, "gate": "insufficient"})
    cancelled = {**end, "report_id": REPORT_ID, "interrupted": True, "not_examined": 7}
    a_job(store, 2, outcome=cancelled, progress=part)
    a_job(store, 3, outcome={**end, "error": "no media files in it"})
    a_job(store, 4, progress=part, stderr="MemoryError: the last words\n")
    a_job(store, 5, request="[broken")
    test = page()
    assert test.button(key="open-20261125-120001-00000001").label == "Open the findings"
    states = [title.split(" ·")[0] for title in titles(test)[1:]]
    assert states == ["\\! unreadable", "✕ died", "✕ failed", "○ cancelled", "✓ done"]
    said = words(test)
    for text in (
        "no media files in it",
        "MemoryError: the last words",
        "7 files were not examined.",
        "? insufficient",
        "it was killed, or the machine went down",
    ):
        assert text in said, text


def test_uploads_are_removed_when_asked_with_their_size(store: JobStore) -> None:
    folders = [a_job(store, n, outcome={"ended": "x", "report_id": REPORT_ID}) for n in (1, 2)]
    for folder in folders:
        (folder / "uploads").mkdir()
        (folder / "uploads" / "clip.mp4").write_bytes(b"0" * 1_500_000)
    test = page()
    assert "2 of these scans keep 3.0 MB of uploads" in words(test)
    button = test.button(key=f"remove-{folders[0].name}")
    assert button.label == "Remove its uploads (1.5 MB)"
    button.click().run()
    assert [(f / "uploads").exists() for f in folders] == [False, True]
    assert "uploads, removed since" not in " ".join(titles(test))  # its folder input is still named


def test_names_from_files_are_shown_as_texts(store: JobStore) -> None:
    failed = {
        "done": 1, "total": 1, "name": HOSTILE, "failed": 1,
        "failures": [{"name": HOSTILE, "why": HOSTILE}],
    }  # fmt: skip
    outcome = {"ended": "x", "report_id": REPORT_ID, "problems": [HOSTILE]}
    a_job(store, 1, request={"inputs": [f"/m/{HOSTILE}"]}, progress=failed, outcome=outcome)
    test = page()
    markdown = [str(one.value) for one in (*test.markdown, *test.caption)] + titles(test)
    unescaped = re.sub(r"\\[!-/:-@\[-`{-~]", "", "\n".join(markdown))
    assert "⟨U" in unescaped
    for live in ("<img", "](http", ":material/home:", "\u202e"):
        assert live not in unescaped, live
    assert "\u202e" not in words(test)
