"""What a run of the tests left out is said at its end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name the tests in a real browser where they were not asked for, or cannot run."""
    left_out = "not browser" in (config.option.markexpr or "")
    has_browser = shutil.which("chromium") is not None
    if has_browser and not left_out:
        return
    why = "`make browser` runs them" if has_browser else "there is no chromium here: install it"
    terminalreporter.write_line(f"Left out: everything looked at in a real browser; {why}.")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Give a headless Chromium, one for all tests; skips, with the reason, where there is none."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("there is no chromium here, so nothing was looked at in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()
