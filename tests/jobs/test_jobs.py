"""Scan jobs: a process of its own, watched from outside."""

from __future__ import annotations

import io
import os
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from avaudit.errors import AvauditError, UsageError
from avaudit.jobs import Job, JobRequest, JobStore, UploadLimits, safe_name
from avaudit.jobs.runner import run_job
from avaudit.ledger import Ledger
from avaudit.policy import profile_text
from avaudit.publishing import Run
from avaudit.samples.pictures import encode_image, scene
from avaudit.settings import Settings

DETECTORS = ["provenance.metadata"]
DEADLINE_S = 120.0


@pytest.fixture(scope="module")
def picture() -> bytes:
    return encode_image(scene(np.random.default_rng(1), 160, 120), "JPEG", quality=85)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobStore:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    return JobStore()


def upload(name: str, data: bytes) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name, file.size = name, len(data)  # type: ignore[attr-defined]
    return file


def many(folder: Path, picture: bytes, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:04d}.jpg").write_bytes(picture)
    return folder


def until(store: JobStore, job: Job, reached: Callable[[Job], bool]) -> Job:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        now = store.get(job.id)
        if reached(now):
            return now
        time.sleep(0.05)
    raise AssertionError(f"not reached: {store.get(job.id)}")


def test_uploads_are_scanned_in_another_process_and_the_report_is_in_the_ledger(
    store: JobStore, picture: bytes
) -> None:
    files = [
        upload("../../a photo.jpg", picture),
        upload("a photo.jpg", picture),
        upload("half.jpg", picture[: len(picture) // 2]),
        upload("table.csv", b"path\n/etc/passwd\n"),
    ]
    job = store.start(JobRequest(detectors=[*DETECTORS, "watermark"], workers=1), files)
    assert job.running
    assert job.uploads == ("a photo (2).jpg", "a photo.jpg", "half.jpg", "table.csv")

    # somebody else looks, with nothing but the folder
    done = until(JobStore(store.home), job, lambda now: not now.running)

    assert done.state == "done", done.said
    assert (done.progress.done, done.progress.total) == (3, 3)
    assert done.progress.pid != os.getpid()
    assert [f.name for f in done.progress.failures] == ["half.jpg"]
    assert done.progress.failed == 1
    assert done.outcome is not None
    assert done.outcome.report_id is not None
    with Ledger.open() as ledger:
        report = ledger.get_report(done.outcome.report_id)
    assert [s.name for s in report.subjects] == [
        "uploads/a photo (2).jpg",
        "uploads/a photo.jpg",
        "uploads/half.jpg",
    ]
    # an uploaded table is a file like any other, never a list of this machine's files
    assert report.parameters["skipped"] == [
        {"path": "uploads/table.csv", "why": "plain text, no media file"}
    ]
    assert (done.report_folder / "report.html").is_file()
    assert store.folder_of_report(report.id) == done.report_folder
    assert store.folder_of_report("other") is None
    _all_private(done)
    _uploads_go_the_report_stays(store, done, len(picture))


def _all_private(job: Job) -> None:
    for path in (job.folder, job.folder / "uploads"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    files = ["request.json", "progress.json", "outcome.json", "stderr.txt", "lock"]
    for name in [*files, *(f"uploads/{name}" for name in job.uploads)]:
        assert stat.S_IMODE((job.folder / name).stat().st_mode) == 0o600, name


def _uploads_go_the_report_stays(store: JobStore, job: Job, size: int) -> None:
    freed = store.remove_uploads(job.id)
    assert freed == job.upload_bytes == 2 * size + size // 2 + len(b"path\n/etc/passwd\n")
    left = store.get(job.id)
    assert (left.state, left.uploads, left.upload_bytes) == ("done", (), 0)
    assert (left.report_folder / "report.json").is_file()


def test_a_cancelled_job_reports_what_it_had_examined(
    store: JobStore, picture: bytes, tmp_path: Path
) -> None:
    folder = many(tmp_path / "clips", picture, 400)
    job = store.start(JobRequest(inputs=[str(folder)], detectors=DETECTORS, workers=1))
    seen = until(store, job, lambda now: now.progress.done > 0)
    assert seen.running
    assert seen.progress.total == 400
    with pytest.raises(UsageError, match="still running"):
        store.remove_uploads(job.id)

    store.cancel(job.id)
    ended = until(store, job, lambda now: not now.running)

    assert ended.state == "cancelled"
    assert ended.cancel_asked
    assert ended.outcome is not None
    assert ended.outcome.report_id is not None
    with Ledger.open() as ledger:
        report = ledger.get_report(ended.outcome.report_id)
    assert 0 < len(report.subjects) < 400
    assert len(report.subjects) + ended.outcome.not_examined == 400


def test_a_job_cancelled_before_its_process_looks_ends_without_a_report(
    store: JobStore, picture: bytes, tmp_path: Path
) -> None:
    folder = many(tmp_path / "clips", picture, 400)
    job = store.start(JobRequest(inputs=[str(folder)], detectors=DETECTORS, workers=1))
    store.cancel(job.id)
    ended = until(store, job, lambda now: not now.running)
    assert ended.state == "cancelled"


def test_a_job_whose_process_was_killed_is_told_as_such(
    store: JobStore, picture: bytes, tmp_path: Path
) -> None:
    folder = many(tmp_path / "clips", picture, 400)
    job = store.start(JobRequest(inputs=[str(folder)], detectors=DETECTORS, workers=1))
    seen = until(store, job, lambda now: now.progress.pid is not None)
    with (seen.folder / "stderr.txt").open("a") as file:
        file.write("the last words\n")
    assert seen.progress.pid is not None
    os.kill(seen.progress.pid, signal.SIGKILL)

    died = until(store, job, lambda now: not now.running)

    assert died.state == "died"
    assert died.said == "the last words"
    store.cancel(job.id)  # its number may be somebody else's by now: nobody is signalled
    store.kill(job.id)


def test_an_error_is_told_with_its_text(store: JobStore, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    folder = store.folder / "20261125-120000-0000abcd"
    folder.mkdir(parents=True)
    request = JobRequest(inputs=[str(tmp_path / "empty")], detectors=DETECTORS)
    (folder / "request.json").write_text(request.model_dump_json())

    assert run_job(folder) == 4  # what its process does, done here

    failed = store.get(folder.name)
    assert failed.state == "failed"
    assert failed.outcome is not None
    assert "there are no media files in it" in str(failed.outcome.error)


def test_settings_of_the_starting_folder_hold_wherever_the_process_works(
    store: JobStore, picture: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job over uploads works in its own folder; relative paths still mean the starter's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "avaudit.toml").write_text(
        'ledger_url = "sqlite:///own.sqlite3"\nkey = "own.pem"\nworkers = 1\n'
    )
    read: list[Settings] = []

    def scan(_inputs: object, settings: Settings, *_told: object) -> Run:
        read.append(settings)
        raise UsageError("enough")

    monkeypatch.setattr("avaudit.scanning.run_scan", scan)
    monkeypatch.setattr(JobStore, "_spawn", lambda _self, _folder: None)
    job = store.start(JobRequest(policy="upload-scan"), [upload("a.jpg", picture)])
    run_job(job.folder)
    assert read[0].ledger_url == f"sqlite:///{tmp_path}/own.sqlite3"
    assert read[0].key == f"{tmp_path}/own.pem"
    assert read[0].policy == str(job.folder / "policy.toml")
    assert Path.cwd() == job.folder


def test_a_policy_is_checked_at_once_and_kept_as_it_was(
    store: JobStore, picture: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JobStore, "_spawn", lambda _self, _folder: None)
    own = tmp_path / "own.toml"
    own.write_text("schema = 'avaudit.policy/1'\ntypo = 1\n")
    with pytest.raises(UsageError, match=r"own\.toml"):
        store.start(JobRequest(policy=str(own)), [upload("a.jpg", picture)])
    assert store.list_jobs() == []
    own.write_text(profile_text("upload-scan"))
    job = store.start(JobRequest(policy=str(own)), [upload("a.jpg", picture)])
    own.unlink()
    assert (job.folder / "policy.toml").read_text() == profile_text("upload-scan")


def test_what_cannot_be_scanned_is_refused_at_once(store: JobStore, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to scan"):
        store.start(JobRequest())
    with pytest.raises(UsageError, match="no such file or folder"):
        store.start(JobRequest(inputs=[str(tmp_path / "nowhere")]))
    assert store.list_jobs() == []
    for wrong in ("../x", "20261125-120000-00000000"):
        with pytest.raises(UsageError, match="there is no job"):
            store.get(wrong)


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        (UploadLimits(files=1), "at most 1 can be uploaded"),
        (UploadLimits(file_bytes=5), "at most 0 MB can be uploaded"),
        (UploadLimits(job_bytes=15), "0 MB together"),
        (UploadLimits(keep_free_bytes=1 << 60), "MB are free, too few"),
    ],
)
def test_too_large_uploads_are_refused_and_leave_nothing(
    store: JobStore, limits: UploadLimits, text: str
) -> None:
    store.limits = limits
    with pytest.raises(UsageError, match=text):
        store.start(JobRequest(), [upload("a.jpg", b"0123456789"), upload("b.jpg", b"0123456789")])
    assert store.list_jobs() == []


def test_an_upload_that_lies_about_its_size_is_refused(store: JobStore) -> None:
    store.limits = UploadLimits(file_bytes=5)
    lying = upload("a.jpg", b"0123456789")
    lying.size = 1  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="were sent"):
        store.start(JobRequest(), [lying])
    assert store.list_jobs() == []


def test_a_home_that_cannot_hold_jobs_is_told(store: JobStore, tmp_path: Path) -> None:
    store.home.mkdir()
    store.folder.write_text("in the way")
    with pytest.raises(AvauditError, match="the job cannot be started"):
        store.start(JobRequest(inputs=[str(tmp_path)]))
    assert store.list_jobs() == []


def test_a_damaged_folder_does_not_hide_the_others(store: JobStore) -> None:
    damaged = store.folder / "20261125-120000-0000abcd"
    damaged.mkdir(parents=True)
    (damaged / "request.json").write_text("[1, 2")
    (store.folder / "20261125-120001-0000abcd").mkdir()
    (store.folder / "something else").mkdir()
    states = [job.state for job in store.list_jobs()]
    assert states == ["unreadable", "unreadable"]
    assert "request.json" in store.list_jobs()[1].said
    assert store.count() == 2
    assert len(store.list_jobs(limit=1)) == 1


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("clip.mp4", "clip.mp4"),
        ("C:\\Users\\x\\clip.mp4", "clip.mp4"),
        (".hidden", "_hidden"),
        ("-rf", "_rf"),
        ("", "unnamed"),
        ("a\x00b\n\x1b[31m.png", "a_b___31m.png"),
        ("\u202egnp.exe", "_gnp.exe"),
        ("<img src=x onerror=alert(1)>.jpg", "_img src=x onerror=alert(1)_.jpg"),
        ("Bär 中.wav", "Bär 中.wav"),
    ],
)
def test_names_are_made_safe(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


def test_a_long_name_keeps_its_suffix() -> None:
    kept = safe_name("ä" * 400 + ".mp4")
    assert kept.endswith("ä.mp4")
    assert len(kept.encode()) <= 120
