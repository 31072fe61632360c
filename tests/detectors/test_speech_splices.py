"""Spliced recordings: how they are made, how predictions are judged, and the whole measurement."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.metrics import average_precision_score

from avaudit.detector import Segment
from avaudit.detectors.speech import splices, windows as windows_module
from avaudit.detectors.speech.examination import Listening
from avaudit.detectors.speech.heard import ClipProfile, Heard, listen, scores_of, with_ratios
from avaudit.detectors.speech.located import average_precision, hits, overlap, predictions
from avaudit.detectors.speech.splices import as_csv, measure_splices, summarise
from avaudit.detectors.speech.splicing import (
    FADE_S,
    INSERT_S,
    MARGIN_S,
    Recording,
    Row,
    by_source,
    make_recordings,
    read_rows,
    splice,
)
from avaudit.errors import UsageError
from avaudit.media.types import SampleArray

RATE = 16_000


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splices, "DRAWS", 100)
    monkeypatch.setattr(splices, "SHUFFLES", 10)


def pieces(*scores: float, step_s: float = 2.0) -> tuple[Segment, ...]:
    return tuple(
        Segment(start_s=step_s * place, end_s=step_s * (place + 1), score=score)
        for place, score in enumerate(scores)
    )


def spans(found: list[Segment]) -> list[tuple[float, float, float | None]]:
    return [(one.start_s, one.end_s, one.score) for one in found]


def test_neighbours_merge_down_to_half_height() -> None:
    # median 0: the peak of 4 takes in the 2 beside it, not the 1.9
    assert spans(predictions(pieces(1.9, 4.0, 2.0, 0.0, 0.0, -1.0, 0.0)))[:2] == [
        (2, 6, 4.0),
        (0, 2, 1.9),
    ]
    assert predictions([]) == []
    assert spans(predictions(pieces(3.0))) == [(0, 2, 3.0)]
    apart = [Segment(start_s=0, end_s=2, score=4.0), Segment(start_s=5, end_s=7, score=4.0)]
    assert len(predictions(apart)) == 2


@given(st.lists(st.floats(-5, 5), max_size=30))
def test_predictions_share_out_the_profile(scores: list[float]) -> None:
    profile = pieces(*scores)
    found = predictions(profile)
    assert sum(one.end_s - one.start_s for one in found) == pytest.approx(2 * len(scores))
    heights = [one.score for one in found if one.score is not None]
    assert heights == sorted(heights, reverse=True)
    in_time = sorted(found, key=lambda one: one.start_s)
    assert all(a.end_s <= b.start_s for a, b in pairwise(in_time))


def test_overlap_and_hits() -> None:
    assert overlap((0, 2), (2, 4)) == 0
    assert overlap((0, 4), (1, 3)) == 0.5
    found = list(pieces(3.0, 2.0, 1.0))
    assert hits(found, (1.0, 3.0), at_least=0.3).tolist() == [True, False, False]
    assert hits(found, (3.5, 5.5), at_least=0.5).tolist() == [False, False, True]
    assert not hits(found, None, at_least=0.3).any()


def test_average_precision_in_closed_form() -> None:
    def value(right: list[bool], truths: int) -> float:
        scores = -np.arange(len(right), dtype=float)
        return average_precision(scores, np.array(right), truths)

    assert value([True, True], 2) == 1.0
    assert value([True, False, True], 2) == pytest.approx((1 + 2 / 3) / 2)
    assert value([False, True], 1) == 0.5
    assert value([True], 4) == 0.25  # three were never met
    assert value([False, False], 3) == 0.0
    assert value([], 3) == 0.0
    assert np.isnan(value([False], 0))
    # a tie is one step, whatever the order in it
    tied = average_precision(np.array([1.0, 1.0]), np.array([False, True]), 1)
    assert tied == average_precision(np.array([1.0, 1.0]), np.array([True, False]), 1) == 0.5


@given(
    st.lists(
        st.tuples(st.integers(-3, 3), st.booleans(), st.integers(0, 3)), min_size=1, max_size=40
    )
)
def test_average_precision_agrees_with_sklearn(rows: list[tuple[int, bool, int]]) -> None:
    scores = np.array([row[0] for row in rows], float)
    right = np.array([row[1] for row in rows])
    weights = np.array([row[2] for row in rows], float)
    truths = float(weights @ right)
    if truths:
        ours = average_precision(scores, right, truths, weights=weights)
        copied = np.repeat(np.arange(len(rows)), weights.astype(int))
        assert ours == pytest.approx(average_precision(scores[copied], right[copied], truths))
        assert ours == pytest.approx(average_precision_score(right, scores, sample_weight=weights))


def test_an_insert_lies_where_it_is_said_to_lie() -> None:
    base = np.full(6 * RATE, 0.1, np.float32)
    for seed in range(20):
        other = np.full(3 * RATE, -0.5, np.float32)
        sound, (start_s, end_s) = splice(base, other, np.random.default_rng(seed))
        inside = np.flatnonzero(sound < 0) / RATE
        assert start_s == pytest.approx(inside[0], abs=2 / RATE)
        assert end_s == pytest.approx(inside[-1], abs=2 / RATE)
        assert end_s - start_s == pytest.approx(INSERT_S - FADE_S)
        assert len(sound) == len(base) + round((INSERT_S - FADE_S) * RATE)
        assert MARGIN_S <= start_s <= 6 - MARGIN_S
        assert sound.min() == pytest.approx(-0.1, abs=1e-4)  # at the level of what surrounds it
        assert np.abs(np.diff(sound)).max() < 0.2 / 50  # no step at either end


def tone(seconds: float, hz: float, seed: int) -> SampleArray:
    rng = np.random.default_rng(seed)
    time_s = np.arange(round(seconds * RATE)) / RATE
    sound = 0.2 * np.sin(2 * np.pi * hz * time_s) + 0.01 * rng.standard_normal(len(time_s))
    return sound.astype(np.float32)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """Real clips hum at 200 Hz, synthetic ones at 3 kHz; the rows to learn from do not exist."""
    lines = ["path,label,source,use", "gone.flac,0,a,train"]
    for source in "ab":
        for take in range(9):
            label = int(take > 5)
            name = f"{source}{take}.flac"
            sound = tone(3.5, 3000 if label else 200, take)
            with av.open(str(tmp_path / name), "w") as target:
                stream = target.add_stream("flac", rate=RATE, layout="mono")
                pcm = (sound * 32767).astype(np.int16)[None]
                for start in range(0, pcm.shape[1], 4096):
                    part = pcm[:, start : start + 4096]
                    frame = av.AudioFrame.from_ndarray(part, "s16", "mono")
                    frame.sample_rate, frame.pts = RATE, start
                    target.mux(stream.encode(frame))
                target.mux(stream.encode(None))
            lines.append(f"{name},{label},{source},evaluate")
    lines.append("b0.flac,0,poor,evaluate")
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def all_is_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    class Always:
        def push(self, frames: SampleArray) -> SampleArray:
            return np.ones(len(frames), np.float32)

    monkeypatch.setattr(windows_module, "SpeechProbability", Always)


class Ear:
    """A model that hears the difference: the share of a window's power above 1 kHz."""

    sample_rate, window_s, hop_s = RATE, 4.0, 1.0

    def score(self, windows: SampleArray) -> SampleArray:
        power = np.abs(np.fft.rfft(windows, axis=1)) ** 2
        high = power[:, windows.shape[1] * 1000 // RATE :].sum(axis=1)
        return (high / power.sum(axis=1)).astype(np.float32)


class Deaf(Ear):
    def score(self, windows: SampleArray) -> SampleArray:
        return np.array([float(abs(w[0])) for w in windows], np.float32)


def test_recordings_are_made_from_one_source_and_repeat(manifest: Path) -> None:
    sources = by_source(read_rows(manifest))
    assert [(s.name, len(s.real), len(s.synthetic)) for s in sources] == [
        ("a", 6, 3),
        ("b", 6, 3),
        ("poor", 1, 0),
    ]

    def make(seed: int) -> list[Recording]:
        return list(make_recordings(sources, each=4, rng=np.random.default_rng(seed)))

    made = make(0)
    assert [one.insert is None for one in made] == [False, True] * 4
    assert {one.source for one in made} == {"a", "b"}
    assert all(one.synthetic[:1] == one.source for one in made if one.insert)
    assert all(15.9 <= len(one.samples) / RATE <= 24 for one in made)
    assert all(np.abs(one.samples).max() <= 1 for one in made)
    for first, second in zip(made, make(0), strict=True):
        np.testing.assert_array_equal(first.samples, second.samples)
    assert any(a.insert != b.insert for a, b in zip(made, make(1), strict=True))


def test_sources_that_do_not_suffice_are_an_error(manifest: Path) -> None:
    poor = [source for source in by_source(read_rows(manifest)) if source.name == "poor"]
    with pytest.raises(UsageError, match=r"no source has 16\.5 s"):
        next(make_recordings(poor, each=1, rng=np.random.default_rng(0)))
    with pytest.raises(UsageError, match="no row has use = nothing"):
        read_rows(manifest, {"use": "nothing"})


@pytest.mark.usefixtures("all_is_speech")
@pytest.mark.parametrize("judge", [Ear, Deaf])
def test_a_model_that_hears_finds_them_and_a_deaf_one_does_not(
    manifest: Path, judge: Callable[[], Ear]
) -> None:
    sources = by_source(read_rows(manifest))
    recordings = make_recordings(sources, each=8, rng=np.random.default_rng(0))
    heard = [listen(one, judge(), Listening(softness=0.1)) for one in recordings]
    found = summarise(heard, rng=np.random.default_rng(1))
    assert (found["recordings"], found["spliced"], found["abstained"]) == (16, 8, 0)
    assert isinstance(found["ap_0.5"], dict)
    assert isinstance(found["ap_0.5_chance"], float)
    assert isinstance(found["auc"], dict)
    if judge is Ear:
        assert found["ap_0.5"]["value"] > 0.6
        assert found["ap_0.5_chance"] < 0.4
        assert found["top_overlaps"] >= 0.8  # the ends of a profile rest on one window
        assert found["centre_error_s"] < 1.0
        assert found["auc"]["value"] == 1.0
    else:
        assert found["ap_0.5"]["value"] < 0.4
        assert found["auc"]["value"] < 0.9


def test_an_abstention_misses_its_insert() -> None:
    def recording(insert: tuple[float, float] | None) -> Recording:
        return Recording(source="a", samples=np.zeros(RATE, np.float32), insert=insert)

    heard = [
        Heard(recording=recording((2.0, 4.0)), score=3.0, segments=pieces(0.0, 3.0, 0.0)),
        Heard(recording=recording((2.0, 4.0)), score=None),
        Heard(recording=recording(None), score=0.0, segments=pieces(0.0, 0.1, 0.0)),
    ]
    found = summarise(heard, rng=np.random.default_rng(0))
    assert isinstance(found["ap_0.5"], dict)
    assert found["ap_0.5"]["value"] == 0.5
    assert found["top_overlaps"] == 0.5
    assert found["abstained"] == 1
    assert found["centre_error_s"] == 0.0
    rows = list(csv.DictReader(as_csv(heard).splitlines()))
    assert [row["top_overlap"] for row in rows] == ["1.0000", "", ""]
    assert rows[1]["score"] == rows[1]["top_start_s"] == ""


def test_ratios_come_from_other_sources_and_other_people() -> None:
    def clip(label: int, source: str, who: str, score: float) -> ClipProfile:
        row = Row(path=Path(who), label=label, source=source, identity=who)
        return ClipProfile(row=row, scores=score + np.linspace(-1.0, 1.0, 9))

    # what source b says is turned round in a, and told wrongly by one of a's people in b
    clips = [clip(1, "a", "ann", -3.0), clip(0, "a", "ann", 3.0)]
    others = [clip(1, "b", "bob", 3.0), clip(0, "b", "bob", -3.0)]
    recording = Recording(source="a", samples=np.zeros(RATE, np.float32), insert=None)
    heard = [Heard(recording=recording, score=0.0, segments=pieces(-2.0, 0.0, 2.0))]
    ratios = scores_of(with_ratios(heard, clips + others)[0].segments)
    assert ratios[1] == pytest.approx(0.0, abs=1e-6)
    assert ratios[2] == pytest.approx(-ratios[0])
    assert ratios[2] > 1
    told = [clip(1, "b", "ann", -3.0), clip(0, "b", "ann", 3.0)]
    again = scores_of(with_ratios(heard, clips + others + told)[0].segments)
    np.testing.assert_array_equal(again, ratios)
    alone = scores_of(with_ratios(heard, [*others, *told])[0].segments)
    assert not np.allclose(alone, ratios)  # nobody of the source is known: ann counts
    silent = [Heard(recording=recording, score=None)]
    assert with_ratios(silent, clips + others) == silent


def test_people_heard_in_other_rows_can_be_left_out(tmp_path: Path) -> None:
    lines = ["path,label,source,use,identity", "x.flac,0,t,train,ann"]
    lines += ["a.flac,0,e,evaluate,ann", "b.flac,0,e,evaluate,bob", "c.flac,1,e,evaluate,"]
    (tmp_path / "m.csv").write_text("\n".join(lines) + "\n")
    assert [row.path.name[0] for row in read_rows(tmp_path / "m.csv")] == ["a", "b", "c"]
    new = read_rows(tmp_path / "m.csv", new_people=True)
    assert [(row.path.name[0], row.identity) for row in new] == [("b", "bob"), ("c", "")]


@pytest.mark.usefixtures("all_is_speech")
def test_the_whole_measurement(
    manifest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splices, "SyntheticSpeechModel", Ear)
    out = tmp_path / "rows.csv"
    found = measure_splices(manifest, out, each=2, window_s=2.0)
    assert (found["window_s"], found["hop_s"], found["recordings"]) == (2.0, 1.0, 4)
    assert found["ap_0.5_ratios"]
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["spliced"] for row in rows] == ["1", "0", "1", "0"]
    assert found == measure_splices(manifest, out, each=2, window_s=2.0)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_command_says_what_is_wrong(manifest: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "avaudit.detectors.speech.splices", str(manifest)]
    command += ["--out", str(tmp_path / "rows.csv"), "--where", "use"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "write it as column=value" in ran.stderr
