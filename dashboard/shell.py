"""The frame around the pages: finding them, the menu, the store, what happens on an error."""

from __future__ import annotations

import ast
import importlib
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from avaudit.errors import AvauditError

from . import demo
from .states import trouble
from .store import Store, discard_catalogue, open_store

if TYPE_CHECKING:
    from streamlit.navigation.page import StreamlitPage

PAGES_DIR = Path(__file__).parent / "pages"
# a file: for icons by name Streamlit asks a server on the internet
ICON = Path(__file__).with_name("icon.svg")
SIDEBAR_PX = 200
_LOG = logging.getLogger("avaudit.dashboard")


@dataclass(frozen=True, order=True)
class PageModule:
    """A page as its source says, before it is imported."""

    order: float
    name: str
    title: str
    icon: str | None


def run() -> None:
    """Draw the page that is open. Called by ``app.py`` on every run of the script."""
    st.set_page_config(
        page_title="avaudit", page_icon=str(ICON), layout="wide", initial_sidebar_state=SIDEBAR_PX
    )
    pages = {
        module.name: st.Page(
            partial(_show, module.name),
            title=module.title,
            url_path=module.name,
            icon=module.icon,
            default=place == 0,
        )
        for place, module in enumerate(page_modules())
    }
    st.session_state["_pages"] = pages
    chosen = st.navigation(list(pages.values()), position="sidebar")
    demo.banner()
    chosen.run()


def page_link(name: str, label: str, *, key: str | None = None) -> None:
    """Draw a button that leads to another page. ``label`` is ours or went through ``say.md``."""
    if st.button(label, key=key or f"to-{name}"):
        open_page(name)


def open_page(name: str, **query: str) -> None:
    """Go to another page, with these parameters in its address."""
    pages: dict[str, StreamlitPage] = st.session_state["_pages"]
    st.switch_page(pages[name], query_params=query)


@cache
def page_modules(folder: Path = PAGES_DIR) -> tuple[PageModule, ...]:
    """Find the pages without importing them, in the order of the menu."""
    found = []
    for path in sorted(folder.glob("[!_]*.py")):
        constants = _constants(path)
        found.append(
            PageModule(
                float(constants.get("ORDER", 1000)),
                path.stem,
                str(constants.get("TITLE", path.stem.capitalize())),
                constants.get("ICON"),
            )
        )
    return tuple(sorted(found))


def _constants(path: Path) -> dict[str, str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.targets[0].id: ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id in ("ORDER", "TITLE", "ICON")
    }


def _show(name: str) -> None:
    """Draw one page; an error becomes a state of the page and a line in the log."""
    try:
        module = importlib.import_module(f"{__package__}.pages.{name}")
        show: Callable[[Store], None] = module.show
        with open_store() as store:
            show(store)
    except AvauditError as error:
        _LOG.warning("page %s: %s", name, error)
        trouble("This page cannot be shown", error)
    except sqlite3.DatabaseError as error:
        _LOG.warning("page %s: the catalogue: %s", name, error)
        trouble("The index of the ledger is damaged. The ledger itself is not touched", error)
        if st.button("Make the index anew", key="make-index", type="primary"):
            discard_catalogue()
            st.rerun()
