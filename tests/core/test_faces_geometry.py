"""Motion, poses, crops and cuts, against known amounts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.ndimage import gaussian_filter

from avaudit.media.faces.crops import pose_of, turned_square
from avaudit.media.faces.cuts import CutFinder
from avaudit.media.faces.motion import Window, motion_between
from avaudit.media.faces.track import overlap

rng = np.random.default_rng(3)
ROUGH = gaussian_filter(rng.normal(size=(400, 400)), 6)
ROUGH = (ROUGH - ROUGH.min()) / (ROUGH.max() - ROUGH.min()) * 255
PICTURE = np.repeat(ROUGH.astype(np.uint8)[..., None], 3, axis=2)


@settings(max_examples=25, deadline=None)
@given(st.floats(-4, 4), st.floats(-4, 4), st.floats(-3, 3), st.floats(0.96, 1.04))
def test_shift_turn_and_scale_are_recovered(x: float, y: float, turn: float, scale: float) -> None:
    before = turned_square(PICTURE, (200, 200), 300, 0, 300)
    after = turned_square(PICTURE, (200 - x, 200 - y), 300 / scale, -turn, 300)
    window = Window(150.0, 150.0, 120.0)
    motion = motion_between(window.cut(before), window.cut(after), window)
    assert motion.agreement > 0.95
    points = np.array([[150.0, 150.0], [110.0, 130.0], [190.0, 130.0]])
    angle = np.radians(turn)
    rotation = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    expected = (points - 150.0 + [x, y]) @ rotation.T + 150.0
    np.testing.assert_allclose(motion.of(points), expected, atol=1.0)
    assert motion.scale == pytest.approx(scale, abs=0.015)


def test_brightness_and_contrast_are_no_motion() -> None:
    window = Window(200.0, 200.0, 120.0)
    patch = window.cut(PICTURE)
    motion = motion_between(patch, 0.6 * patch + 30, window)
    assert motion.agreement == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(motion.of(np.array([[180.0, 190.0]])), [[180.0, 190.0]], atol=1e-3)


def test_another_picture_does_not_agree() -> None:
    window = Window(200.0, 200.0, 120.0)
    other = np.ascontiguousarray(PICTURE[::-1, ::-1])
    assert motion_between(window.cut(PICTURE), window.cut(other), window).agreement < 0.6
    flat = np.full_like(PICTURE, 90)
    assert abs(motion_between(window.cut(PICTURE), window.cut(flat), window).agreement) < 0.1


@pytest.mark.parametrize("middle", [(200.0, 200.0), (0.0, 399.0), (-50.0, 500.0)])
def test_crops_reach_beyond_the_picture(middle: tuple[float, float]) -> None:
    crop = turned_square(PICTURE, middle, 150.0, 17.0, 64)
    assert crop.shape == (64, 64, 3)
    assert Window(*middle, 80.0).cut(PICTURE).shape == (48, 48)


def test_a_crop_is_where_it_should_be() -> None:
    rows, columns = np.mgrid[0:200, 0:200]
    ramp = np.stack([columns, rows, columns * 0], axis=2).astype(np.uint8)
    crop = turned_square(ramp, (100.0, 80.0), 40.0, 0.0, 20).astype(float)
    # pixel n shows the places 2n and 2n + 1 of the cut, which begins at 80 and 60
    np.testing.assert_allclose(crop[0, :, 0], 80.5 + 2 * np.arange(20), atol=1.0)
    np.testing.assert_allclose(crop[:, 0, 1], 60.5 + 2 * np.arange(20), atol=1.0)
    turned = turned_square(ramp, (100.0, 80.0), 40.0, 90.0, 20).astype(float)
    np.testing.assert_allclose(turned[0, :, 1], crop[:, 0, 1], atol=1.5)


def test_pose_of_turned_heads() -> None:
    frontal = np.array([[0.0, 0.0], [30.0, 0.0], [15.0, 15.0], [2.0, 30.0], [28.0, 30.0]])
    angle = np.radians(20.0)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    pose = pose_of(frontal @ rotation.T + [400, 300])
    assert (pose.roll_deg, pose.yaw_deg) == pytest.approx((20.0, 0.0), abs=1e-9)
    assert pose.unit_px == pytest.approx(30.0)
    # a head turned by 40 degrees: eyes nearer together, nose before their middle
    turn = np.radians(40.0)
    turned = frontal.copy()
    turned[:, 0] = 15.0 + (frontal[:, 0] - 15.0) * np.cos(turn)
    turned[2, 0] += 0.45 * 30.0 * np.sin(turn)
    assert pose_of(turned).yaw_deg == pytest.approx(40.0, abs=1.0)
    assert pose_of(turned).unit_px == pytest.approx(30.0, abs=0.5)


def test_overlap_of_boxes() -> None:
    one = np.array([0.0, 0.0, 10.0, 10.0])
    assert overlap(one, one) == 1.0
    assert overlap(one, np.array([20.0, 0.0, 10.0, 10.0])) == 0.0
    assert overlap(one, np.array([0.0, 0.0, 0.0, 0.0])) == 0.0


def shown(*pictures: np.ndarray) -> list[bool]:
    finder = CutFinder()
    return [finder.is_cut(picture) for picture in pictures]


def test_cuts_and_what_is_none() -> None:
    other = np.ascontiguousarray(np.rot90(PICTURE))
    black = np.zeros_like(PICTURE)
    brighter = (PICTURE * 0.5 + 120).astype(np.uint8)
    moved = np.roll(PICTURE, 6, axis=1)
    noisy = (PICTURE + rng.normal(0, 20, PICTURE.shape)).clip(0, 255).astype(np.uint8)
    assert shown(PICTURE, PICTURE, other, other) == [False, False, True, False]
    assert shown(PICTURE, brighter, moved, noisy) == [False] * 4
    assert shown(PICTURE, black, black) == [False, True, False]
    whipped = [np.roll(PICTURE, 40 * n, axis=1) for n in range(20)]
    assert not any(shown(*whipped)[9:])
