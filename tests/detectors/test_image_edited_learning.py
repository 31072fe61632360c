"""The recipe of ``image.edited`` and its evaluation, on a few pictures that the tests make."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from avaudit.detectors.image.edited import evaluate as evaluation
from avaudit.detectors.image.edited.edits import KINDS, make_edit
from avaudit.detectors.image.edited.evaluate import main
from avaudit.detectors.image.edited.head import read_model
from avaudit.detectors.image.edited.train import HELD_OUT, photographs, train
from avaudit.errors import UsageError

HEADER = "path,label,use,task,source_kind,mask_path,generator,source_repo,dup_group\n"


def photo(seed: int, size: int = 256) -> np.ndarray:
    rng = np.random.default_rng(seed)
    soft = gaussian_filter(rng.normal(size=(size, size)), 8) * 700 + 120
    fine = gaussian_filter(rng.normal(size=(size, size)), 1) * 20
    return np.clip((soft + fine)[..., None] + rng.normal(0, 2, (size, size, 3)), 0, 255).astype(
        np.uint8
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    rows = []
    for seed in range(5):
        Image.fromarray(photo(seed)).save(folder / f"p{seed}.jpg", quality=80)
        rows.append(f"p{seed}.jpg,0,train,image.synthetic,camera photo X,,,x,")
    rows.append(f'p0.jpg,0,train,image.synthetic,"{HELD_OUT}",,,h,')
    rows.append("p1.jpg,0,evaluate,image.synthetic,camera photo X,,,x,")
    with Image.open(folder / "p2.jpg") as image:
        edited = np.array(image)
    edited[64:160, 64:160] = photo(9)[64:160, 64:160]
    mask = np.zeros((256, 256), np.uint8)
    mask[64:160, 64:160] = 255
    Image.fromarray(edited).save(folder / "e.png")
    Image.fromarray(mask).save(folder / "m.png")
    rows.append("e.png,1,evaluate,image.edited,edited,m.png,splice,y,g1")
    rows.append("p2.jpg,0,evaluate,image.edited,original of an edited picture,,,y,g1")
    (folder / "manifest.csv").write_text(HEADER + "\n".join(rows) + "\n")
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_edits_change_the_mask_and_nothing_else(kind: str) -> None:
    for seed in range(20):  # until one is drawn that is saved without JPEG
        rng = np.random.default_rng(seed)
        made = make_edit(photo(1), photo(2), kind, rng)
        assert made.edited.shape[:2] == made.mask.shape
        assert 0.005 < made.mask.mean() < 0.4
        changed = np.abs(made.edited.astype(int) - made.untouched).max(axis=2)
        far = gaussian_filter(made.mask.astype(float), 8) < 1e-6
        assert changed[made.mask].mean() > changed[far].mean()
        if not changed[far].any():
            return
    pytest.fail("no edit left the rest of the picture as it was")


def test_only_camera_photographs_that_may_be_learnt_from_are(data: Path) -> None:
    assert [path.name for path in photographs(data / "manifest.csv")] == [
        f"p{seed}.jpg" for seed in range(5)
    ]


def test_the_recipe_gives_a_model_and_needs_pictures(data: Path, tmp_path: Path) -> None:
    path = train(data / "manifest.csv", tmp_path, seed=3)
    assert read_model(path).cell
    assert json.loads(path.read_text())["notes"] == {"seed": 3, "rounds": 1, "pictures": 5}
    few = tmp_path / "few.csv"
    few.write_text(f"path,label\n{data}/p0.jpg,0\n")
    with pytest.raises(UsageError, match="four"):
        train(few, tmp_path)


@pytest.mark.slow
def test_the_recipe_gives_the_same_bytes_again(data: Path, tmp_path: Path) -> None:
    one, two = (train(data / "manifest.csv", tmp_path / name, seed=3) for name in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()


def test_the_evaluation_counts_places_pictures_and_false_alarms(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(data / "manifest.csv"), "--out", str(tmp_path)]) == 0
    assert "| fused |" in capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text())
    places = figures["places"]["all masks"]
    assert places["n"] == 1
    assert places["auc"]["fused"]["value"] > 0.9
    assert places["f1"]["fused"]["value"] > 0.6
    assert figures["pictures"]["clean"]["camera_photos"] == 1
    assert figures["pictures"]["strong_sharpening"]["n"] == 1
    assert (tmp_path / "scores.csv").read_text().count("\n") == 4


def test_figures_of_places_are_those_of_the_definitions() -> None:
    wanted = np.array([True, True, False, False, False])
    values = np.array([0.9, 0.4, 0.5, 0.1, 0.1])
    assert evaluation.best_f1(wanted, values) == pytest.approx(0.8)  # three marked, two right
    assert evaluation.f1(wanted, values > 0.45) == pytest.approx(0.5)


def test_the_evaluation_says_what_its_manifest_lacks(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,label\na.png,1\n")
    assert main([str(tmp_path / "m.csv"), "--out", str(tmp_path)]) == 2
