"""Scan jobs: scans that run in a process of their own and outlive whoever started them.

A job is a folder ``AVAUDIT_HOME/jobs/<id>/`` that holds everything about it::

    request.json    what was asked
    policy.toml     a copy of the policy, where there is one
    uploads/        files that were handed over, under names made safe
    progress.json   how far it is, replaced as a whole
    outcome.json    how it ended: the report's id, or the error
    stderr.txt      what the process said
    report/         the documents, as ``avaudit scan`` writes them

The process holds a lock on ``lock`` for as long as it lives, so that anybody can tell at any time
whether it still does: after a reload, after a restart, after the number of the process was given
to another. Folders and files are readable by their owner only.

Examples
--------
>>> store = JobStore()  # doctest: +SKIP
>>> job = store.start(JobRequest(inputs=["clips"]))  # doctest: +SKIP
>>> store.get(job.id).progress.done  # doctest: +SKIP
3
"""

from .model import Failure, Job, JobRequest, Outcome, Progress, State
from .store import JobStore
from .uploads import Upload, UploadLimits, safe_name

__all__ = [
    "Failure",
    "Job",
    "JobRequest",
    "JobStore",
    "Outcome",
    "Progress",
    "State",
    "Upload",
    "UploadLimits",
    "safe_name",
]
