"""The page Scan in a real browser: upload, watch, reload, cancel, restart, open the result."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avaudit.jobs import Job, JobStore
from avaudit.samples.demo import make_demo_media
from avaudit.samples.pictures import encode_image, scene

pytestmark = pytest.mark.browser
SCANNED_WITHIN_MS = 240_000
HOSTILE = "<img src=x onerror=alert(1)>![a](http:··evil.example·x.png):material·home:.jpg"


@pytest.fixture
def harness() -> Any:
    """Give the module of the harness: conftest.py, which importlib mode keeps off the path."""
    place = str(Path(__file__).with_name("conftest.py"))
    return next(m for m in sys.modules.values() if getattr(m, "__file__", None) == place)


@pytest.fixture
def start(harness: Any, tmp_path: Path) -> Iterator[Any]:
    """Give a function that starts the dashboard on one home, again and again."""
    with ExitStack() as stack:

        def again() -> Any:
            stack.close()  # the one before is ended first, as a restart does
            return stack.enter_context(harness.serving(tmp_path / "home", folder=tmp_path))

        yield again


def newest(home: Path) -> Job:
    return JobStore(home).list_jobs(1)[0]


def titled(page: Any, text: str) -> Any:
    return page.locator("summary", has_text=text)


def test_a_clip_is_uploaded_watched_and_its_findings_opened(
    start: Any, look: Any, harness: Any, tmp_path: Path
) -> None:
    media = tmp_path / "media"
    media.mkdir()
    make_demo_media(media)
    (tmp_path / HOSTILE).write_bytes((media / "08-nothing-known.jpg").read_bytes())
    page = look(f"{start().url}/scan")
    assert page.get_by_text("Nothing was scanned from here yet").is_visible()
    names = ["09-clip-with-late-sound.mp4", "01-signed-camera-photo.jpg", "10-truncated.jpg"]
    files = [*(media / name for name in names), tmp_path / HOSTILE]
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_text("4 files have arrived").wait_for()
    harness.settle(page)
    page.get_by_role("button", name="Start the scan").click()
    page.get_by_role("heading", name="Running").wait_for()

    page.get_by_role("button", name="Open the findings").wait_for(timeout=SCANNED_WITHIN_MS)
    harness.settle(page)
    assert titled(page, "✓ done").is_visible()
    assert page.get_by_text("10-truncated.jpg: the picture cannot be decoded").is_visible()
    job = newest(tmp_path / "home")
    assert job.progress.total == 4
    assert any(name.startswith("_img src=x onerror") for name in job.uploads)
    page.get_by_role("button", name="Open the findings").click()
    page.get_by_role("heading", name="Findings").wait_for()
    harness.settle(page)
    assert job.outcome is not None
    assert job.outcome.report_id in page.url
    page.get_by_text(re.compile(r"\d+ of \d+ findings")).wait_for()


def test_a_reload_and_a_restart_lose_nothing_and_cancel_keeps_what_was_done(
    start: Any, look: Any, harness: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "many pictures"
    folder.mkdir()
    picture = encode_image(scene(np.random.default_rng(1), 320, 240), "JPEG", quality=80)
    for number in range(600):
        (folder / f"{number:03}.jpg").write_bytes(picture)
    home = tmp_path / "home"
    page = look(f"{start().url}/scan")
    page.get_by_role("textbox", name="Or a folder").fill(str(folder))
    page.get_by_role("button", name="Start the scan").click()
    page.get_by_text(re.compile(r"of 600 files")).wait_for(timeout=SCANNED_WITHIN_MS)
    page.reload()
    harness.settle(page)
    assert page.get_by_text("many pictures").is_visible()
    pid = newest(home).progress.pid

    page = look(f"{start().url}/scan")  # another dashboard: the first one was ended
    page.get_by_text(re.compile(r"of 600 files")).wait_for(timeout=SCANNED_WITHIN_MS)
    job = newest(home)
    assert (job.running, job.progress.pid) == (True, pid)
    harness.screenshot(page, "scan")
    page.get_by_role("button", name="Cancel").click()
    titled(page, "○ cancelled").wait_for(timeout=SCANNED_WITHIN_MS)
    job = newest(home)
    assert job.outcome is not None
    assert 0 < job.outcome.not_examined < 600
    page.get_by_text(f"{job.outcome.not_examined:,} files were not examined.").wait_for()


def test_what_cannot_be_started_is_said_and_it_fits_in_the_dark(
    start: Any, look: Any, harness: Any, tmp_path: Path
) -> None:
    page = look(f"{start().url}/scan", dark=True)
    page.get_by_role("textbox", name="Or a folder").fill(str(tmp_path / "nowhere"))
    page.get_by_role("button", name="Start the scan").click()
    page.get_by_text("there is no such file or folder").wait_for()
    page.get_by_text("Detectors: ").first.click()
    page.get_by_text("avaudit models pull speech.aasist", exact=False).first.wait_for()
    harness.settle(page)
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 1280
