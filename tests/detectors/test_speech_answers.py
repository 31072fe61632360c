"""From windows of speech to an answer: scores, profile, abstentions, constant memory, splices."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, strategies as st

from avaudit.card import Card, Question
from avaudit.detector import Abstained, Outcome, Scored
from avaudit.detectors.speech import windows as windows_module
from avaudit.detectors.speech.aggregate import (
    MAX_SEGMENTS,
    ScoredWindow,
    profile,
    soft_maximum,
    statistics,
)
from avaudit.detectors.speech.base import SpeechDetector
from avaudit.detectors.speech.examination import Listening, SpeechExamination
from avaudit.media.types import AudioBlock, Chunk, SampleArray
from avaudit.samples.voice import make_voice
from avaudit.testing import check_detector, examine

RATE = 16_000
CLIPS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "speech"


class Fake:
    """A model that knows: its score is what ``judge`` says of each window."""

    sample_rate, window_s, hop_s = RATE, 4.0, 2.0

    def __init__(self, judge: Callable[[SampleArray], float], hop_s: float = 2.0) -> None:
        self.judge, self.hop_s = judge, hop_s
        self.shapes: list[tuple[int, ...]] = []

    def score(self, windows: SampleArray) -> SampleArray:
        self.shapes.append(windows.shape)
        return np.array([self.judge(window) for window in windows], np.float32)


def chunks(sound: SampleArray, *, step: int = RATE, start_s: float = 0.0) -> Iterable[Chunk]:
    for index, at in enumerate(range(0, len(sound), step)):
        time_s = start_s + at / RATE
        block = AudioBlock(start_s=time_s, sample_rate=RATE, samples=sound[at : at + step])
        yield Chunk(index=index, start_s=time_s, end_s=block.end_s, audio=(block,))


def ask(model: Fake, fed: Iterable[Chunk], listening: Listening | None = None) -> Outcome:
    examination = SpeechExamination(model, listening or Listening(softness=1.0))
    for chunk in fed:
        examination.feed(chunk)
    return examination.finish()


@pytest.fixture
def all_is_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    class Always:
        def push(self, frames: SampleArray) -> SampleArray:
            return np.ones(len(frames), np.float32)

    monkeypatch.setattr(windows_module, "SpeechProbability", Always)


def test_soft_maximum_lies_between_mean_and_maximum() -> None:
    assert soft_maximum([3.0, 1.0], 1.0) == pytest.approx(math.log((math.e**3 + math.e) / 2))
    assert soft_maximum([2.0] * 7, 0.3) == pytest.approx(2.0)
    assert soft_maximum([1000.0, 0.0], 1.0) == pytest.approx(1000 - math.log(2))


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=30), st.floats(0.1, 20))
def test_soft_maximum_properties(scores: list[float], softness: float) -> None:
    joined = soft_maximum(scores, softness)
    assert np.mean(scores) - 1e-9 <= joined <= max(scores) + 1e-9
    assert soft_maximum([s + 1 for s in scores], softness) == pytest.approx(joined + 1, abs=1e-9)


def test_the_profile_takes_the_lowest_window_over_each_stretch() -> None:
    windows = [ScoredWindow(0, 4, 1.0), ScoredWindow(2, 6, 5.0), ScoredWindow(4, 8, 5.0)]
    found = [(s.start_s, s.end_s, s.score) for s in profile(windows)]
    assert found == [(0, 2, 1.0), (2, 4, 1.0), (4, 6, 5.0), (6, 8, 5.0)]
    apart = [ScoredWindow(10, 14, 1.0), ScoredWindow(20, 21, 2.0), ScoredWindow(3, 7, 3.0)]
    assert [(s.start_s, s.end_s) for s in profile(apart)] == [(10, 14), (20, 21), (3, 7)]
    assert profile([]) == []
    assert statistics(windows)["highest_start_s"] == 2


def test_very_long_profiles_are_joined_and_keep_their_peak() -> None:
    windows = [ScoredWindow(2.0 * i, 2.0 * i + 4, float(i == 3000)) for i in range(5000)]
    windows += [ScoredWindow(6002.0, 6006.0, 1.0)]
    found = profile([*windows[:3001], windows[-1]])
    assert len(found) <= MAX_SEGMENTS
    assert max(s.score or 0 for s in found) == 1.0
    assert all(a.end_s <= b.start_s for a, b in pairwise(found))


def test_abstentions() -> None:
    model = Fake(lambda window: 0.0)
    rng = np.random.default_rng(0)
    voice = make_voice(4, rng=rng)

    def code(sound: SampleArray) -> str:
        outcome = ask(model, chunks(sound))
        return outcome.code if isinstance(outcome, Abstained) else "scored"

    assert code(np.zeros(0, np.float32)) == "no_sound"
    assert code(np.zeros(5 * RATE, np.float32)) == "no_speech"
    assert code(0.02 * rng.standard_normal(5 * RATE).astype(np.float32)) == "no_speech"
    assert code(voice[:RATE]) == "too_short"
    words = np.concatenate([np.pad(voice[: RATE // 3], (0, 3 * RATE)) for _ in range(8)])
    assert code(words) == "too_short"
    assert code(voice) == "scored"


def test_facts_and_fixed_batches() -> None:
    model = Fake(lambda window: float(window.std()))
    voice = make_voice(12, rng=np.random.default_rng(2))
    outcome = ask(model, chunks(voice, start_s=3.0), Listening(softness=2.0, batch=4))
    assert isinstance(outcome, Scored)
    assert set(model.shapes) == {(4, 4 * RATE)}
    facts = outcome.facts
    assert facts["sound_s"] == 12.0
    assert facts["speech_s"] == pytest.approx(12, abs=0.5)
    assert facts["windows"] == facts["windows_scored"] == 5
    assert facts["window_scores"]["lowest"] <= outcome.score <= facts["window_scores"]["highest"]
    assert outcome.segments[0].start_s == pytest.approx(3.0, abs=0.1)
    assert outcome.segments[-1].end_s == pytest.approx(15.0, abs=0.3)


def test_the_same_answer_however_the_sound_is_cut() -> None:
    sound = np.concatenate(
        [make_voice(7, rng=np.random.default_rng(4)), np.zeros(9000, np.float32)]
    )
    sound = np.concatenate([sound, sound])
    answers = [
        ask(Fake(lambda window: float(window.std())), chunks(sound, step=step))
        for step in (RATE, 1237, len(sound))
    ]
    assert answers[0] == answers[1] == answers[2]


@pytest.mark.usefixtures("all_is_speech")
def test_a_profile_may_have_windows_of_its_own() -> None:
    model = Fake(lambda window: float(window.max()))
    sound = np.zeros(12 * RATE, np.float32)
    sound[5 * RATE : 6 * RATE] = 1.0
    long = ask(model, chunks(sound), Listening(softness=1.0))
    model.shapes.clear()
    short = Listening(softness=1.0, profile_window_s=2.0, profile_hop_s=1.0)
    both = ask(model, chunks(sound), short)
    assert isinstance(long, Scored)
    assert isinstance(both, Scored)
    assert set(model.shapes) == {(1, 4 * RATE), (1, 2 * RATE)}
    assert (both.score, both.facts) == (long.score, long.facts)  # of the long windows alone
    assert overlap(located(both, above=0.5), (5.0, 6.0)) > overlap(
        located(long, above=0.5), (5.0, 6.0)
    )


@pytest.mark.usefixtures("all_is_speech")
def test_a_sample_of_windows_is_even_and_bounded() -> None:
    model = Fake(lambda window: float(window[0]))
    sound = np.repeat(np.arange(200, dtype=np.float32), RATE)
    outcome = ask(model, chunks(sound), Listening(softness=1.0, max_windows=16))
    assert isinstance(outcome, Scored)
    assert outcome.facts["windows"] == 99
    scored = outcome.facts["windows_scored"]
    assert 8 <= scored <= 16
    starts = [segment.start_s for segment in outcome.segments]
    assert len(set(np.diff(starts).round(3))) == 1


@pytest.mark.usefixtures("all_is_speech")
@pytest.mark.parametrize("max_windows", [None, pytest.param(20, marks=pytest.mark.slow)])
def test_three_hours_take_no_more_memory_than_ten_minutes(max_windows: int | None) -> None:
    def resident_mib() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * 4096 / 2**20

    model = Fake(lambda window: float(window[0]))
    listening = Listening(softness=1.0, batch=8, max_windows=max_windows)
    examination = SpeechExamination(model, listening)
    sound = np.random.default_rng(0).standard_normal(4 * RATE).astype(np.float32)
    early = 0.0
    for index in range(3 * 900):
        block = AudioBlock(start_s=4.0 * index, sample_rate=RATE, samples=sound.copy())
        examination.feed(
            Chunk(index=index, start_s=block.start_s, end_s=block.end_s, audio=(block,))
        )
        if index == 150:
            early = resident_mib()
    grown = resident_mib() - early
    outcome = examination.finish()
    assert isinstance(outcome, Scored)
    assert outcome.facts["windows"] == 5399
    assert grown < 16
    assert len(outcome.segments) <= MAX_SEGMENTS


def located(outcome: Outcome, *, above: float) -> tuple[float, float]:
    assert isinstance(outcome, Scored)
    hits = [s for s in outcome.segments if s.score is not None and s.score > above]
    assert hits, outcome.segments
    return hits[0].start_s, hits[-1].end_s


def overlap(found: tuple[float, float], true: tuple[float, float]) -> float:
    """Intersection over union of two stretches of time."""
    shared = min(found[1], true[1]) - max(found[0], true[0])
    return max(0.0, shared) / (max(found[1], true[1]) - min(found[0], true[0]))


@pytest.mark.corpus
@pytest.mark.skipif(not CLIPS.is_dir(), reason="the speech is not in ../shared/data/speech")
@pytest.mark.parametrize("insert_s", [7.0, 10.4])
def test_a_spliced_insert_is_located(insert_s: float) -> None:
    """A model that knows gives each window its share of marked samples."""

    def read(path: Path) -> SampleArray:
        with av.open(str(path)) as container:
            parts = [frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)]
        return np.concatenate(parts).astype(np.float32) / 32768

    rows = (CLIPS / "manifest.csv").read_text().splitlines()[1:]
    real = [row.split(",")[0] for row in rows if row.split(",")[1] == "0"][:8]
    fake = next(row.split(",")[0] for row in rows if row.split(",")[1] == "1")
    sound = np.concatenate([read(CLIPS / path) for path in real])
    at = round(insert_s * RATE)
    insert = np.resize(read(CLIPS / fake), 2 * RATE)
    sound = np.concatenate([sound[:at], insert, sound[at:]])
    known = set(insert[np.abs(insert) > 0.001].tolist())
    genuine = set(sound[:at].tolist()) | set(sound[at + 2 * RATE :].tolist())
    telling = np.array(sorted(known - genuine), np.float32)
    model = Fake(lambda window: float(np.isin(window, telling).mean()), hop_s=1.0)
    outcome = ask(model, chunks(sound))
    assert isinstance(outcome, Scored)
    peak = max(segment.score or 0 for segment in outcome.segments)
    assert peak > 0
    assert overlap(located(outcome, above=peak / 2), (insert_s, insert_s + 2)) >= 0.5


class Stub(SpeechDetector):
    """A detector with a made model, as ``speech.synthetic`` is one with a trained model."""

    listening = Listening(softness=1.0, batch=8)
    loads = 0

    @property
    def card(self) -> Card:
        return Card(
            name="speech.stub",
            version="1",
            title="Stub",
            asks="Is it?",
            does_not_say=("Anything.",),
            sha256="0" * 64,
            question=Question(h1="It is.", h2="It is not."),
        )

    def load(self, data_dirs: Mapping[str, Path]) -> Fake | Abstained:
        self.loads += 1
        return Fake(lambda window: float(np.abs(window).mean()))


def written(path: Path, sound: SampleArray, *, codec: str, rate: int, bit_rate: int) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="mono")
        stream.bit_rate = bit_rate
        pcm = (sound * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(pcm, "s16", "mono")
        frame.sample_rate = RATE
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return path


def test_a_speech_detector_keeps_the_promises(tmp_path: Path) -> None:
    voice = make_voice(10, rng=np.random.default_rng(7))
    telephone = written(tmp_path / "a.wav", voice, codec="pcm_mulaw", rate=8000, bit_rate=64_000)
    platform = written(tmp_path / "b.mp3", voice, codec="libmp3lame", rate=44_100, bit_rate=64_000)
    detector = Stub()
    check_detector(detector, {"telephone": telephone, "platform": platform})
    assert detector.loads == 1
    outcomes = [examine(detector, path) for path in (telephone, platform)]
    assert all(isinstance(outcome, Scored) for outcome in outcomes)
    spoken = [outcome.facts["speech_s"] for outcome in outcomes if isinstance(outcome, Scored)]
    assert spoken == pytest.approx([10, 10], abs=0.6)
