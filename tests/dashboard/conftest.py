"""A dashboard of its own for a test, and a browser to look at it as a person would."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
KEEP_SCREENSHOTS = "AVAUDIT_SCREENSHOTS"
SIZE = {"width": 1280, "height": 720}
READY_WITHIN_S = 60
WAIT_MS = 30_000


@dataclass
class Served:
    """A running dashboard: its address, its home, and what it has said so far."""

    url: str
    home: Path
    log: Path


@contextmanager
def serving(
    home: Path, *, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[Served]:
    """Run ``avaudit dashboard`` on a free port with its own home, in ``folder``."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "dashboard.log"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("AVAUDIT_")}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "avaudit.cli", "dashboard", "--no-browser", "--port", str(port)],
            cwd=folder,
            env={**inherited, "AVAUDIT_HOME": str(home), **(environment or {})},
            stdout=output,
            stderr=output,
        )
    try:
        wait_ready(process, port, log)
        yield Served(f"http://127.0.0.1:{port}", home, log)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the dashboard did not start:\n{log.read_text(errors='replace')}")


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """Give a function that starts a dashboard on a home; all end with the module."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(home: Path | None = None, **options: Any) -> Served:
            folder = tmp_path_factory.mktemp("dashboard")
            return stack.enter_context(serving(home or folder / "home", folder=folder, **options))

        yield start


def sample_module() -> ModuleType:
    """Import the module beside this one; with importlib mode no folder is on the path."""
    name = "avaudit_dashboard_sample"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("sample.py"))
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a home whose ledger holds a scan, a bench and a judged audit."""
    return sample_module().make_sample(tmp_path / "home", tmp_path / "out", monkeypatch)


@pytest.fixture
def make_sample() -> Callable[..., Any]:
    """Give the function that makes a sample home anywhere, with names of one's choice."""
    return sample_module().make_sample


@pytest.fixture
def look(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Give a function that opens an address at 1280×720 and waits until the page is drawn.

    A dialog, an error in the page or a request to anywhere but this machine fails the test.
    """
    contexts, trespasses = [], []

    def open_page(url: str, *, dark: bool = False) -> Any:
        context = chromium.new_context(
            viewport=SIZE, color_scheme="dark" if dark else "light", accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on(
            "dialog",
            lambda dialog: (trespasses.append(f"dialog {dialog.message}"), dialog.dismiss()),
        )
        page.on("pageerror", lambda error: trespasses.append(f"error {error}"))
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith(("http://127.0.0.1:", "data:", "blob:"))
                else trespasses.append(f"request {request.url}")
            ),
        )
        page.goto(url)
        settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not trespasses


@pytest.fixture(name="settle")
def settle_fixture() -> Callable[[Any], None]:
    """Give the function that waits until a page is drawn."""
    return settle


@pytest.fixture
def keep() -> Callable[[Any, str], None]:
    """Give the function that keeps a picture for the documentation."""
    return screenshot


def settle(page: Any) -> None:
    """Wait until the script has run to its end and nothing is stale."""
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
    page.wait_for_function("!document.querySelector('[data-stale=true], [data-testid=stSkeleton]')")


def screenshot(page: Any, name: str) -> None:
    """Keep a picture as ``docs/images/dashboard-NAME.png`` where AVAUDIT_SCREENSHOTS is set."""
    if not os.environ.get(KEEP_SCREENSHOTS):
        return
    from io import BytesIO

    from PIL import Image

    settle(page)
    page.mouse.move(1279, 719)  # away from what answers to being pointed at
    page.wait_for_timeout(700)  # charts and pictures are drawn after the script has ended
    picture = Image.open(BytesIO(page.screenshot()))
    IMAGES.mkdir(parents=True, exist_ok=True)
    small = picture.convert("RGB").quantize(256, method=Image.Quantize.MAXCOVERAGE)
    small.save(IMAGES / f"dashboard-{name}.png", optimize=True)
