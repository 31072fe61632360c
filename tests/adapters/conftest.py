"""Small models as files, and files to try them on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

Write = Callable[[str], Path]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("AVAUDIT_HOME", str(folder))
    return folder


@pytest.fixture
def clips(tmp_path: Path) -> list[Path]:
    """Five files whose content is a number, so that a model can answer by content."""
    paths = [tmp_path / f"{number}.wav" for number in range(5)]
    for number, path in enumerate(paths):
        path.write_text(f"{number + 1}.5")
    return paths


@pytest.fixture
def write_model(tmp_path: Path) -> Write:
    """Write a model file; every one starts with what all of them need."""

    def write(code: str, name: str = "model.py") -> Path:
        head = """\
            from pathlib import Path
            import numpy as np

            def number(path):
                return float(Path(path).read_text())
            """
        path = tmp_path / name
        path.write_text(dedent(head) + dedent(code))
        return path

    return write
