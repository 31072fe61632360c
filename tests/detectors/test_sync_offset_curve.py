"""Curves of match over offset: closed-form cases, no padding, who speaks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from avaudit.detectors.sync.offset.curve import LAGS, OFFSETS_S, Moments, Slots, joined, slots_of
from avaudit.detectors.sync.offset.head import Head, fit
from avaudit.detectors.sync.offset.reading import FEATURES, over_time, read
from avaudit.detectors.sync.offset.speakers import judge

SIZE = 16


def _moments(
    late_s: float, *, seconds: float = 8.0, seed: int = 0, gain: float = 1.0, motion: float = 0.2
) -> Moments:
    """Lips that are the sound's own vectors, ``late_s`` before it."""
    rng = np.random.default_rng(seed)
    steps = round((seconds + 4) * 100)
    # vectors change within a tenth of a second, as sounds of speech do
    slow = rng.standard_normal((steps // 10 + 2, SIZE))
    sound = np.repeat(slow, 10, axis=0)[:steps]
    at_s = 2.0 + np.arange(round(seconds * 25)) * 0.04
    lips = gain * sound[np.rint((at_s + late_s) * 100).astype(int)]
    lips = lips + 0.5 * rng.standard_normal(lips.shape)
    return Moments(
        lips=lips.astype(np.float32),
        lips_at_s=at_s,
        sound=sound.astype(np.float32),
        sound_start_s=0.0,
        speech=np.ones(steps, np.bool_),
        motion=np.full(len(at_s), motion),
    )


def _other(seed: int, *, motion: float = 0.2) -> Slots:
    """Lips and sound that have nothing to do with one another."""
    rng = np.random.default_rng(seed + 1000)
    made = _moments(0.0, seed=seed, motion=motion)
    lips = np.repeat(rng.standard_normal((len(made.lips) // 3 + 1, SIZE)), 3, axis=0)
    return slots_of(
        Moments(
            lips=lips[: len(made.lips)].astype(np.float32),
            lips_at_s=made.lips_at_s,
            sound=made.sound,
            sound_start_s=0.0,
            speech=made.speech,
            motion=made.motion,
        )
    )


def _head() -> Head:
    """Other sound where the peak stands out by less than 6."""
    count = len(FEATURES)
    weight = np.zeros(count)
    weight[FEATURES.index("prominence")] = -1.0
    wide = np.full(count, 1e9)
    return Head(weight, 6.0, np.zeros(count), np.ones(count), -wide, wide)


@pytest.mark.parametrize("late_s", [-0.9, -0.12, 0.0, 0.05, 0.33, 1.2])
def test_the_offset_of_shifted_vectors_is_found(late_s: float) -> None:
    reading = read(slots_of(_moments(late_s)))
    assert reading is not None
    assert reading.offset_s == pytest.approx(late_s, abs=0.03)
    assert reading.low_s <= late_s <= reading.high_s
    assert reading.prominence > 10


def test_sums_of_a_slot_are_the_products_at_each_offset() -> None:
    made = _moments(0.1, seconds=2.0)
    slots = slots_of(made)
    lips = made.lips - made.lips.mean(axis=0)
    sound = made.sound - made.sound.mean(axis=0)
    at = LAGS // 2 + 7  # 70 ms
    column = np.rint((made.lips_at_s + OFFSETS_S[at]) * 100).astype(int)
    expected = (lips * sound[column]).sum(axis=1)
    assert len(slots) == 2
    assert slots.sums[0, at] == pytest.approx(expected[:25].sum(), rel=1e-4)
    assert slots.counts[:, at].tolist() == [25, 25]


def test_shares_are_log_softmax_over_sound_and_over_lips() -> None:
    made = _moments(0.0, seconds=3.0)
    found = slots_of(made).shares.sum(axis=0)
    lips = made.lips - made.lips.mean(axis=0)
    sound = made.sound - made.sound.mean(axis=0)
    match = (lips @ sound.T).astype(np.float64)
    place = np.rint(made.lips_at_s * 100).astype(int)
    reach = LAGS // 2
    chance = np.exp(match)
    told = 0.0
    for row, column in enumerate(place):
        over_sound = chance[row, column - reach : column + reach + 1].mean()
        near = np.abs(place - column) <= reach
        told += match[row, column] - np.log(over_sound * chance[near, column].mean()) / 2
    assert found[reach] == pytest.approx(told, rel=1e-4)
    # of everything alike, every offset has the share that it has by chance
    same = replace(made, lips=np.ones_like(made.lips))
    assert np.abs(slots_of(same).shares).max() < 1e-9


def test_sound_that_is_not_there_is_not_compared() -> None:
    made = _moments(0.0, seconds=3.0)
    short = Moments(
        lips=made.lips,
        lips_at_s=made.lips_at_s,
        sound=made.sound[: round(100 * made.lips_at_s[-1])],
        sound_start_s=0.0,
        speech=made.speech[: round(100 * made.lips_at_s[-1])],
        motion=made.motion,
    )
    counts = slots_of(short).counts.sum(axis=0)
    assert counts[LAGS // 2 - 50] == len(made.lips)
    assert counts[LAGS // 2 + 100] == pytest.approx(len(made.lips) - 25, abs=1)


def test_silence_is_not_compared() -> None:
    made = _moments(0.0)
    speech = np.zeros_like(made.speech)
    silent = Moments(
        lips=made.lips,
        lips_at_s=made.lips_at_s,
        sound=made.sound,
        sound_start_s=0.0,
        speech=speech,
        motion=made.motion,
    )
    assert len(slots_of(silent)) == 0
    assert read(slots_of(silent)) is None


def test_the_interval_is_wider_with_less_to_go_by() -> None:
    widths = []
    for seconds in (2.0, 12.0):
        reading = read(slots_of(_moments(0.0, seconds=seconds, gain=0.05)))
        assert reading is not None
        widths.append(reading.high_s - reading.low_s)
    assert widths[0] > widths[1]


def test_offsets_over_time_follow_a_jump() -> None:
    first, second = slots_of(_moments(0.0)), slots_of(_moments(0.4, seed=1))
    later = replace(second, start_s=second.start_s + 8.0)
    points = over_time(joined([first, later]))
    assert points[0][1] == pytest.approx(0.0, abs=0.03)
    assert points[-1][1] == pytest.approx(0.4, abs=0.03)


def test_the_speaking_face_is_found_and_the_listener_is_not_accused() -> None:
    units = judge({1: _other(3), 2: slots_of(_moments(0.04, seed=3))}, _head())
    assert [unit.role for unit in units] == ["listens", "speaks"]
    assert units[0].score is None


def test_a_dubbed_track_is_not_averaged_away() -> None:
    dubbed = _other(5)
    later = replace(dubbed, start_s=dubbed.start_s + 100.0)
    units = judge({1: slots_of(_moments(0.0)), 2: later}, _head())
    assert [unit.role for unit in units] == ["speaks", "other_sound"]
    assert units[1].score is not None
    assert units[1].score > 0


def test_lips_at_rest_are_not_accused() -> None:
    assert judge({1: _other(5, motion=0.0)}, _head())[0].role == "lips_at_rest"


def test_short_tracks_are_judged_together() -> None:
    whole = slots_of(_moments(0.12, seconds=8.0))
    parts = {
        number: whole.only(np.arange(len(whole)) // 2 == number)
        for number in range(len(whole) // 2)
    }
    units = judge(parts, _head())
    assert [unit.role for unit in units] == ["speaks"]
    assert units[0].tracks == (0, 1, 2, 3)
    assert units[0].reading is not None
    assert units[0].reading.offset_s == pytest.approx(0.12, abs=0.03)


def test_the_head_separates_what_a_line_separates() -> None:
    rng = np.random.default_rng(0)
    other = np.arange(200) % 4 == 0
    features = rng.standard_normal((200, 2)) + np.where(other, 3.0, -3.0)[:, None]
    head = fit(features, other)
    scores = np.array([head.score(row) for row in features])
    assert np.mean((scores > 0) == other) > 0.98
    again = Head.from_arrays(head.arrays())
    assert again.score(features[0]) == head.score(features[0])


def test_a_head_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="both needed"):
        fit(np.zeros((4, 2)), np.zeros(4, np.bool_))
