"""``python -m avaudit.jobs FOLDER``: the process of one job."""

import sys
from pathlib import Path

from .runner import run_job

if __name__ == "__main__":
    sys.exit(run_job(Path(sys.argv[1])))
