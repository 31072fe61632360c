"""The distribution functions against scipy."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import special, stats

from avaudit.statistics._distributions import (
    beta_cdf,
    beta_quantile,
    chi2_sf,
    log_gamma,
    normal_cdf,
    normal_quantile,
    t_cdf,
    t_quantile,
)

DF = st.floats(0.5, 1e5)
SHARE = st.floats(1e-6, 1 - 1e-6)


@given(st.floats(1e-6, 1e8))
def test_log_gamma(x):
    assert float(log_gamma(x)) == pytest.approx(special.gammaln(x), rel=1e-12, abs=1e-12)


@given(st.floats(0, 1), st.floats(0.05, 1e4), st.floats(0.05, 1e4))
def test_beta_cdf(x, a, b):
    assert float(beta_cdf(x, a, b)) == pytest.approx(stats.beta.cdf(x, a, b), abs=1e-9)


def test_beta_quantile_of_many_at_once():
    p, a, b = np.array([0.025, 0.5, 0.975]), np.array([0.5, 30, 3000]), np.array([10.5, 2, 1])
    assert beta_quantile(p, a, b) == pytest.approx(stats.beta.ppf(p, a, b), rel=1e-9)


@given(st.floats(-50, 50), DF)
def test_t_cdf(t, df):
    assert t_cdf(t, df) == pytest.approx(stats.t.cdf(t, df), rel=1e-8, abs=1e-12)


@given(SHARE, DF)
def test_t_quantile(p, df):
    assert t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-7, abs=1e-8)


def test_the_normal_is_the_limit_of_t():
    assert t_quantile(0.975, np.inf) == normal_quantile(0.975) == pytest.approx(1.959963984540054)
    assert t_cdf(-8.0, np.inf) == normal_cdf(-8.0) == pytest.approx(stats.norm.cdf(-8), rel=1e-12)


@given(st.floats(0, 500), st.integers(1, 200))
def test_chi2_sf(x, df):
    assert chi2_sf(x, df) == pytest.approx(stats.chi2.sf(x, df), rel=1e-7, abs=1e-13)
