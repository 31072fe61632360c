"""The demo: one click makes it, and the whole dashboard then looks at the demo's own home.

The demo's ledger, key and trust lists stay apart from the user's. Switching changes the process's
environment, as every part of avaudit finds its home there; a dashboard that several people have
open switches for all of them, and the banner says so.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import streamlit as st

from avaudit.errors import AvauditError
from avaudit.home import home_dir

_OWN_HOME, _OWN_URL = "_AVAUDIT_DASHBOARD_HOME", "_AVAUDIT_DASHBOARD_LEDGER_URL"
_TIMEOUT_S = 600


def is_open() -> bool:
    """Tell whether the demo is shown now."""
    return _OWN_HOME in os.environ


def folder() -> Path:
    """Give the folder of the demo, below the user's own home."""
    own = os.environ.get(_OWN_HOME)
    return (Path(own) if own else home_dir()) / "demo"


def is_made() -> bool:
    """Tell whether the demo was made before."""
    return (folder() / "home" / "ledger.sqlite3").is_file()


def make() -> None:
    """Run ``avaudit demo`` in a process of its own.

    Raises
    ------
    AvauditError
        When it fails, with the end of what it said.
    """
    environment = {k: v for k, v in os.environ.items() if k != "AVAUDIT_LEDGER_URL"}
    command = [sys.executable, "-m", "avaudit.cli", "demo", "--out", str(folder()), "--quiet"]
    try:
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise AvauditError(f"the demo did not end within {_TIMEOUT_S} s") from error
    if done.returncode:
        raise AvauditError(f"the demo ended with status {done.returncode}: {done.stderr[-2000:]}")


def enter() -> None:
    """Show the demo from now on."""
    if is_open():
        return
    made = folder() / "home"
    os.environ[_OWN_HOME] = str(home_dir())
    os.environ[_OWN_URL] = os.environ.pop("AVAUDIT_LEDGER_URL", "")
    os.environ["AVAUDIT_HOME"] = str(made)


def leave() -> None:
    """Show the user's own ledger again."""
    if not is_open():
        return
    os.environ["AVAUDIT_HOME"] = os.environ.pop(_OWN_HOME)
    if url := os.environ.pop(_OWN_URL, ""):
        os.environ["AVAUDIT_LEDGER_URL"] = url


def banner() -> None:
    """Say that the demo is shown, with the way back, on every page."""
    if not is_open():
        return
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.markdown(
        ":orange-badge[demo] Sample media and toy models, in a ledger of their own. Everybody who "
        "has this dashboard open sees the demo."
    )
    right.button("Leave the demo", key="leave-demo", width="stretch", on_click=leave)
