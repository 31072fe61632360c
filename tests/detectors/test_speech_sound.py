"""From sound to windows of speech: resampling, voice activity, cutting, times."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from avaudit.detectors.speech import windows as windows_module
from avaudit.detectors.speech.activity import BATCH, FRAME, SpeechGate, SpeechProbability
from avaudit.detectors.speech.resample import Resampler
from avaudit.detectors.speech.windows import SpeechWindows, Window
from avaudit.media.types import AudioBlock, SampleArray
from avaudit.samples.voice import make_voice

RATE = 16_000


def tone(rate: int, seconds: float, hz: float = 1000.0) -> SampleArray:
    time_s = np.arange(round(rate * seconds)) / rate
    return np.sin(2 * np.pi * hz * time_s).astype(np.float32)


def resampled(sound: SampleArray, rate: int, step: int) -> SampleArray:
    resampler = Resampler(rate)
    parts = [resampler.push(sound[at : at + step]) for at in range(0, len(sound), step)]
    return np.concatenate([*parts, resampler.flush()])


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100, 48_000, 96_000, 12_347])
def test_a_tone_keeps_its_pitch_phase_and_level(rate: int) -> None:
    out = resampled(tone(rate, 2.5), rate, 4096)
    assert abs(len(out) - 2.5 * RATE) <= 1
    expected = tone(RATE, 2.5)[: len(out)]
    inside = slice(200, len(expected) - 200)
    assert np.abs(out[inside] - expected[inside]).max() < 2e-3


def test_what_16_khz_cannot_hold_is_gone() -> None:
    out = resampled(tone(48_000, 1.0, hz=9500.0), 48_000, 5000)
    assert np.abs(out[200:-200]).max() < 1e-3


@given(rate=st.sampled_from([44_100, 48_000, 8000]), step=st.integers(50, 60_000))
@settings(max_examples=12, deadline=None)
def test_resampled_bits_do_not_depend_on_the_pieces(rate: int, step: int) -> None:
    sound = np.random.default_rng(1).standard_normal(rate + 777).astype(np.float32)
    assert np.array_equal(resampled(sound, rate, step), resampled(sound, rate, len(sound)))


def test_probabilities_are_those_of_the_published_network() -> None:
    """The package's own description of the network (its tinygrad model), computed by torch."""
    from safetensors.torch import load_file

    functional = torch.nn.functional
    spec = find_spec("silero_vad")
    assert spec is not None
    assert spec.origin is not None
    w = load_file(Path(spec.origin).parent / "data" / "silero_vad_16k.safetensors")
    cell = torch.nn.LSTMCell(128, 128)
    cell.load_state_dict({k.split(".")[1]: v for k, v in w.items() if k.startswith("lstm")})
    sound = make_voice(2 * BATCH * FRAME / RATE, rng=np.random.default_rng(3))
    probability = SpeechProbability()
    ours = np.concatenate([probability.push(b) for b in sound.reshape(2, BATCH, FRAME)])
    state, context, theirs = None, np.zeros(64, np.float32), []
    with torch.inference_mode():
        for frame in sound.reshape(-1, FRAME):
            x = torch.from_numpy(np.concatenate([context, frame]))[None]
            context = frame[-64:]
            x = functional.pad(x, (0, 64), mode="reflect")[:, None]
            x = functional.conv1d(x, w["stft_conv.weight"], stride=128)
            x = (x[:, :129] ** 2 + x[:, 129:] ** 2).sqrt()
            for layer, stride in ((1, 1), (2, 2), (3, 2), (4, 1)):
                weight, bias = w[f"conv{layer}.weight"], w[f"conv{layer}.bias"]
                x = functional.conv1d(x, weight, bias, stride=stride, padding=1).relu()
            state = cell(x.squeeze(-1), state)
            x = functional.conv1d(state[0].relu()[..., None], w["final_conv.weight"])
            theirs.append(torch.sigmoid(x + w["final_conv.bias"]).item())
    assert np.abs(ours - np.array(theirs)).max() < 1e-5


def test_voice_is_speech_and_noise_silence_and_tones_are_not() -> None:
    def share(sound: SampleArray) -> float:
        model = SpeechProbability()
        batches = sound[: 3 * BATCH * FRAME].reshape(3, BATCH, FRAME)
        return float(np.mean([model.push(batch) > 0.5 for batch in batches]))

    rng = np.random.default_rng(0)
    assert share(make_voice(7, rng=rng)) > 0.9
    assert share(0.05 * rng.standard_normal(7 * RATE).astype(np.float32)) < 0.05
    assert share(np.zeros(7 * RATE, np.float32)) == 0.0
    assert share(tone(RATE, 7, hz=440.0)) < 0.05


def decided(pattern: str) -> tuple[str, int]:
    """Run the gate over frames written as ``s`` (speech), ``m`` (between) and ``.`` (silence)."""
    gate = SpeechGate()
    level = {"s": 0.9, "m": 0.4, ".": 0.1}
    kept = [*gate.push(level[frame] for frame in pattern), *gate.flush()]
    return "".join("K" if keep else "." for keep in kept), gate.speech_frames


def test_the_gate_keeps_a_margin_and_drops_bursts() -> None:
    assert decided("." * 20 + "s" * 10 + "." * 20) == ("." * 12 + "K" * 26 + "." * 12, 10)
    assert decided("." * 20 + "s" * 7 + "." * 20) == ("." * 47, 0)
    # hysteresis: between the bounds speech goes on, but does not begin
    assert decided("s" * 8 + "m" * 20 + "." * 9)[1] == 28
    assert decided("m" * 30)[1] == 0
    # a pause of two margins is kept whole, a longer one shrinks
    assert decided("s" * 9 + "." * 16 + "s" * 9)[0] == "K" * 34
    assert decided("s" * 9 + "." * 20 + "s" * 9)[0] == "K" * 17 + "." * 4 + "K" * 17
    assert decided("s" * 9) == ("K" * 9, 9)


