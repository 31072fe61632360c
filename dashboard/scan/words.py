"""Jobs in words."""

from __future__ import annotations

import datetime
from pathlib import Path

from avaudit.jobs import Job, State

from ..say import short

BADGES: dict[State, tuple[str, str]] = {
    "running": ("●", "blue"),
    "done": ("✓", "green"),
    "cancelled": ("○", "gray"),
    "failed": ("✕", "red"),
    "died": ("✕", "red"),
    "unreadable": ("!", "orange"),
}
EXPLAINED: dict[State, str] = {
    "running": "",
    "done": "",
    "cancelled": "It was cancelled; the report holds what was examined until then.",
    "failed": "It ended with an error; nothing was added to the ledger.",
    "died": "Its process is gone without a word: it was killed, or the machine went down. Nothing "
    "was added to the ledger. Start it again.",
    "unreadable": "Its folder cannot be read.",
}


def badge(state: State) -> str:
    """Give the state as a badge in Markdown."""
    mark, colour = BADGES[state]
    return f":{colour}-badge[{mark} {state}]"


def inputs_of(job: Job) -> str:
    """Say what was scanned: the first name, and how many more. Not escaped."""
    named = [*job.uploads, *(Path(path).name or path for path in job.request.inputs)]
    if not named:
        return "uploads, removed since"
    more = f" and {len(named) - 1} more" if len(named) > 1 else ""
    return f"{short(named[0], 60)}{more}"


def when(moment: str) -> str:
    """Give a time for people: ``2026-11-25 16:20 UTC``."""
    return f"{moment[:10]} {moment[11:16]} UTC"


def counts(job: Job) -> str:
    """Say how many files were examined and how many failed."""
    done, total = job.progress.done, job.progress.total
    if total is None:
        return ""
    text = f"{done:,} of {total:,} files" if done != total else _files(done)
    return f"{text}, {job.progress.failed:,} with failures" if job.progress.failed else text


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count:,} files"


def remaining(job: Job, now: datetime.datetime) -> str:
    """Say how long a running job may still take, once it has examined something."""
    progress = job.progress
    if not progress.done or not progress.total or progress.done == progress.total:
        return ""
    elapsed_s = (now - datetime.datetime.fromisoformat(progress.started)).total_seconds()
    left_s = elapsed_s / progress.done * (progress.total - progress.done)
    return f"about {duration(left_s)} left"


def duration(seconds: float) -> str:
    """Give a duration for people."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def size(count: int) -> str:
    """Give a size for people."""
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"
