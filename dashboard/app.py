"""The script Streamlit runs; all there is to see is in ``shell``."""

from avaudit.dashboard.shell import run

run()
