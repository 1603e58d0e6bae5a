import numpy as np
import pytest
import scipy.signal

from eegkit import SignalArray
from eegkit.transforms import BandPass, Notch, Resample

SFREQ = 250.0
TIMES = np.arange(1500) / SFREQ
INSIDE = slice(300, 1200)


def sines(*freqs):
    return SignalArray(np.sin(2 * np.pi * np.array(freqs)[:, None] * TIMES)[None], sfreq=SFREQ)


def amplitude(signals):
    return np.asarray(signals)[0, :, INSIDE].std(axis=1) * np.sqrt(2)


@pytest.mark.parametrize(
    ("edges", "kept"),
    [((8, 30), [0, 1, 0]), ((8, None), [0, 1, 1]), ((None, 30), [1, 1, 0])],
)
def test_band_pass_keeps_its_band_and_its_phase(edges, kept):
    X = sines(2, 15, 80)
    made = BandPass(l_freq=edges[0], h_freq=edges[1]).fit_transform(X)
    np.testing.assert_allclose(amplitude(made), kept, atol=0.02)
    for channel in np.flatnonzero(kept):
        np.testing.assert_allclose(made[0, channel, INSIDE], X[0, channel, INSIDE], atol=0.02)
    assert made.sfreq == SFREQ


def test_band_pass_is_scipys():
    X = np.random.default_rng(0).normal(size=(2, 2, 500))
    made = BandPass(sfreq=SFREQ, l_freq=4, h_freq=40).fit_transform(X)
    sections = scipy.signal.butter(4, [4, 40], "bandpass", fs=SFREQ, output="sos")
    expected = scipy.signal.sosfiltfilt(sections, X)
    assert np.abs(made - expected).max() < 1e-4 * np.abs(expected).max()


def test_notch_takes_the_line_out():
    made = Notch(freqs=[50, 100]).fit_transform(sines(10, 50, 100))
    np.testing.assert_allclose(amplitude(made), [1, 0, 0], atol=0.03)


@pytest.mark.parametrize("target_sfreq", [125, 100, 160, 500])
def test_resample_is_scipys(target_sfreq):
    X = np.random.default_rng(0).normal(size=(2, 2, 500))
    model = Resample(target_sfreq=target_sfreq, sfreq=SFREQ)
    made = model.fit_transform(X)
    expected = scipy.signal.resample_poly(X, model.up_, model.down_, axis=-1, padtype="line")
    assert made.shape == expected.shape
    assert np.abs(made - expected).max() < 1e-4 * np.abs(expected).max()
    assert made.sfreq == target_sfreq


def test_resampled_sines_stay_or_vanish():
    made = Resample(target_sfreq=100).fit_transform(sines(5, 70))
    times = np.arange(made.shape[-1]) / 100
    inside = slice(120, 480)
    expected = np.sin(2 * np.pi * 5 * times)
    np.testing.assert_allclose(made[0, 0, inside], expected[inside], atol=0.01)
    np.testing.assert_allclose(made[0, 1, inside], 0, atol=0.01)


def test_what_comes_next_sees_the_new_rate():
    made = BandPass().fit_transform(Resample(target_sfreq=125).fit_transform(sines(5)))
    assert made.sfreq == 125


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (BandPass(h_freq=125), "h_freq is 125 Hz; expected less than 125 Hz, half the rate of X"),
        (BandPass(l_freq=-1), "l_freq is -1; expected a number above 0"),
        (BandPass(l_freq=30, h_freq=8), "expected l_freq below h_freq"),
        (BandPass(l_freq=None, h_freq=None), "both None"),
        (BandPass(order=0), "order is 0"),
        (Notch(freqs=[]), "at least one entry"),
        (Notch(freqs=200), "freqs is 200 Hz"),
        (Notch(quality=0), "quality is 0"),
        (Resample(target_sfreq=0), "target_sfreq is 0"),
        (Resample(target_sfreq=1e-9), "1e-09 Hz are too far apart"),
    ],
)
def test_parameters_that_make_no_sense(model, message):
    with pytest.raises(ValueError, match=message):
        model.fit(sines(5))


def test_resampling_from_a_rate_that_was_measured():
    t = np.arange(2403) / 600.614990234375
    X = SignalArray(np.sin(2 * np.pi * 7 * t)[None, None].astype("f4"), sfreq=600.614990234375)
    resampled = Resample(target_sfreq=128).fit_transform(X)
    assert (resampled.sfreq, resampled.shape) == (128.0, (1, 1, 513))
    expected = np.sin(2 * np.pi * 7 * np.arange(513) / 128)
    np.testing.assert_allclose(resampled[0, 0, 64:-64], expected[64:-64], atol=0.01)
