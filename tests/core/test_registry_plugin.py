"""Plug-ins are found by entry points alone, and every detector keeps the common promises."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from avaudit import registry
from avaudit.card import Card, Question
from avaudit.detector import Detector, Examination, Item, Need, Observed, Outcome, Scored
from avaudit.errors import ExaminationError, UsageError
from avaudit.media.types import MediaKind
from avaudit.samples.pictures import encode_image, scene, write_clip
from avaudit.testing import check_detector, examine

PLUGIN = Path(__file__).parents[1] / "plugin"
OWN = ["media.timeline", "provenance.c2pa", "provenance.metadata", "watermark.dwtdct"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the plug-in as a wheel into a folder of its own, by the build backend alone."""
    import shutil
    import zipfile

    source = tmp_path_factory.mktemp("source") / "plugin"
    shutil.copytree(PLUGIN, source, ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg*"))
    program = "import sys; from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=source, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    target = tmp_path_factory.mktemp("site")
    (wheel,) = source.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(target)
    return target


def avaudit(site: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(site), "AVAUDIT_HOME": str(home)}
    return subprocess.run(
        [sys.executable, "-m", "avaudit.cli", *arguments],
        cwd=home, env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "x.png"
    path.write_bytes(encode_image(scene(np.random.default_rng(1), 96, 64), "PNG"))
    return path


def test_an_installed_plugin_is_found_and_used(site: Path, picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = avaudit(
        site, tmp_path, "scan", str(picture),
        "--detectors", "example.average", "--format", "json,txt", "--out", str(out),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    (finding,) = report["findings"]
    assert finding["detector"]["name"] == "example.average"
    assert finding["outcome"] == "scored"
    expected = scene(np.random.default_rng(1), 96, 64).mean() / 255
    assert finding["score"] == pytest.approx(expected)
    assert finding["question"]["h1"] == "The picture is brighter than middle grey."
    text = (out / "report.txt").read_text(encoding="utf-8")
    assert f"The average brightness is {expected:.2f}." in text


def test_without_the_plugin_its_names_are_unknown(picture: Path, tmp_path: Path) -> None:
    done = avaudit(tmp_path, tmp_path, "scan", str(picture), "--detectors", "example.average")
    assert done.returncode == 2
    assert "there is no detector 'example.average'" in done.stderr
    done = avaudit(tmp_path, tmp_path, "scan", str(picture), "--format", "txt")
    assert done.returncode == 2
    assert "there is no renderer 'txt'" in done.stderr


def test_the_plugin_keeps_the_promises(
    picture: Path, monkeypatch: pytest.MonkeyPatch, site: Path
) -> None:
    monkeypatch.syspath_prepend(str(site))
    assert "example.average" in registry.names(registry.DETECTORS)
    check_detector(registry.load(registry.DETECTORS, "example.average")(), {"png": picture})


@pytest.mark.parametrize("name", OWN)
def test_our_own_detectors_keep_the_promises(
    name: str, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVAUDIT_HOME", str(tmp_path / "home"))
    rng = np.random.default_rng(2)
    large = tmp_path / "a.jpg"
    large.write_bytes(encode_image(scene(rng, 320, 256), "JPEG"))
    clip = write_clip(tmp_path / "a.mp4", rng, seconds=1, width=96, height=64)
    trust = tmp_path / "trust"
    trust.mkdir()
    examples = {"png": picture, "jpeg": large, "mp4": clip}
    detector = registry.load(registry.DETECTORS, name)()
    assert detector.card.name == name
    check_detector(detector, examples, data_dirs={"trust": trust})


def test_families_and_single_names_select() -> None:
    chosen = registry.select(["provenance", "media.timeline"], registry.DETECTORS)
    assert {"media.timeline", "provenance.c2pa", "provenance.metadata"} <= set(chosen)
    assert all(name.startswith(("media.timeline", "provenance.")) for name in chosen)
    assert registry.select(["provenance.*"], registry.DETECTORS)
    assert set(OWN) <= set(registry.select(None, registry.DETECTORS))


def test_a_wrong_name_says_what_was_meant() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'provenance\.c2pa'\?"):
        registry.select(["provenance.c2p"], registry.DETECTORS)
    with pytest.raises(UsageError, match=r"no renderer .zzzz.; there are: .*html, .*json"):
        registry.load(registry.RENDERERS, "zzzz")


# --- broken detectors ---------------------------------------------------------------------------


class Broken(Detector):
    """A detector whose answer is given by the test."""

    needs: ClassVar[frozenset[Need]] = frozenset({Need.BYTES})
    kinds: ClassVar[frozenset[MediaKind]] = frozenset({MediaKind.IMAGE})

    def __init__(self, answer: Callable[[], Outcome], **card: object) -> None:
        self.answer = answer
        self._card = card

    @property
    def card(self) -> Card:
        values: dict[str, object] = {
            "name": "test.broken", "version": "1", "title": "Broken", "asks": "Is it?",
            "does_not_say": ("Much.",), "sha256": "0" * 64, "question": Question(h1="a", h2="b"),
        }  # fmt: skip
        return Card(**(values | self._card))  # type: ignore[arg-type]

    def begin(self, item: Item) -> Examination:
        return BrokenExamination(self.answer)


class BrokenExamination(Examination):
    def __init__(self, answer: Callable[[], Outcome]) -> None:
        self.answer = answer

    def finish(self) -> Outcome:
        return self.answer()


def good() -> Outcome:
    return Observed(summary="Fine.", facts={"n": 1})


def fails(error: BaseException) -> Callable[[], Outcome]:
    def answer() -> Outcome:
        raise error

    return answer


COUNTER = iter(range(10**6))
BROKEN: Mapping[str, tuple[Callable[[], Outcome], dict[str, object]]] = {
    "NaN score": (lambda: Scored(score=math.nan, summary="s"), {}),
    "infinite score": (lambda: Scored(score=math.inf, summary="s"), {}),
    "NaN fact": (lambda: Observed(summary="s", facts={"x": math.nan}), {}),
    "a fact that is no JSON": (lambda: Observed(summary="s", facts={"x": object()}), {}),
    "no summary": (lambda: Observed(summary="  ", facts={}), {}),
    "another answer each time": (lambda: Scored(score=next(COUNTER), summary="s"), {}),
    "no answer": (lambda: None, {}),  # type: ignore[dict-item, return-value]
    "ValueError": (fails(ValueError("x")), {}),
    "KeyError": (fails(KeyError("x")), {}),
    "a score without a question": (lambda: Scored(score=1.0, summary="s"), {"question": None}),
    "a card that limits nothing": (good, {"does_not_say": ()}),
    "asks without a question mark": (good, {"asks": "It is."}),
}


def test_the_suite_passes_the_sound_form_of_the_broken_ones(picture: Path) -> None:
    check_detector(Broken(good), {"png": picture})


@pytest.mark.parametrize("how", BROKEN)
def test_the_suite_fails_broken_detectors(how: str, picture: Path) -> None:
    answer, card = BROKEN[how]
    with pytest.raises(AssertionError):
        check_detector(Broken(answer, **card), {"png": picture})


def test_exceptions_that_only_damage_brings_out_are_found(picture: Path) -> None:
    whole = picture.stat().st_size

    class Fragile(Broken):
        def begin(self, item: Item) -> Examination:
            size = item.media.size_bytes
            return BrokenExamination(good if size == whole else fails(IndexError("short")))

    with pytest.raises(AssertionError, match="cut in half: an untyped exception: IndexError"):
        check_detector(Fragile(good), {"png": picture})


def test_a_typed_failure_is_given_back(picture: Path) -> None:
    answer = examine(Broken(fails(ExaminationError("my_code", "my text"))), picture)
    assert isinstance(answer, ExaminationError)
    assert (answer.code, answer.text) == ("my_code", "my text")


def test_a_card_of_a_detector_that_answers_nothing_fails(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.7\n")
    with pytest.raises(AssertionError, match="answered none"):
        check_detector(Broken(good), {"pdf": path})
