"""Small media and reports for the tests of what runs avaudit in pipelines."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

ROOT = Path(__file__).parents[2]
FAILS = """
schema = "avaudit.policy/1"
name = "no-generated"
[[rule]]
id = "not-generated"
kind = "metadata"
forbid = ["generated"]
note = "generated pictures do not belong here"
"""
PASSES = """
schema = "avaudit.policy/1"
name = "examined"
[[rule]]
id = "everything-examined"
kind = "coverage"
max_failed = 0.0
"""
OPEN = """
schema = "avaudit.policy/1"
name = "signed"
[[rule]]
id = "signed"
kind = "provenance"
integrity = ["valid"]
"""


@pytest.fixture
def policies() -> dict[str, str]:
    """Three policies, by what they come to on a picture that says it was generated."""
    return {"pass": PASSES, "fail": FAILS, "insufficient": OPEN}


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An environment with a state folder of its own and avaudit on the path."""
    binaries = str(Path(sys.executable).parent)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AVAUDIT_", "GITHUB_"))}
    return {
        **kept,
        "PATH": f"{binaries}{os.pathsep}{kept.get('PATH', '')}",
        "AVAUDIT_HOME": str(tmp_path / "home"),
        "OMP_NUM_THREADS": "1",
    }


@pytest.fixture
def root() -> Path:
    """The repository."""
    return ROOT


def write_generated(place: Path) -> Path:
    """Write a picture whose metadata say a generator made it."""
    told = PngImagePlugin.PngInfo()
    told.add_text("parameters", "a harbour\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1")
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 64), (40, 90, 120)).save(place, pnginfo=told)
    return place


@pytest.fixture
def generated(tmp_path: Path) -> Path:
    return write_generated(tmp_path / "work" / "media" / "picture.png")
