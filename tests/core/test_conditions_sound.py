"""Imposing conditions on sound and measuring them: round trips, alignment, hostile values."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy import signal

from avaudit.conditions._audio_codec import CODINGS, encoded_audio
from avaudit.conditions._levels import active_power
from avaudit.conditions._sound_meter import SoundMeter, band_edge
from avaudit.conditions.impose import AUDIO_CONDITIONS, impose_audio, select_conditions
from avaudit.conditions.impose_audio import Coded, Noisy, make_noise
from avaudit.conditions.match import match
from avaudit.conditions.measure import ConditionMeter, Conditions
from avaudit.confinement.limits import Limits
from avaudit.errors import UsageError
from avaudit.media.intake import open_media
from avaudit.media.types import AudioBlock, Chunk

Samples = npt.NDArray[np.float32]
NOT_MATCHED = {"quiet_20db", "reverb_300ms", "trim_3s", "music_20db"}
"""Conditions that leave no sign a meter could tell from ordinary differences between items."""

TAKEN_FOR_NOISE = {"music_10db", "music_0db"}


def voice(rate: int, seconds: float, seed: int = 1) -> Samples:
    """A made-up talker: gliding pulses through two formants, breath, pauses, a noise floor."""
    rng = np.random.default_rng(seed)
    n = round(rate * seconds)
    t = np.arange(n) / rate
    turns = np.cumsum((120 + 30 * np.sin(2 * np.pi * 0.8 * t)) / rate)
    source = np.diff(np.floor(turns), prepend=0.0) + 0.1 * rng.standard_normal(n)
    for hz, width_hz in ((500, 100), (1500, 150)):
        b, a = signal.iirpeak(hz, hz / width_hz, fs=rate)
        source = source + 4 * signal.lfilter(b, a, source)
    gate = np.clip(4 * np.sin(2 * np.pi * 0.7 * t + 1) + 1.5, 0, 1)
    sound = 0.4 * gate * source / np.max(np.abs(source)) + 1e-4 * rng.standard_normal(n)
    return sound.astype(np.float32)


def metered(samples: Samples, rate: int, block: int | None = None) -> SoundMeter:
    meter = SoundMeter()
    size = block or rate
    for start in range(0, len(samples), size):
        part = samples[start : start + size]
        meter.feed(AudioBlock(start_s=start / rate, sample_rate=rate, samples=part))
    return meter


def conditions_of_file(path: Path) -> Conditions:
    """Measure a file as the worker does."""
    fd = os.open(path, os.O_RDONLY)
    try:
        opened = open_media(fd, Limits())
        meter = ConditionMeter(opened.media, lambda: io.BytesIO(path.read_bytes()))
        assert opened.chunks is not None
        for chunk in opened.chunks():
            for frame in chunk.frames:
                assert frame.rgb.size  # as a detector that looks at every picture
            meter.feed(chunk)
        return meter.finish()
    finally:
        os.close(fd)


@pytest.fixture(scope="module")
def spoken() -> Samples:
    return voice(16000, 5.0)


@pytest.mark.parametrize("name", AUDIO_CONDITIONS)
def test_length_alignment_and_repeatability(name: str) -> None:
    condition = AUDIO_CONDITIONS[name]
    for rate in (16000, 44100):
        samples = voice(rate, 1.0)
        before = samples.copy()
        once = impose_audio(samples, rate, name, rng=np.random.default_rng(5))
        again = impose_audio(samples, rate, name, rng=np.random.default_rng(5))
        np.testing.assert_array_equal(once, again)
        np.testing.assert_array_equal(samples, before)
        assert once.dtype == np.float32
        assert np.isfinite(once).all()
        if not any(type(step).__name__ == "Trim" for step in condition.steps):
            assert len(once) == len(samples)
            # the band filters of speech coders delay by up to 0.05 ms, less than a sample at 16 kHz
            assert abs(_lag(samples, once)) <= max(1, round(rate * 6e-5))


def _lag(before: Samples, after: Samples) -> int:
    size = 2 * len(before)
    product = np.fft.rfft(after, size) * np.conj(np.fft.rfft(before, size))
    place = int(np.argmax(np.fft.irfft(product, size)))
    return place if place < len(before) else place - size


@pytest.mark.parametrize("name", AUDIO_CONDITIONS)
def test_imposed_then_measured_gives_back_the_condition(
    name: str, spoken: Samples, tmp_path: Path
) -> None:
    step = next(iter(AUDIO_CONDITIONS[name].steps), None)
    if isinstance(step, Coded):
        coding = CODINGS[step.codec]
        path = tmp_path / "sound"
        path.write_bytes(encoded_audio(spoken, 16000, coding, step.bit_rate))
        measured = conditions_of_file(path)
        assert measured.audio_bit_rate == pytest.approx(step.bit_rate, rel=0.35)
    else:
        meter = metered(impose_audio(spoken, 16000, name), 16000)
        measured = Conditions(
            audio_codec="pcm_s16le",
            bandwidth_hz=meter.bandwidth_hz,
            snr_db=meter.snr_db,
            clipped_share=meter.clipped_share,
        )
    expected = "clean" if name in NOT_MATCHED else name
    if name in TAKEN_FOR_NOISE:
        expected = "noise_10db"
    assert match(measured, [expected], of="audio").name == expected
    if expected != "clean":
        assert match(measured, ["clean"], of="audio").name is None


@pytest.mark.parametrize("snr_db", [5.0, 12.0, 20.0, 28.0])
@pytest.mark.parametrize("kind", ["white", "pink"])
def test_noise_is_as_strong_as_asked_and_measured_so(
    snr_db: float, kind: str, spoken: Samples
) -> None:
    rng = np.random.default_rng(2)
    from avaudit.conditions.impose import Condition

    own = Condition("own", "own", (Noisy(snr_db=snr_db, noise=kind),))
    noisy = impose_audio(spoken, 16000, own, rng=rng)
    added = 10 * np.log10(active_power(spoken, 16000) / np.mean((noisy - spoken) ** 2))
    assert added == pytest.approx(snr_db, abs=0.05)
    # below about 12 dB, pauses count as active and the estimate sinks
    measured = metered(noisy, 16000).snr_db
    assert measured == pytest.approx(snr_db, abs=2.0 if snr_db > 12 else 4.0)


@pytest.mark.parametrize("kind", ["white", "pink", "babble"])
def test_made_noise_has_power_one_and_its_slope(kind: str) -> None:
    noise = make_noise(kind, 64000, 16000, np.random.default_rng(0))
    assert np.mean(noise**2) == pytest.approx(1.0)
    hz, power = signal.welch(noise, 16000, nperseg=2048)
    octaves = [10 * np.log10(np.mean(power[(hz >= f) & (hz < 2 * f)])) for f in (1000, 2000)]
    assert octaves[0] - octaves[1] == pytest.approx(
        {"white": 0, "pink": 3, "babble": 9}[kind], abs=1.5
    )


def test_made_music_is_tones_and_beats_of_power_one() -> None:
    assert len(make_noise("music", 1, 16000, np.random.default_rng(0))) == 1
    music = make_noise("music", 16 * 16000, 16000, np.random.default_rng(0))
    assert np.mean(music**2) == pytest.approx(1.0)
    _, power = signal.welch(music, 16000, nperseg=8192)
    flatness = np.exp(np.mean(np.log(power))) / np.mean(power)
    assert flatness < 0.2  # white noise: 1
    level = np.sqrt(np.mean(music.reshape(-1, 160) ** 2, axis=1))
    level -= level.mean()
    spectrum, hz = np.abs(np.fft.rfft(level)), np.fft.rfftfreq(len(level), 0.01)
    beats = hz[(hz > 1.0) & (hz < 3.0)][np.argmax(spectrum[(hz > 1.0) & (hz < 3.0)])]
    assert 90 / 60 <= beats <= 140 / 60


def test_telephone_keeps_its_band_and_nothing_else() -> None:
    t = np.arange(32000) / 16000
    kept = {}
    for hz in (100, 987, 3011, 5000):  # no divisors of 8000: their steps would repeat
        tone = (0.5 * np.sin(2 * np.pi * hz * t)).astype(np.float32)
        out = impose_audio(tone, 16000, "telephone_8k")[4000:-4000]
        kept[hz] = float(np.std(out) / np.std(tone))
    assert kept[987] == pytest.approx(1.0, abs=0.02)
    assert kept[3011] == pytest.approx(1.0, abs=0.02)
    assert kept[100] < 0.01
    assert kept[5000] < 0.01


def test_g711_steps_are_those_of_the_standard() -> None:
    # 8 bits: at most 256 different values, and a relative error of about 2 % for loud samples
    ramp = np.linspace(-1, 1, 8000, dtype=np.float32)
    from avaudit.conditions._audio_codec import through_codec

    out = through_codec(ramp, 8000, CODINGS["mulaw"], None)
    assert len(np.unique(out)) <= 256
    loud = np.abs(ramp) > 0.1
    assert np.max(np.abs(out[loud] / ramp[loud] - 1)) < 0.035


@pytest.mark.parametrize("edge_hz", [2500, 3400, 4000, 5500, 7000])
def test_true_bandwidth_is_found_whatever_the_container_rate(edge_hz: int) -> None:
    rng = np.random.default_rng(3)
    for rate in (16000, 48000):
        taps = signal.firwin(401, edge_hz, fs=rate)
        limited = signal.fftconvolve(voice(rate, 2.0) + 0.002 * rng.standard_normal(2 * rate), taps)
        found = metered(limited[: 2 * rate].astype(np.float32), rate).bandwidth_hz
        assert found == pytest.approx(edge_hz, abs=200)


def test_whole_band_without_an_edge_and_closed_form() -> None:
    assert band_edge(np.ones(401), 16000) == 8000.0
    falling = 10.0 ** (-np.arange(401) * 20 / 8000 / 10 * 4)  # 80 dB over 8 kHz, evenly
    assert band_edge(falling, 16000) == 8000.0
    assert band_edge(np.array([1.0]), 16000) <= 8000.0


def test_the_size_of_blocks_does_not_matter(spoken: Samples) -> None:
    whole, small = metered(spoken, 16000), metered(spoken, 16000, block=777)
    assert small.bandwidth_hz == whole.bandwidth_hz
    assert small.snr_db == pytest.approx(whole.snr_db, abs=1e-6)
    assert small.level_dbfs == pytest.approx(whole.level_dbfs, abs=1e-6)
    assert small.seconds == pytest.approx(5.0)


def test_clipping_and_level_closed_form() -> None:
    t = np.arange(16000) / 16000
    tone = np.sin(2 * np.pi * 440 * t).astype(np.float32) * np.float32(0.5)
    assert metered(tone, 16000).level_dbfs == pytest.approx(-9.03, abs=0.02)
    assert metered(tone, 16000).clipped_share == 0.0
    clipped = metered(impose_audio(tone, 16000, "clipped_5pct"), 16000)
    assert clipped.clipped_share == pytest.approx(0.05, abs=0.01)
    # a steady tone has no pauses in which its noise could be heard
    assert metered(tone, 16000).snr_db is None


HOSTILE = {
    "nothing": np.zeros(0, np.float32),
    "one sample": np.array([0.3], np.float32),
    "two samples": np.array([1.0, -1.0], np.float32),
    "silence": np.zeros(4000, np.float32),
    "NaN": np.full(4000, np.nan, np.float32),
    "infinity": np.array([np.inf, -np.inf] * 2000, np.float32),
    "beyond full scale": np.full(4000, 1e30, np.float32),
    "tiny": np.full(4000, 1e-38, np.float32),
    "constant": np.ones(4000, np.float32),
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.filterwarnings("error")
def test_hostile_values_never_crash(what: str) -> None:
    samples = HOSTILE[what]
    for name in AUDIO_CONDITIONS:
        out = impose_audio(samples, 16000, name)
        assert len(out) == len(samples)
        assert np.isfinite(out).all()
    meter = metered(samples, 16000)
    for value in (meter.bandwidth_hz, meter.snr_db, meter.level_dbfs, meter.clipped_share):
        assert value is None or np.isfinite(value)


def test_another_rate_in_the_middle_of_a_file_and_gaps_are_survived() -> None:
    meter = SoundMeter()
    for start, rate in ((0.0, 16000), (1.0, 8000), (50.0, 16000), (-3.0, 16000), (2.0, 0)):
        samples = voice(16000, 0.5)
        meter.feed(AudioBlock(start_s=start, sample_rate=rate, samples=samples))
    assert meter.rate == 16000
    assert meter.seconds == pytest.approx(0.5 * 3 + 1.0)


def test_wrong_names_and_arguments() -> None:
    with pytest.raises(UsageError, match="did you mean 'mp3_64k'"):
        impose_audio(np.zeros(8, np.float32), 16000, "mp3_65k")
    with pytest.raises(UsageError, match="there is no condition"):
        select_conditions(["clean", "underwater"], AUDIO_CONDITIONS)
    with pytest.raises(ValueError, match="must be mono"):
        impose_audio(np.zeros((8, 2), np.float32), 16000, "clean")
    with pytest.raises(ValueError, match="sample rate"):
        impose_audio(np.zeros(8, np.float32), 100, "clean")


def test_every_name_is_its_own_key() -> None:
    assert all(name == condition.name for name, condition in AUDIO_CONDITIONS.items())
    assert [c.name for c in select_conditions(AUDIO_CONDITIONS, AUDIO_CONDITIONS)] == list(
        AUDIO_CONDITIONS
    )


def test_an_empty_chunk_is_no_trouble() -> None:
    meter = SoundMeter()
    for block in Chunk(index=0, start_s=0.0, end_s=1.0).audio:
        meter.feed(block)
    assert meter.bandwidth_hz is None
    assert meter.clipped_share is None
