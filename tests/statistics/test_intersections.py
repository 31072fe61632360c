"""Additive regression: closed forms at both ends of the spread, and cells without data."""

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from avaudit.statistics import shrink_intersections

CELLS = [(a, b) for a in ("f", "m") for b in ("dark", "light", "medium")]


def test_attributes_that_add_up_are_recovered_exactly():
    values = np.array([0.5, 0.7, 0.6, 0.6, 0.8, 0.7])
    got = shrink_intersections(values, np.full(6, 0.05), CELLS)
    assert got.prior_spread == 0.0
    assert [s.value for s in got.shrunk] == pytest.approx(values)
    # two rows, three columns: the variance of a fitted value is 4/6 of a cell's
    assert got.shrunk[0].high - got.shrunk[0].low == pytest.approx(
        2 * 1.959964 * 0.05 * math.sqrt(4 / 6)
    )


def test_a_strong_interaction_with_much_data_stays():
    values = np.array([0.2, 0.9, 0.9, 0.9, 0.9, 0.9])
    got = shrink_intersections(values, np.full(6, 0.005), CELLS)
    assert got.prior_spread > 0.1
    assert got.shrunk[0].value == pytest.approx(0.2, abs=0.01)


def test_a_cell_without_data_gets_the_main_effects():
    values = np.array([math.nan, 0.7, 0.6, 0.6, 0.8, 0.7])
    got = shrink_intersections(values, np.full(6, 0.02), CELLS)
    assert not got.raw[0].defined
    assert got.shrunk[0].value == pytest.approx(0.5, abs=1e-6)
    assert "main effects alone" in got.shrunk[0].reason


def test_shrinking_beats_raw_values():
    rng = np.random.default_rng(0)
    cells = [(a, b, c) for a in "ab" for b in "cdef" for c in "ghij"]
    raw = shrunk = 0.0
    for _ in range(20):
        effects = [
            dict(zip(s, rng.normal(0, 0.1, len(s)), strict=True)) for s in ("ab", "cdef", "ghij")
        ]
        true = np.array([sum(e[x] for e, x in zip(effects, c, strict=True)) for c in cells])
        seen = true + rng.normal(0, 0.1, len(cells))
        got = shrink_intersections(seen, np.full(len(cells), 0.1), cells)
        raw += np.sum((seen - true) ** 2)
        shrunk += np.sum((np.array([s.value for s in got.shrunk]) - true) ** 2)
    assert shrunk < 0.5 * raw


def test_too_few_cells_is_a_reason():
    got = shrink_intersections([0.5, math.nan], [0.1, 0.1], [("a",), ("b",)])
    assert "too few cells" in got.shrunk[0].reason
    assert got.raw[0].value == 0.5
    with pytest.raises(ValueError, match="one length"):
        shrink_intersections([0.5], [0.1, 0.1], [("a",)])


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 0.5)), min_size=6, max_size=6))
def test_never_crashes(pairs):
    values, se = zip(*pairs, strict=True)
    got = shrink_intersections(values, se, CELLS)
    for one in got.shrunk:
        assert one.reason or one.low <= one.value <= one.high
