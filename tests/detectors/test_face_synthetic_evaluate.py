"""face.synthetic: clips of a manifest, held-out models, figures, the command."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avaudit.detectors.face.synthetic import heldout
from avaudit.detectors.face.synthetic.evaluate import _some, figures, main
from avaudit.detectors.face.synthetic.heldout import clip_parts, fold_models, held_out_parts
from avaudit.detectors.face.synthetic.material import Clip, Measured, read_clips
from avaudit.detectors.face.synthetic.measures import GROUPS
from avaudit.detectors.face.synthetic.model import FaceModel, Group
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
    size = np.full(len(tracks), 100.0) + 10 * level
    return Measured(groups, np.array(tracks), np.array(faces), size)


def plain_model() -> FaceModel:
    return FaceModel(
        {n: Group(np.ones(len(r)) / len(r), np.zeros(2), np.ones(1)) for n, r in GROUPS.items()}
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


def test_nobody_and_no_source_of_a_fold_is_learnt_from(monkeypatch: pytest.MonkeyPatch) -> None:
    clips = [
        clip("a", 0, "r", "p"),
        clip("b", 0, "s", "q"),
        clip("c", 0, "t", "p"),
        clip("d", 0, "u", "x"),
        clip("e", 0, "v", "y", trainable=False),
        clip("f", 1, "s", "z"),
    ]
    learnt: list[set[str]] = []

    def remember(some: list[Clip], *_: object) -> FaceModel:
        learnt.append({one.name for one in some})
        return plain_model()

    monkeypatch.setattr(heldout, "learn_from", remember)
    monkeypatch.setattr(heldout, "all_pairs", lambda some, *_: [[] for _ in some])
    models = fold_models(clips, [found(0.0)] * 6, Path("none"))
    # r shares a person with t; e may not be learnt from; f is made: neither is ever in
    assert learnt == [{"b", "d"}, {"a", "c", "d"}, {"a", "b", "c"}, {"a", "b", "c", "d"}]
    assert set(models) == {"r", "s", "t", "u", "v"}
    with pytest.raises(UsageError, match="fewer than two"):
        fold_models(clips[:2], [found(0.0)] * 2, Path("none"))


def test_the_most_suspicious_face_of_a_clip_counts() -> None:
    several = found(0.0, tracks=(1, 1, 2, 3), faces=(16, 8, 9, 1))
    for name in GROUPS:
        several.groups[name][:] = np.array([1.0, 2.5, 0.5, 3.0])[:, None]
    parts, _ = clip_parts(plain_model(), several)
    np.testing.assert_allclose(parts, (16 * 1.0 + 8 * 2.5) / 24, rtol=1e-6)
    again, sizes = held_out_parts([clip("a", 0, "r", "p")], [several], {"r": plain_model()})
    np.testing.assert_allclose(again[0], parts)
    assert sizes.tolist() == [100.0]


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
    assert main([*asked, "--kinds", "painted"]) == 2
    assert "painted" in capsys.readouterr().err
    assert main(asked) == 2
