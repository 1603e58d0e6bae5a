"""Windows of a trial, and its slow trend, as numpy and scipy have them."""

import numpy as np
import pytest
import scipy.fft

from eegkit.transforms import CosineTrend, TimeCourse

X = np.random.default_rng(0).normal(size=(3, 2, 100)).astype(np.float32)


def test_amplitudes_are_means_of_windows():
    course = TimeCourse(n_windows=4).fit_transform(X)
    np.testing.assert_allclose(course[:, :4], X[:, 0].reshape(3, 4, 25).mean(axis=2), rtol=1e-4)
    np.testing.assert_allclose(course[:, 4:], X[:, 1].reshape(3, 4, 25).mean(axis=2), rtol=1e-4)


def test_a_burst_weighs_little_in_the_log_power():
    course = TimeCourse(n_windows=1, output="log_power")
    burst = X.copy()
    burst[:, :, 40:45] += 100
    gain = course.fit(X).transform(burst) - course.transform(X)
    assert gain.max() < np.log(1e4) / 4
    np.testing.assert_allclose(
        course.transform(X * 10) - course.transform(X), np.log(100), rtol=1e-4
    )
    assert np.isfinite(course.transform(0 * X)).all()


@pytest.mark.parametrize(("n_windows", "output"), [(101, "amplitude"), (13, "log_power")])
def test_more_windows_than_samples(n_windows, output):
    with pytest.raises(ValueError, match=r"takes 10[14] samples or more; the trials have 100"):
        TimeCourse(n_windows=n_windows, output=output).fit(X)


def test_the_trend_is_that_of_scipy_without_the_offset():
    expected = scipy.fft.dct(X.astype(float), norm="ortho")[:, :, 1:4].reshape(3, -1)
    trend = CosineTrend().fit(X)
    np.testing.assert_allclose(trend.transform(X), expected, atol=1e-5)
    np.testing.assert_allclose(trend.transform(X + 512), expected, atol=1e-3)
    with pytest.raises(ValueError, match="n_coefficients is 100; expected fewer than the 100"):
        CosineTrend(n_coefficients=100).fit(X)
