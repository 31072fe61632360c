"""All jobs: starting, looking, cancelling, tidying up."""

from __future__ import annotations

import datetime
import fcntl
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ..atomic import write_atomic
from ..errors import AvauditError, UsageError
from ..home import ensure_private_dir, home_dir
from .files import LOCK, OUTCOME, POLICY, PROGRESS, REQUEST, STDERR, UPLOADS, read_file, write_file
from .model import Job, JobRequest, Outcome, Progress, State
from .uploads import Upload, UploadLimits, check_uploads, save_uploads

CANCEL = "cancel"
ID = re.compile(r"^\d{8}-\d{6}-[0-9a-f]{8}$")
SAID_BYTES = 4000


class JobStore:
    """The jobs below one avaudit home.

    Parameters
    ----------
    home
        The home; ``AVAUDIT_HOME`` or the user's own by default.
    limits
        How much may be uploaded.
    """

    def __init__(self, home: Path | None = None, limits: UploadLimits | None = None) -> None:
        self.home = home_dir() if home is None else home
        self.limits = limits or UploadLimits()

    @property
    def folder(self) -> Path:
        """Where the jobs lie; it need not be there yet."""
        return self.home / "jobs"

    def start(self, request: JobRequest, uploads: Sequence[Upload] = ()) -> Job:
        """Start a scan in a process of its own and return at once.

        Raises
        ------
        UsageError
            When there is nothing to scan, a path does not exist, the policy is unsound, or the
            uploads are too large.
        AvauditError
            When the job cannot be written or its process not be started.
        """
        if not uploads and not request.inputs:
            raise UsageError("there is nothing to scan: choose files or name a folder")
        request = _absolute(request)
        for path in request.inputs:
            if not os.path.lexists(path):
                raise UsageError(f"{path}: there is no such file or folder")
        policy = _policy_text(request.policy) if request.policy else None
        folder = self.folder / _new_id()
        try:
            ensure_private_dir(self.folder)
            check_uploads(uploads, self.folder, self.limits)
            ensure_private_dir(folder)
            if uploads:
                save_uploads(uploads, folder / UPLOADS, self.limits)
            if policy is not None:
                write_atomic(folder / POLICY, policy, mode=0o600)
            write_file(folder / REQUEST, request)
            self._spawn(folder)
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise AvauditError(f"{folder}: the job cannot be started: {error}") from error
        except AvauditError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return self.get(folder.name)

    def _spawn(self, folder: Path) -> None:
        environment = os.environ | {"AVAUDIT_HOME": str(self.home), "PYTHONUNBUFFERED": "1"}
        private = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
        lock = os.open(folder / LOCK, private, 0o600)
        said = os.open(folder / STDERR, private | os.O_APPEND, 0o600)
        try:
            # taken here and inherited: there is no moment at which a job lives without its lock
            fcntl.flock(lock, fcntl.LOCK_EX)
            process = subprocess.Popen(  # noqa: S603 - our own program, fixed arguments
                [sys.executable, "-P", "-m", "avaudit.jobs", str(folder), str(lock)],
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                pass_fds=[lock],
                env=environment,
                start_new_session=True,
            )
            # nobody here waits for it, but one that has ended must not stay a zombie
            threading.Thread(target=process.wait, daemon=True).start()
        finally:
            os.close(lock)
            os.close(said)

    def get(self, job_id: str) -> Job:
        """Say how a job stands.

        Raises
        ------
        UsageError
            When there is no such job.
        """
        folder = self._folder_of(job_id)
        try:
            request = read_file(folder / REQUEST, JobRequest)
            progress = read_file(folder / PROGRESS, Progress)
            alive = _locked(folder)
            outcome = read_file(folder / OUTCOME, Outcome)  # after the lock: it is written before
        except AvauditError as error:
            return Job(
                id=job_id,
                folder=folder,
                state="unreadable",
                created=_created(job_id),
                said=str(error),
            )
        state = _state(request, outcome, alive=alive)
        sizes = _upload_sizes(folder)
        return Job(
            id=job_id,
            folder=folder,
            state=state,
            created=_created(job_id),
            request=request or JobRequest(),
            progress=progress or Progress(),
            outcome=outcome,
            uploads=tuple(sizes),
            upload_bytes=sum(sizes.values()),
            cancel_asked=(folder / CANCEL).exists(),
            said=_said(folder) if state in ("failed", "died") else "",
        )

    def list_jobs(self, limit: int | None = None) -> list[Job]:
        """Give the jobs, newest first."""
        return [self.get(job_id) for job_id in self._ids()[:limit]]

    def count(self) -> int:
        """Say how many jobs there are."""
        return len(self._ids())

    def _ids(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        try:
            found = [path.name for path in self.folder.iterdir() if ID.match(path.name)]
        except OSError as error:
            raise AvauditError(f"{self.folder}: cannot be listed: {error.strerror}") from error
        return sorted(found, reverse=True)

    def cancel(self, job_id: str) -> None:
        """Ask a running job to stop; what it has examined becomes a report that says so.

        The wish is kept in the folder as well: a process that is just starting finds it there.
        """
        folder = self._folder_of(job_id)
        write_atomic(folder / CANCEL, b"", mode=0o600)
        self._signal(job_id, signal.SIGINT, group=False)

    def kill(self, job_id: str) -> None:
        """End a job's process at once; nothing is kept of what it has examined."""
        self._signal(job_id, signal.SIGKILL, group=True)

    def _signal(self, job_id: str, number: int, *, group: bool) -> None:
        job = self.get(job_id)
        if not job.running or job.progress.pid is None:
            return  # the lock is free: that number may be another process by now
        with suppress(ProcessLookupError):
            (os.killpg if group else os.kill)(job.progress.pid, number)

    def remove_uploads(self, job_id: str) -> int:
        """Remove what was uploaded for a job and say how many bytes that frees.

        The report stays, with the digests of the files.

        Raises
        ------
        UsageError
            When the job is still running.
        """
        job = self.get(job_id)
        if job.running:
            raise UsageError(f"job {job_id} is still running; cancel it first")
        shutil.rmtree(job.folder / UPLOADS, ignore_errors=True)
        return job.upload_bytes

    def folder_of_report(self, report_id: str) -> Path | None:
        """Give the folder with documents and artefacts of a report that a job made."""
        for job_id in self._ids():
            with suppress(AvauditError):
                outcome = read_file(self.folder / job_id / OUTCOME, Outcome)
                if outcome is not None and outcome.report_id == report_id:
                    return self.folder / job_id / "report"
        return None

    def _folder_of(self, job_id: str) -> Path:
        folder = self.folder / job_id
        if not ID.match(job_id) or not folder.is_dir():
            raise UsageError(f"there is no job '{job_id}'")
        return folder


def _absolute(request: JobRequest) -> JobRequest:
    """Name everything so that the process finds it from any working directory."""
    return request.model_copy(
        update={
            "inputs": [str(Path(path).expanduser().absolute()) for path in request.inputs],
            "settings_from": request.settings_from or str(Path.cwd()),
        }
    )


def _policy_text(policy: str) -> bytes:
    """Give the bytes of a policy, checked; the job keeps a copy that no later edit changes.

    A shipped profile goes by its name, anything else is a file.
    """
    from ..policy import PROFILES, profile_text, read_policy

    if policy in PROFILES:
        return profile_text(policy).encode("utf-8")
    path = Path(policy).expanduser()
    read_policy(path)
    return path.read_bytes()


def _new_id() -> str:
    now = datetime.datetime.now(datetime.UTC)
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def _created(job_id: str) -> str:
    d = job_id
    return f"{d[:4]}-{d[4:6]}-{d[6:8]}T{d[9:11]}:{d[11:13]}:{d[13:15]}+00:00"


def _state(request: JobRequest | None, outcome: Outcome | None, *, alive: bool) -> State:
    if request is None:
        return "running" if alive else "unreadable"
    if outcome is None:
        return "running" if alive else "died"
    if outcome.error is not None:
        return "failed"
    return "cancelled" if outcome.interrupted else "done"


def _locked(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _upload_sizes(folder: Path) -> dict[str, int]:
    place = folder / UPLOADS
    if not place.is_dir():
        return {}
    return {p.name: p.lstat().st_size for p in sorted(place.iterdir())}


def _said(folder: Path) -> str:
    try:
        with (folder / STDERR).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - SAID_BYTES))
            return file.read(SAID_BYTES).decode("utf-8", "replace").strip()
    except OSError:
        return ""