@given(st.text("sm.", max_size=120))
def test_the_gate_decides_every_frame_once(pattern: str) -> None:
    kept, speech = decided(pattern)
    assert len(kept) == len(pattern)
    assert speech <= kept.count("K")


def cut(
    blocks: list[AudioBlock], *, window_s: float = 4.0, hop_s: float = 2.0
) -> tuple[list[Window], SpeechWindows]:
    cutter = SpeechWindows(window=round(window_s * RATE), hop=round(hop_s * RATE))
    found = [window for block in blocks for window in cutter.push([block])]
    return [*found, *cutter.flush()], cutter


def times(found: list[Window]) -> list[tuple[float, float]]:
    return [(window.start_s, window.end_s) for window in found]


@pytest.fixture
def loud_is_speech(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace voice activity: a frame is speech if it is loud, so that times are known exactly."""

    class Loudness:
        def push(self, frames: SampleArray) -> SampleArray:
            return (np.abs(frames).max(axis=1) > 0.01).astype(np.float32)

    monkeypatch.setattr(windows_module, "SpeechProbability", Loudness)


def block(start_s: float, samples: SampleArray, rate: int = RATE) -> AudioBlock:
    return AudioBlock(start_s=start_s, sample_rate=rate, samples=samples)


@pytest.mark.usefixtures("loud_is_speech")
class TestTimes:
    ramp = np.linspace(0.1, 0.9, 12 * RATE, dtype=np.float32)

    def test_windows_follow_by_the_hop_and_end_with_the_passage(self) -> None:
        found, cutter = cut([block(0.0, self.ramp[: 9 * RATE])])
        assert times(found) == [(0.0, 4.0), (2.0, 6.0), (4.0, 8.0), (5.0, 9.0)]
        for window in found:
            start = round(window.start_s * RATE)
            assert np.array_equal(window.samples, self.ramp[start : start + 4 * RATE])
        assert cutter.sound_s == 9.0
        assert cutter.speech_s == pytest.approx(9.0, abs=FRAME / RATE)

    def test_a_late_start_and_a_gap_keep_file_time(self) -> None:
        late = [block(2.5, self.ramp[: 5 * RATE]), block(20.0, self.ramp[: 4 * RATE])]
        assert times(cut(late)[0]) == [(2.5, 6.5), (3.5, 7.5), (20.0, 24.0)]

    def test_a_short_gap_does_not_end_the_passage(self) -> None:
        found, _ = cut([block(0.0, self.ramp[: 2 * RATE]), block(3.0, self.ramp[: 2 * RATE])])
        assert times(found) == [(0.0, 5.0)]
        assert np.array_equal(found[0].samples, np.tile(self.ramp[: 2 * RATE], 2))

    def test_a_short_passage_is_repeated_and_a_shorter_one_ignored(self) -> None:
        found, _ = cut([block(0.0, self.ramp[: 3 * RATE // 2])])
        assert times(found) == [(0.0, 1.5)]
        assert np.array_equal(found[0].samples, np.resize(self.ramp[: 3 * RATE // 2], 4 * RATE))
        assert not cut([block(0.0, self.ramp[: RATE // 2])])[0]

    def test_pauses_shrink(self) -> None:
        pause = np.zeros(64 * FRAME, np.float32)
        sound = np.concatenate([self.ramp[: 64 * FRAME], pause, self.ramp[: 64 * FRAME]])
        found, cutter = cut([block(0.0, sound)])
        assert len(found) == 2  # the pause lasts 2.048 s: two passages
        found, cutter = cut([block(0.0, np.delete(sound, slice(80 * FRAME, 104 * FRAME)))])
        assert cutter.speech_s == 128 * FRAME / RATE
        first, last = times(found)[0][0], times(found)[-1][1]
        assert (first, last) == (0.0, round(168 * FRAME / RATE, 6))
        assert np.count_nonzero(np.concatenate([w.samples for w in found[:1]]) == 0) == 16 * FRAME

    def test_other_rates_and_a_change_of_rate(self) -> None:
        low = np.interp(np.arange(0, 5 * RATE, 2), np.arange(12 * RATE), self.ramp)
        blocks = [block(0.0, low.astype(np.float32), 8000), block(5.0, self.ramp[: 5 * RATE])]
        found, cutter = cut(blocks)
        assert times(found) == [(0.0, 4.0), (2.0, 6.0), (4.0, 8.0), (6.0, 10.0)]
        assert cutter.sound_s == 10.0

    def test_times_that_run_backwards_start_a_new_passage(self) -> None:
        found, _ = cut([block(10.0, self.ramp[: 4 * RATE]), block(0.0, self.ramp[: 4 * RATE])])
        assert times(found) == [(10.0, 14.0), (0.0, 4.0)]


def test_windows_are_the_same_bits_however_the_sound_comes() -> None:
    rng = np.random.default_rng(5)
    voice = make_voice(9, rng=rng, sample_rate=44_100)
    sound = np.concatenate([voice, np.zeros(30_000, np.float32), voice])
    whole, _ = cut([block(1.0, sound, 44_100)])
    pieces = [
        block(1.0 + at / 44_100, sound[at : at + 999], 44_100) for at in range(0, len(sound), 999)
    ]
    in_pieces, _ = cut(pieces)
    assert len(whole) >= 6
    assert times(whole) == times(in_pieces)
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(whole, in_pieces, strict=True))
