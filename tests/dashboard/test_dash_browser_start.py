"""The first minute with the dashboard, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.browser


def test_the_first_start_shows_a_page(serve: Any, look: Any) -> None:
    page = look(serve().url)
    assert page.get_by_role("heading", name="Overview").is_visible()
