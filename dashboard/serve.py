"""Starting Streamlit on the app; the entry point ``dashboard`` of ``avaudit.apps``."""

from __future__ import annotations

import importlib
import threading
from pathlib import Path

from .theme import streamlit_flags

APP = Path(__file__).with_name("app.py")


def serve(host: str, port: int) -> None:
    """Run the dashboard until it is interrupted.

    Parameters
    ----------
    host, port
        Where to listen. Flags win over every Streamlit configuration file, so none that lies in
        the working directory can open the dashboard to others.
    """
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web.cli import main

    # our pages/ holds modules; Streamlit would run them as scripts where one is opened directly
    PagesManager.uses_pages_directory = False
    threading.Thread(target=_warm_up, daemon=True).start()
    main(["run", str(APP), *streamlit_flags(host, port)], prog_name="streamlit")


def _warm_up() -> None:
    """Import what the pages need while the browser is still loading, so the first is not slow."""
    from .shell import page_modules

    for page in page_modules():
        importlib.import_module(f"{__package__}.pages.{page.name}")
