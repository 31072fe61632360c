"""``image.prnu`` on sensors that the tests make: each multiplies its pattern into pictures."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from avaudit.detector import Abstained, Scored
from avaudit.detectors.image.prnu import PrnuDetector
from avaudit.detectors.image.prnu.pattern import fingerprint, middle, peak_energy, residual
from avaudit.errors import ExaminationError, UsageError
from avaudit.scanning import asked, data_dirs
from avaudit.settings import Settings
from avaudit.testing import check_detector, examine

SIZE = (320, 288)
Plane = NDArray[np.float32]


def sensor(seed: int) -> NDArray[np.float64]:
    """Give the pattern of a camera: how much more or less each pixel responds to light."""
    return np.random.default_rng([7, seed]).normal(0, 0.02, SIZE[::-1])


def photo(camera: int, seed: int) -> Plane:
    """Take a picture of a soft scene with a camera, with the noise of photons."""
    rng = np.random.default_rng([11, seed])
    scene = 130 + gaussian_filter(rng.normal(size=SIZE[::-1]), 12) * 900
    light = scene * (1 + sensor(camera)) + rng.normal(0, 2, SIZE[::-1])
    return np.clip(np.round(light), 0, 255).astype(np.float32)


def save(folder: Path, name: str, plane: Plane, **how: object) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    Image.fromarray(plane.astype(np.uint8)).save(path, **how)  # type: ignore[arg-type]
    return path


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("camera")
    for seed in range(8):
        save(folder, f"r{seed}.jpg", photo(1, seed), quality=95)
    (folder / "notes.txt").write_text("no picture")
    (folder / "damaged.jpg").write_bytes((folder / "r0.jpg").read_bytes()[:900])
    save(folder, "other-size.png", photo(1, 9)[:-8])
    return folder


def test_the_fingerprint_is_the_pattern_of_the_sensor() -> None:
    pattern = fingerprint(photo(1, seed) for seed in range(8))
    assert pattern is not None
    assert np.corrcoef(pattern.ravel(), sensor(1).ravel())[0, 1] > 0.6
    assert abs(np.corrcoef(pattern.ravel(), sensor(2).ravel())[0, 1]) < 0.02
    assert fingerprint([]) is None


def test_energy_is_high_for_the_same_sensor_and_that_of_chance_for_others() -> None:
    pattern = fingerprint(photo(1, seed) for seed in range(8))
    assert pattern is not None
    same = [peak_energy(photo(1, seed), pattern)[0] for seed in range(20, 24)]
    others = [peak_energy(photo(camera, 30 + camera), pattern)[0] for camera in range(2, 10)]
    assert min(same) > 100
    assert max(np.abs(others)) < 15  # the square of a normal deviate, eight times
    shifted = np.roll(photo(1, 25), 20, axis=1)
    assert peak_energy(shifted, pattern)[0] < 15


def test_energy_needs_one_shape_and_flat_pictures_have_none() -> None:
    with pytest.raises(ValueError, match="shape"):
        peak_energy(np.zeros((8, 8), np.float32), np.zeros((8, 9), np.float32))
    flat = np.full((64, 64), 90.0, np.float32)
    assert peak_energy(flat, np.zeros((64, 64), np.float32)) == (0.0, 0.0)


def test_residuals_have_no_means_of_rows_and_columns() -> None:
    noise = residual(photo(1, 0) + 5 * np.sin(np.arange(SIZE[0]))[None, :].astype(np.float32))
    assert np.abs(noise.mean(axis=0)).max() < 0.05
    assert np.abs(noise.mean(axis=1)).max() < 0.05
    assert middle(np.zeros((1500, 1100), np.float32)).shape == (1024, 1024)


def test_answers_with_the_energy_in_the_facts(references: Path, tmp_path: Path) -> None:
    detector = PrnuDetector()
    where = {"camera": references}
    same = examine(detector, save(tmp_path, "a.jpg", photo(1, 40), quality=92), data_dirs=where)
    other = examine(detector, save(tmp_path, "b.jpg", photo(3, 40), quality=92), data_dirs=where)
    assert isinstance(same, Scored)
    assert isinstance(other, Scored)
    assert same.facts["references"] == 8
    assert same.facts["references_left_out"] == 3
    assert same.facts["pce"] > 60
    assert abs(other.facts["pce"]) < 20
    assert same.score == pytest.approx(np.log10(1 + same.facts["pce"]), abs=1e-3)


def test_the_rotation_in_exif_is_not_applied(references: Path, tmp_path: Path) -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    path = save(tmp_path, "a.jpg", photo(1, 41), quality=95, exif=turned)
    outcome = examine(PrnuDetector(), path, data_dirs={"camera": references})
    assert isinstance(outcome, Scored)
    assert outcome.facts["pce"] > 60


@pytest.mark.parametrize(("size", "code"), [((100, 100), "too_small"), ((300, 300), "other_size")])
def test_abstains_on_other_sizes(
    size: tuple[int, int], code: str, references: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    Image.effect_noise(size, 20).save(path)
    outcome = examine(PrnuDetector(), path, data_dirs={"camera": references})
    assert isinstance(outcome, Abstained)
    assert outcome.code == code


def test_few_or_no_references_and_damaged_pictures(references: Path, tmp_path: Path) -> None:
    good = references / "r1.jpg"
    for folder in (tmp_path / "missing", tmp_path):
        outcome = examine(PrnuDetector(), good, data_dirs={"camera": folder})
        assert isinstance(outcome, Abstained)
        assert outcome.code == "too_few_references"
    failed = examine(PrnuDetector(), references / "damaged.jpg", data_dirs={"camera": references})
    assert isinstance(failed, ExaminationError)
    assert failed.code == "decode_error"


def test_promises(references: Path) -> None:
    check_detector(
        PrnuDetector(), {"picture": references / "r2.jpg"}, data_dirs={"camera": references}
    )


def test_only_asked_where_a_camera_was_named(references: Path) -> None:
    assert "image.prnu" not in asked(Settings(detectors=["image"]))
    assert list(asked(Settings(detectors=["image.edited", "image.prnu"]))) == ["image.edited"]
    with_camera = Settings(detectors=["image.prnu"], camera=str(references))
    assert data_dirs(asked(with_camera), with_camera.camera) == {"camera": references.resolve()}


@pytest.mark.parametrize("camera", [None, "no-such-folder"])
def test_usage_errors(camera: str | None) -> None:
    with pytest.raises(UsageError, match="--camera"):
        asked(Settings(detectors=["image.prnu"], camera=camera))


def test_scan_reads_the_references_in_the_confined_worker(references: Path, tmp_path: Path) -> None:
    done = scan(references / "r1.jpg", tmp_path, "--camera", str(references), "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    finding = report["findings"][0]
    assert finding["outcome"] == "scored"
    assert finding["reason"]["code"] == "not_calibrated"
    assert finding["facts"]["pce"] > 60
    assert "log10_lr" not in finding or finding["log10_lr"] is None
    assert report["parameters"]["camera"] == str(references)


def scan(path: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "avaudit.cli",
        "scan",
        str(path),
        "-d",
        "image.prnu",
        "-w",
        "1",
    ]
    return subprocess.run(
        [*command, "--out", str(folder / "report"), *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"AVAUDIT_HOME": str(folder / "home"), "PATH": "/usr/bin:/bin"},
    )
