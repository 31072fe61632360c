"""The page Detectors in a real browser."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def harness() -> Any:
    """Give the module of the harness: conftest.py, which importlib mode keeps off the path."""
    place = str(Path(__file__).with_name("conftest.py"))
    return next(m for m in sys.modules.values() if getattr(m, "__file__", None) == place)


def test_cards_error_rates_and_missing_weights(serve: Any, look: Any, harness: Any) -> None:
    url = f"{serve().url}/detectors"
    page = look(f"{url}?detector=speech.synthetic")
    assert page.get_by_role("heading", name="Synthetic speech").is_visible()
    assert page.get_by_text("What it does not say").is_visible()
    page.get_by_role("tab", name="Error rates").click()
    page.get_by_text("Calibrated 20").wait_for()
    page.get_by_role("tab", name="Card").evaluate("tab => tab.scrollIntoView(true)")
    page.mouse.move(5, 5)
    harness.screenshot(page, "detectors")
    page.get_by_role("tab", name="Benches").click()
    page.get_by_text("avaudit bench speech.synthetic --data MANIFEST").wait_for()

    dark = look(f"{url}?detector=speech.aasist", dark=True)
    dark.get_by_role("tab", name="Weights").click()
    dark.get_by_text("avaudit models pull speech.aasist").wait_for()
    assert dark.get_by_text("! missing").is_visible()
    assert dark.evaluate("document.documentElement.scrollWidth") <= 1280
