"""face.synthetic: clips of a manifest, held-out models, figures, the command."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avaudit.detectors.face.synthetic.comparison import compared
from avaudit.detectors.face.synthetic.evaluate import _some, figures, main
from avaudit.detectors.face.synthetic.heldout import fold_models, held_out_scores
from avaudit.detectors.face.synthetic.making import KINDS
from avaudit.detectors.face.synthetic.material import Clip, Measured, read_clips
from avaudit.detectors.face.synthetic.measures import GROUPS
from avaudit.detectors.face.synthetic.model import FaceModel, Group
from avaudit.detectors.face.synthetic.selecting import (
    RECIPES,
    Models,
    Recipe,
    best,
    clip_parts,
    clip_score,
)
from avaudit.errors import UsageError


def clip(name: str, label: int, source: str, who: str, *, trainable: bool = True) -> Clip:
    return Clip(
        name=name,
        path=Path(name),
        label=label,
        source=source,
        method="m" if label else "",
        identity=who,
        gender="unknown",
        trainable=trainable,
    )


def found(level: float, tracks: tuple[int, ...] = (1,), faces: tuple[int, ...] = (16,)) -> Measured:
    rng = np.random.default_rng(round(1000 * level))
    groups = {
        name: (level + 0.1 * rng.normal(size=(len(tracks), len(regions)))).astype(np.float32)
        for name, regions in GROUPS.items()
    }
    size = np.full(len(tracks), 100.0)
    movement = np.full(len(tracks), -1.3)
    return Measured(groups, np.array(tracks), np.array(faces), size, movement)


def plain_model() -> FaceModel:
    return FaceModel(
        {n: Group(np.ones(len(r)) / len(r), np.zeros(3), np.ones(1)) for n, r in GROUPS.items()}
    )


def test_a_manifest_is_read_and_one_without_people_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "m.csv"
    (tmp_path / "a.mp4").touch()
    manifest.write_text(
        "path,label,source_repo,identity,method,use\na.mp4,1,r,p,Wav2Lip,evaluate\n"
        "a.mp4,0,s,q,none,train\n"
    )
    made, recorded = read_clips(manifest)
    assert (made.method, made.source, made.identity, made.trainable) == ("Wav2Lip", "r", "p", False)
    assert (recorded.method, recorded.trainable) == ("", True)
    manifest.write_text("path,label\na.mp4,1\n")
    with pytest.raises(UsageError, match="identity"):
        read_clips(manifest)


def models_of(clips: list[Clip], levels: list[float]) -> Models:
    """Give models whose made pairs differ in every measurement by one."""
    measured = [found(level) for level in levels]
    pairs = {
        n: {kind: pair(level, kind) for kind in KINDS}
        for n, (one, level) in enumerate(zip(clips, levels, strict=True))
        if one.trainable and not one.label
    }
    return Models(clips, measured, pairs)


def pair(level: float, kind: str) -> Measured:
    both = found(level, tracks=(1, 1), faces=(16, 16))
    for values in both.groups.values():
        values[1] = values[0] + (1.0 if kind != "whole" else -1.0)
    return both


def test_nobody_and_no_source_of_a_fold_is_learnt_from() -> None:
    clips = [
        clip("a", 0, "r", "p"),
        clip("b", 0, "s", "q"),
        clip("c", 0, "t", "p"),
        clip("d", 0, "u", "x"),
        clip("e", 0, "v", "y", trainable=False),
        clip("f", 1, "s", "z"),
    ]
    models = models_of(clips, [0.1 * n for n in range(6)])
    learnt = {s: {clips[n].name for n in models.learnable(range(6), s)} for s in "rstuv"}
    # r shares a person with t; e may not be learnt from; f is made: neither is ever in
    assert learnt == {
        "r": {"b", "d"},
        "s": {"a", "c", "d"},
        "t": {"b", "d"},
        "u": {"a", "b", "c"},
        "v": {"a", "b", "c", "d"},
    }
    assert set(fold_models(models, RECIPES[:1])) == {"r", "s", "t", "u", "v"}
    with pytest.raises(UsageError, match="fewer than two"):
        fold_models(models_of(clips[:2], [0.0, 0.1]), RECIPES[:1])


def test_the_recipe_is_chosen_by_the_other_sources_and_methods_alone() -> None:
    """Generated faces are higher in every measurement, as the pairs of all kinds but one are."""
    clips = [clip(f"{s}{n}", 0, s, f"{s}{n}") for s in "rstu" for n in range(3)]
    clips += [replace(clip(f"{s}m{n}", 1, s, f"{s}m{n}"), method=s) for s in "rst" for n in (0, 1)]
    levels = [0.05 * n for n in range(12)] + [3.0] * 6
    models = models_of(clips, levels)
    wrong, right = Recipe(("whole",), ("slope",), False), Recipe(("mouth",), ("slope",), False)
    chosen, reached = best(models, range(len(clips)), (wrong, right))
    assert chosen == right
    assert reached[0] < 0.1
    assert reached[1] > 0.9
    assert {fold.recipe for fold in fold_models(models, (wrong, right)).values()} == {right}
    # only r has made faces that separate the other way round: without r nothing says so
    models.found[12].groups["slope"][:] = -9.0
    models.found[13].groups["slope"][:] = -9.0
    folds = fold_models(models, (wrong, right))
    assert folds["r"].reached > 0.9
    assert folds["u"].reached < 0.9
    # where nothing was generated there is nothing to choose by
    real_only = models_of(clips[:12], levels[:12])
    assert best(real_only, range(12), (wrong, right))[0] == wrong


def test_the_most_suspicious_face_of_a_clip_counts() -> None:
    several = found(0.0, tracks=(1, 1, 2, 3), faces=(16, 8, 9, 1))
    for name in GROUPS:
        several.groups[name][:] = np.array([1.0, 2.5, 0.5, 3.0])[:, None]
    parts, face_px = clip_parts(plain_model(), several)
    np.testing.assert_allclose(parts, (16 * 1.0 + 8 * 2.5) / 24, rtol=1e-6)
    assert face_px == 100.0
    assert clip_score(plain_model(), several) == pytest.approx(float(parts.mean()))


def test_scores_are_of_the_model_of_the_fold() -> None:
    clips = [clip(name, 0, source, name) for name, source in zip("abcd", "rrss", strict=True)]
    models = models_of(clips, [0.0, 0.4, 0.8, 1.2])
    folds = fold_models(models, RECIPES[:1])
    scores, parts, _ = held_out_scores(clips, models.found, folds)
    expected = [
        clip_score(folds[c.source].model, f) for c, f in zip(clips, models.found, strict=True)
    ]
    assert scores.tolist() == expected
    assert set(parts[0]) == set(RECIPES[0].groups)


def test_what_only_sees_size_is_nothing_without_it() -> None:
    rng = np.random.default_rng(2)
    clips, size = [], []
    for source in "rstuvw":
        for n in range(6):
            label = n % 2
            clips.append(clip(f"{source}{n}", label, source, f"{source}{n // 2}"))
            size.append(5.0 - 0.5 * label + 0.1 * rng.normal())  # made faces are smaller
    labels = np.array([c.label for c in clips])
    good = labels + 0.01 * rng.normal(size=len(labels))
    sees_size = -3.0 * np.array(size)
    told = compared(clips, good, sees_size, {"size": np.array(size)})
    assert told["leans_on"]["other"]["size"] == -1.0
    assert told["fact_alone"]["size"] == told["sources with both classes"]["other"] == 1.0
    assert told["other_without"]["size"]["within sources"] == pytest.approx(0.5, abs=0.2)
    both = told["two or more of each"]
    assert both["difference"] == 0.0
    assert both["interval, people resampled"] == [0.0, 0.0]


def test_figures_have_their_closed_forms() -> None:
    clips, scores, sizes = [], [], []
    for n in range(12):
        for label in (0, 1):
            # within source r in the right order, within s in the wrong one
            source = "r" if n < 6 else "s"
            clips.append(clip(f"{n}{label}", label, source, f"p{n}{label}"))
            scores.append((label if source == "r" else 1 - label) + 0.01 * n)
            sizes.append(100.0 if n < 6 else 200.0)
    told = figures(clips, np.array(scores), np.array(sizes))
    assert told["pairs_within"] == 0.5
    assert told["pairs_same_size"] == 0.5
    assert {k: v["auc"] for k, v in told["within"].items()} == {"r": 1.0, "s": 0.0}  # type: ignore[attr-defined]
    assert told["auc_within_sources"][0] == 0.5  # type: ignore[index]
    # ten of a class are needed outside a source to calibrate: here there are six
    assert told["cllr"] == [None, None, None]
    assert told["real_over_100"] is None
    assert [c.label for c in _some(clips, 6)] == [1, 0, 1, 0]


def test_the_command_refuses_what_it_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [str(tmp_path / "m.csv"), "--out", str(tmp_path)]
    assert main([*asked, "--recipe", "99"]) == 2
    assert "--recipe" in capsys.readouterr().err
    assert main(asked) == 2
