"""Resampling gives what scipy gives."""

from fractions import Fraction

import numpy as np
import pytest
import scipy.signal

from eegkit.resampling import ratio_of, resample

RATIOS = [
    (32, 125),
    (1, 2),
    (1, 4),
    (2, 1),
    (4, 5),
    (5, 4),
    (16, 25),
    (125, 128),
    (999, 1000),
    (3, 1),
]


@pytest.mark.parametrize("pad", ["line", "reflect"])
@pytest.mark.parametrize("n_times", [40, 333, 1000])
@pytest.mark.parametrize("ratio", RATIOS, ids=lambda r: f"{r[0]}-{r[1]}")
def test_it_is_scipys(ratio, n_times, pad):
    x = np.random.default_rng(0).normal(size=(2, 3, n_times)).cumsum(axis=-1)
    expected = scipy.signal.resample_poly(x, *ratio, axis=-1, padtype=pad)
    made = resample(x, Fraction(*ratio), pad)
    assert made.shape == expected.shape
    np.testing.assert_allclose(made, expected, atol=1e-10 * np.abs(x).max())
    single = resample(x.astype(np.float32), Fraction(*ratio), pad)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, atol=1e-5 * np.abs(x).max())


def test_a_sine_stays_a_sine():
    t, to = np.arange(5000) / 500, np.arange(1280) / 128
    made = resample(np.sin(2 * np.pi * 7 * t)[None], ratio_of(500.0, 128.0), "reflect")
    middle = slice(100, -100)
    np.testing.assert_allclose(made[0, middle], np.sin(2 * np.pi * 7 * to)[middle], atol=2e-3)


def test_the_same_rate_is_a_copy():
    x = np.arange(6.0).reshape(1, 6)
    made = resample(x, Fraction(1), "line")
    np.testing.assert_array_equal(made, x)
    assert not np.shares_memory(made, x)


@pytest.mark.parametrize(
    ("sfreq", "target"),
    [(499.987, 128), (600.614990234375, 128), (1e6 / 3906, 256), (678.17, 128), (128, 678.17)],
)
def test_rates_that_real_files_have(sfreq, target):
    ratio = ratio_of(sfreq, target)
    assert abs(float(ratio) * sfreq / target - 1) < 1.1e-7
    t = np.arange(round(20 * sfreq)) / sfreq
    x = resample(np.sin(2 * np.pi * 7 * t)[None], ratio, "reflect")
    expected = np.sin(2 * np.pi * 7 * np.arange(x.shape[1]) / target)
    middle = slice(round(target), -round(target))
    np.testing.assert_allclose(x[0, middle], expected[middle], atol=0.01)
    # Of a block that repeats after thousands of samples, no more is computed than is needed.
    terms = ratio.numerator, ratio.denominator
    scipys = scipy.signal.resample_poly(x, *terms, axis=-1, padtype="line")
    np.testing.assert_allclose(resample(x, ratio, "line"), scipys, atol=1e-6)


def test_rates_too_far_apart():
    assert ratio_of(500.0, 128.0) == Fraction(32, 125)
    with pytest.raises(ValueError, match="1e-12 Hz and 128 Hz are too far apart"):
        ratio_of(1e-12, 128.0)


# Of the last: so many outputs that the channels of a trial are not resampled together.
@pytest.mark.parametrize(
    ("ratio", "shape"),
    [
        ((2, 1), (9, 5, 40)),
        ((32, 125), (7, 22, 1000)),
        ((999, 1000), (5, 4, 1000)),
        ((3, 1), (2, 6, 40000)),
    ],
)
@pytest.mark.parametrize("pad", ["line", "reflect"])
def test_a_trial_does_not_depend_on_the_others(ratio, shape, pad):
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    among = resample(x, Fraction(*ratio), pad)
    alone = np.stack([resample(trial, Fraction(*ratio), pad) for trial in x])
    np.testing.assert_array_equal(among, alone)
    np.testing.assert_array_equal(resample(x[::-1], Fraction(*ratio), pad)[::-1], among)


def test_a_short_signal_is_mirrored_again_and_again():
    x = np.random.default_rng(0).normal(size=(1, 4))
    expected = scipy.signal.resample_poly(x, 1, 2, axis=-1, padtype="reflect")
    np.testing.assert_allclose(resample(x, Fraction(1, 2), "reflect"), expected, atol=1e-12)
    assert resample(np.ones((2, 1)), Fraction(2), "reflect").shape == (2, 2)
