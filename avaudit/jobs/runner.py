"""What the process of a job does: scan, tell how far it is, say how it ended."""

from __future__ import annotations

import datetime
import os
import signal
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import AvauditError
from .files import OUTCOME, POLICY, PROGRESS, REPORT, REQUEST, UPLOADS, read_file, write_file
from .model import Failure, JobRequest, Outcome, Progress, Stage
from .store import CANCEL

if TYPE_CHECKING:
    from ..engine.subject import Examined
    from ..publishing import Run
    from ..settings import Settings

EVERY_S = 0.1
"""Progress is written at most so often: a hundred thousand small files must not wait for it."""
MAX_FAILURES_KEPT = 50


def run_job(folder: Path) -> int:
    """Do what the folder's request asks; gives the exit status of ``avaudit scan``."""
    # a process started in the background may have inherited that interrupts are ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    teller = Teller(folder)
    try:
        teller.write()
        if (folder / CANCEL).exists():  # asked before there was a process to signal
            signal.raise_signal(signal.SIGINT)
        outcome = _outcome_of(_scan(folder, teller))
    except KeyboardInterrupt:
        outcome = Outcome(ended=_now(), interrupted=True, not_examined=teller.total or 0)
    except AvauditError as error:
        outcome = Outcome(ended=_now(), error=str(error))
    except Exception as error:  # noqa: BLE001 - the last place that can tell anybody
        traceback.print_exc()
        outcome = Outcome(ended=_now(), error=f"{type(error).__name__}: {error}")
    write_file(folder / OUTCOME, outcome)
    if outcome.interrupted:
        return 130
    return 4 if outcome.error or outcome.problems or teller.failed else 0


def _scan(folder: Path, teller: Teller) -> Run:
    from ..scanning import run_scan
    from ..settings import load_settings

    request = read_file(folder / REQUEST, JobRequest)
    if request is None:
        raise AvauditError(f"{folder}: the job has no request")
    overrides = {
        "out": str(folder / REPORT),
        "detectors": request.detectors,
        "workers": request.workers,
        "stability": request.stability or None,
        "policy": str(folder / POLICY) if request.policy else None,
    }
    start = Path(request.settings_from) if request.settings_from else None
    settings = load_settings(overrides, start=start)
    inputs = list(request.inputs)
    if (folder / UPLOADS).is_dir():
        inputs.append(UPLOADS)  # as a folder: an uploaded table is never taken for a manifest
        settings = _anchored(settings)
        os.chdir(folder)  # uploads are named by where they lie in the job, not on this machine
    return run_scan(inputs, settings, teller.show, teller.examined)


def _anchored(settings: Settings) -> Settings:
    """Make the paths among the settings independent of the working directory."""
    from sqlalchemy.engine import make_url

    found = {
        name: str(Path(value).absolute())
        for name in ("key", "policy", "baseline")
        if (value := getattr(settings, name))
    }
    if settings.ledger_url:
        url = make_url(settings.ledger_url)
        if url.get_backend_name() == "sqlite" and url.database:
            url = url.set(database=str(Path(url.database).absolute()))
            found["ledger_url"] = url.render_as_string(hide_password=False)
    return settings.model_copy(update=found)


def _outcome_of(run: Run) -> Outcome:
    left = (run.report.parameters.get("interrupted") or {}).get("not_examined", ())
    return Outcome(
        ended=_now(),
        report_id=run.report.id,
        interrupted=run.interrupted,
        not_examined=len(left),
        gate=run.report.gate_.verdict if run.report.gate_ else None,
        problems=run.problems,
    )


class Teller:
    """Keeps the progress file of a job."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / PROGRESS
        self._started = _now()
        self._last_s = 0.0
        self._stage: Stage = "starting"
        self._done, self._name = 0, ""
        self._failures: list[Failure] = []
        self.total: int | None = None
        self.failed = 0

    def show(self, done: int, total: int, name: str) -> None:
        """Take what the scan tells after each file."""
        from ..inputs import display_name

        self._stage, self._done, self.total = "scanning", done, total
        self._name = display_name(Path(name))
        if done == total:
            # nothing is left to cancel, and a late interrupt must not cost the report
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._stage = "publishing"
        if done == total or time.monotonic() - self._last_s >= EVERY_S:
            self.write()

    def examined(self, path: Path, result: Examined) -> None:
        """Take the findings of one file, for the list of failures."""
        from ..inputs import display_name

        reasons = [f.reason for f in result.findings.values() if f.outcome == "failed"]
        if not reasons:
            return
        self.failed += 1
        if len(self._failures) < MAX_FAILURES_KEPT:
            why = reasons[0].text if reasons[0] else "no reason was given"
            self._failures.append(Failure(name=display_name(Path(path.name)), why=why))

    def write(self) -> None:
        """Replace the progress file."""
        self._last_s = time.monotonic()
        progress = Progress(
            stage=self._stage,
            done=self._done,
            total=self.total,
            name=self._name,
            failed=self.failed,
            failures=self._failures,
            started=self._started,
            updated=_now(),
            pid=os.getpid(),
        )
        write_file(self._path, progress)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
