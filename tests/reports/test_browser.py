"""The HTML report of the demo in a real Chromium: it renders, prints, and loads nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("browser")
    command = [sys.executable, "-m", "avaudit.cli", "demo", "-q", "--out", folder / "demo"]
    subprocess.run(
        command, check=True, timeout=120, env={**os.environ, "AVAUDIT_HOME": str(folder)}
    )
    return folder / "demo" / "report" / "report.html"


def _chromium(report: Path, *flags: str) -> str:
    chromium = shutil.which("chromium")
    assert chromium, "install Chromium for the browser tests (.ci/run does)"
    done = subprocess.run(
        [chromium, *FLAGS, f"--user-data-dir={report.parent / 'profile'}", *flags, report.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


@pytest.mark.browser
def test_the_page_renders_every_subject(report: Path) -> None:
    page = _chromium(report, "--dump-dom")
    for name in ("01-signed-camera-photo.jpg", "06-watermarked.png", "09-clip-with-late-sound.mp4"):
        assert name in page
    assert "<script" not in page.lower()
    assert "A trusted signer says" in page


@pytest.mark.browser
def test_the_page_prints(report: Path) -> None:
    target = report.parent / "printed.pdf"
    _chromium(report, "--no-pdf-header-footer", f"--print-to-pdf={target}")
    data = target.read_bytes()
    assert data.startswith(b"%PDF")
    assert data.count(b"/Type /Page") > 3
