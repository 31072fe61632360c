"""The recipe of ``image.edited`` and its evaluation, on a few pictures that the tests make."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from avaudit.detectors.image.edited import choosing
from avaudit.detectors.image.edited.choosing import Trials
from avaudit.detectors.image.edited.edits import KINDS, make_edit
from avaudit.detectors.image.edited.evaluate import main
from avaudit.detectors.image.edited.head import PICTURE_TERMS, read_model
from avaudit.detectors.image.edited.measures import NAMES
from avaudit.detectors.image.edited.pictures import Looked, Picture
from avaudit.detectors.image.edited.places import best_f1, f1
from avaudit.detectors.image.edited.train import (
    ALARMS,
    FALLBACK,
    HELD_OUT,
    Example,
    Settings,
    learn,
    photographs,
    train,
)
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
    notes = json.loads(path.read_text())["notes"]
    assert notes == {"seed": 3, "rounds": 1, "pictures": 5, "settings": str(FALLBACK)}
    few = tmp_path / "few.csv"
    few.write_text(f"path,label\n{data}/p0.jpg,0\n")
    with pytest.raises(UsageError, match="four"):
        train(few, tmp_path)


def invented(seed: int, *, edited: bool, learnt: bool = True) -> Example:
    """Give a measured picture whose edit, a square, shows in the map of one family."""
    rng = np.random.default_rng(seed)
    stack, altered = rng.normal(size=(24, 24, len(NAMES))), np.zeros((24, 24))
    stack[..., NAMES.index("clone")] = 0
    if edited:
        altered[4:12, 4:12] = 1
        stack[4:12, 4:12, NAMES.index("colour")] += 2
    return Example(stack=stack, altered=altered, label=int(edited), learnt=learnt)


def test_untouched_pictures_of_the_recipe_seldom_score_above_zero() -> None:
    found = [invented(n, edited=n % 3 == 0, learnt=n % 3 < 2) for n in range(60)]
    settings = Settings(cell_penalty=1e-4, terms=("peak", "clone"), peak=0.25)
    model = learn(found, settings)
    scores = np.array([model.score(one.stack, model.fused(one.stack)) for one in found])
    labels = np.array([one.label for one in found])
    assert (scores[labels == 0] > 0).mean() == pytest.approx(ALARMS, abs=0.015)
    assert (scores[labels == 1] > 0).mean() > 0.9
    weights = dict(zip(PICTURE_TERMS, model.picture, strict=False))
    assert weights["contrast"] == weights["parting"] == weights["compression"] == 0


def test_settings_for_a_source_are_chosen_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [
        Picture(
            name=f"{source}{n}",
            path=Path(f"{source}{n}"),
            label=n % 2,
            mask=Path("m") if n % 2 else None,
            method="splice",
            source=source,
            group=f"{source}{n}",
            camera=False,
            for_choosing=source != "unasked",
        )
        for source in ("a", "b", "unasked")
        for n in range(4)
    ]
    mask = np.zeros((384, 384), bool)
    mask[64:192, 64:192] = True
    monkeypatch.setattr(choosing, "mask_of", lambda _: mask)
    monkeypatch.setattr(choosing, "CELL_PENALTIES", (1.0, 1e-5))
    examples = [invented(n, edited=n % 2 == 1) for n in range(8)]
    told: list[Settings] = []
    for start in (0, 100):  # pictures of source a, and of one that does not count, differ

        def looked(picture: Picture, *_: object, start: int = start) -> Looked:
            seed = 500 + int(picture.name[-1]) + (0 if picture.source == "b" else 10 + start)
            stack = invented(seed, edited=bool(picture.label)).stack
            return Looked(
                stack=stack,
                error_level=stack[..., 0],
                noise_level=stack[..., 0],
                own_step=1.0,
                share=1.0,
            )

        monkeypatch.setattr(choosing, "looked", looked)
        trials = Trials(pictures, examples, Path("unused"), progress=lambda _: None)
        told.append(trials.choose(without="a"))
        assert trials.choose() in {
            Settings(cell_penalty=penalty, terms=terms, peak=peak)
            for penalty in (1.0, 1e-5)
            for terms, peak in choosing.SCORE_SETTINGS
        }
    assert told[0] == told[1]


@pytest.mark.slow
def test_the_recipe_gives_the_same_bytes_again(data: Path, tmp_path: Path) -> None:
    one, two = (train(data / "manifest.csv", tmp_path / name, seed=3) for name in ("a", "b"))
    assert one.read_bytes() == two.read_bytes()


def test_the_evaluation_counts_places_pictures_and_false_alarms(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(data / "manifest.csv"), "--out", str(tmp_path), "--shipped"]) == 0
    assert "| fused |" in capsys.readouterr().out
    figures = json.loads((tmp_path / "figures.json").read_text())
    places = figures["places"]["all masks"]
    assert places["n"] == 1
    assert places["auc"]["fused"]["value"] > 0.9
    assert places["f1"]["fused"]["value"] > 0.6
    assert figures["pictures"]["clean"]["camera_photos"] == 1
    assert figures["pictures"]["strong_sharpening"]["n"] == 1
    assert (tmp_path / "scores.csv").read_text().count("\n") == 4


@pytest.mark.slow
def test_the_evaluation_judges_by_models_chosen_without_the_source(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(data / "manifest.csv"), "--out", str(tmp_path)]) == 0
    told = capsys.readouterr()
    assert "| fused |" in told.out
    assert "without y: Settings(" in told.err


def test_figures_of_places_are_those_of_the_definitions() -> None:
    wanted = np.array([True, True, False, False, False])
    values = np.array([0.9, 0.4, 0.5, 0.1, 0.1])
    assert best_f1(wanted, values) == pytest.approx(0.8)  # three marked, two right
    assert f1(wanted, values > 0.45) == pytest.approx(0.5)


def test_the_evaluation_says_what_its_manifest_lacks(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("path,label\na.png,1\n")
    assert main([str(tmp_path / "m.csv"), "--out", str(tmp_path)]) == 2
