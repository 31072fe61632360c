"""Precomputed answers: every form of table, gaps, contradictions, and a million pairs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st

from avaudit.adapters.protocols import Capability, Pair
from avaudit.adapters.resolve import resolve_model
from avaudit.adapters.scores import ScoresBackend
from avaudit.errors import UsageError


def write(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        with path.open("w") as file:
            for row in frame.to_dict("records"):
                there = {k: v for k, v in row.items() if isinstance(v, list) or not pd.isna(v)}
                file.write(json.dumps(there) + "\n")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_clip_answers_in_every_form(tmp_path: Path, suffix: str) -> None:
    table = pd.DataFrame(
        {
            "path": ["a.wav", "sub/b.wav", str(tmp_path / "c.wav")],
            "score": [0.1, 1 / 3, np.nan],
            "prediction": ["NA", "true", "1"],
            "transcript": ["null", "", "nan"],
            "offset_s": [-0.04, 0.0, 1e-17],
            "label": [0, 1, 1],
        }
    )
    model = resolve_model(f"scores:{write(table, tmp_path / f'answers{suffix}')}")
    assert model.capabilities == {
        Capability.DETECTOR,
        Capability.CLASSIFIER,
        Capability.TRANSCRIBER,
        Capability.SYNC_ESTIMATOR,
    }
    asked = [tmp_path / "c.wav", tmp_path / "x/../sub/b.wav", tmp_path / "a.wav"]
    np.testing.assert_array_equal(model.score_clips(asked), [np.nan, 1 / 3, 0.1])
    # words that table readers like to take for missing values stay words
    assert model.classify(asked) == ["1", "true", "NA"]
    assert model.transcribe(asked) == ["nan", "", "null"]
    np.testing.assert_array_equal(model.offsets_s(asked), [1e-17, 0, -0.04])
    assert np.isnan(model.score_clips([tmp_path / "d.wav"])).all()
    assert model.transcribe([tmp_path / "d.wav"]) == [None]
    caution = next(line for line in model.cautions if "not in the table" in line)
    assert "1 paths" in caution
    assert "d.wav" in caution
    assert "-M root=FOLDER" in caution


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz", ".jsonl"])
def test_embeddings(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(4, 12))
    paths = ["f1.jpg", "f2.png", "v1.wav", "clip.mp4"]
    path = tmp_path / f"embeddings{suffix}"
    if suffix == ".npz":
        np.savez(path, paths=np.array(paths), embeddings=vectors)
    elif suffix == ".csv":
        columns = {f"embedding.{n}": vectors[:, n] for n in range(12)}
        write(pd.DataFrame({"path": paths, **columns}), path)
    else:
        write(pd.DataFrame({"path": paths, "embedding": vectors.tolist()}), path)
    model = resolve_model(f"scores:{path}")
    assert model.capabilities == {Capability.FACE_EMBEDDER, Capability.VOICE_EMBEDDER}
    places = [tmp_path / name for name in paths]
    faces, voices = model.embed_faces(places), model.embed_voices(places)
    np.testing.assert_array_equal(faces[[0, 1, 3]], vectors[[0, 1, 3]])
    np.testing.assert_array_equal(voices[2:], vectors[2:])
    assert np.isnan(faces[2]).all()
    assert np.isnan(voices[:2]).all()


def test_modality_separates_two_vectors_of_one_file(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {
            "path": ["a.mp4", "a.mp4"],
            "modality": ["face", "voice"],
            "embedding": [[1.0, 2.0], [3.0, 4.0, 5.0]],
        }
    )
    model = resolve_model(f"scores:{write(table, tmp_path / 'm.parquet')}")
    assert model.embed_faces([tmp_path / "a.mp4"]).tolist() == [[1, 2]]
    assert model.embed_voices([tmp_path / "a.mp4"]).tolist() == [[3, 4, 5]]


def test_root_parameter(tmp_path: Path) -> None:
    (tmp_path / "scores").mkdir()
    table = pd.DataFrame({"path": ["a.wav"], "score": [0.5]})
    path = write(table, tmp_path / "scores" / "s.csv")
    asked = [tmp_path / "a.wav"]
    assert np.isnan(resolve_model(f"scores:{path}").score_clips(asked)).all()
    model = resolve_model(f"scores:{path}", params={"root": str(tmp_path)})
    assert model.score_clips(asked).tolist() == [0.5]
    with pytest.raises(UsageError, match="did you mean 'root'"):
        resolve_model(f"scores:{path}", params={"rot": "x"})


def test_a_manifest_with_scores_is_a_table_of_scores(tmp_path: Path) -> None:
    trials = tmp_path / "trials.csv"
    trials.write_text(
        "left,right,label,left.group.gender,score\n"
        "a.jpg,b.wav,1,f,0.75\nb.jpg,a.wav,0,m,\nb.jpg,b.wav,0,m,-2\n"
    )
    model = resolve_model(f"scores:{trials}")
    assert model.capabilities == {Capability.PAIR_SCORER}
    names = [("b.jpg", "b.wav"), ("b.jpg", "a.wav"), ("a.jpg", "b.wav"), ("b.wav", "a.jpg")]
    pairs = [Pair(tmp_path / a, tmp_path / b) for a, b in names]
    np.testing.assert_array_equal(model.score_pairs(pairs), [-2, np.nan, 0.75, np.nan])
    assert model.unanswered == 2
    assert any("1 pairs are not in the table" in line for line in model.cautions)
    clips = tmp_path / "clips.csv"
    clips.write_text("audio_path,video_path,label,score\na.wav,a.mp4,1,0.5\n")
    model = resolve_model(f"scores:{clips}")
    assert model.score_clips([tmp_path / "a.mp4", tmp_path / "a.wav"]).tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("path,label\na,1\n", "no answers in it"),
        ("score\n1\n", "there is no column path"),
        ("path,score\na,1\n./a,2\n", "two different answers for .*a"),
        ("path,score\na,high\n", "column score holds no numbers"),
        ("path,score\na,inf\n", "row 1 is infinite"),
        ("left,right,score\na,b,1\na,./b,2\n", "two different scores for a and b"),
        ("path,embedding.0,embedding.2\na,1,2\n", "without gaps"),
        ("path,modality,embedding.0\na,mouth,1\n", "face or voice is expected"),
        ("", "cannot be read"),
    ],
)
def test_bad_tables(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(UsageError, match=why):
        resolve_model(f"scores:{path}")


def test_equal_duplicates_are_no_contradiction(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("left,right,score\na,b,1\na,b,1\nc,d,\nc,d,\nb,a,3\n")
    model = resolve_model(f"scores:{path}")
    scores = model.score_columns([tmp_path / n for n in "abc"], [tmp_path / n for n in "bad"])
    np.testing.assert_array_equal(scores, [1, 3, np.nan])


def test_no_pickle_from_npz(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "exploded",)

    path = tmp_path / "bomb.npz"
    np.savez(path, path=np.array([Bomb()], dtype=object), score=np.ones(1))
    with pytest.raises(UsageError, match="cannot be read"):
        resolve_model(f"scores:{path}")
    assert not (tmp_path / "exploded").exists()


@given(
    st.dictionaries(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")),
        st.floats(allow_nan=False, allow_infinity=False),
        min_size=1,
    ),
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh"))),
)
@settings(max_examples=60, deadline=None)
def test_pairs_are_looked_up_as_a_dictionary_would(
    known: dict[tuple[str, str], float], asked: list[tuple[str, str]]
) -> None:
    from avaudit.adapters.scores import _Pairs

    keys = list(known)
    frame = pd.DataFrame(
        {
            "left": [a for a, _ in keys],
            "right": [b for _, b in keys],
            "score": [known[key] for key in keys],
        }
    )
    pairs = _Pairs(frame, Path("/data"), Path("t.csv"))
    backend = ScoresBackend({}, pairs, Path("/data"), "x")
    got = backend.score_columns([f"/data/{a}" for a, _ in asked], [f"/data/{b}" for _, b in asked])
    np.testing.assert_array_equal(got, [known.get(pair, np.nan) for pair in asked])


def test_a_million_pairs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    codes = rng.choice(3000 * 3000, 1_000_000, replace=False)
    left = np.array([f"faces/id{n:05d}.jpg" for n in range(3000)], dtype=object)[codes // 3000]
    right = np.array([f"voices/id{n:05d}.wav" for n in range(3000)], dtype=object)[codes % 3000]
    frame = pd.DataFrame({"left": left, "right": right, "score": rng.normal(size=len(codes))})
    frame.to_parquet(tmp_path / "scores.parquet")
    order = rng.permutation(len(frame))
    absolute = f"{tmp_path}/" + frame[["left", "right"]].iloc[order]
    model = resolve_model(f"scores:{tmp_path / 'scores.parquet'}")
    scores = model.score_columns(absolute["left"], absolute["right"])
    np.testing.assert_array_equal(scores, frame["score"].to_numpy()[order])
