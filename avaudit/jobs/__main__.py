"""``python -m avaudit.jobs FOLDER LOCK``: the process of one job, with the lock it inherited."""

import os
import sys
from pathlib import Path

from .runner import run_job

if __name__ == "__main__":
    # a daemon that the work may start must not hold the lock after the job has ended
    os.set_inheritable(int(sys.argv[2]), False)
    sys.exit(run_job(Path(sys.argv[1])))
