import numpy as np
import pytest
import scipy.signal

from eegkit import SignalArray
from eegkit.transforms import STFT

SFREQ = 128.0


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(3, 2, 640)).astype(np.float32)


def test_power_is_the_density_of_scipy(X):
    ours = STFT(sfreq=SFREQ, output="power", f_min=None, f_max=None).fit_transform(X)
    freqs, times, expected = scipy.signal.spectrogram(
        X.astype(np.float64), SFREQ, window="hann", nperseg=256, noverlap=192, detrend=False
    )
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(ours.freqs, freqs)
    np.testing.assert_allclose(ours.times, times)


@pytest.mark.parametrize("nperseg", [255, 256])
def test_density_adds_up_to_the_variance(nperseg):
    # White noise of variance 4 µV² has a density of 4 / (sfreq / 2) at every frequency.
    noise = np.random.default_rng(0).normal(scale=2, size=(1, 1, 128 * 2000))
    power = STFT(
        sfreq=SFREQ, nperseg=nperseg, output="power", f_min=None, f_max=None
    ).fit_transform(noise)
    assert np.asarray(power).mean(axis=-1).sum() * SFREQ / nperseg == pytest.approx(4, rel=0.02)


def test_logarithms(X):
    power, log, db = (
        np.asarray(STFT(sfreq=SFREQ, output=output).fit_transform(X))
        for output in ("power", "log", "db")
    )
    np.testing.assert_allclose(log, np.log(power), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(db, 10 * np.log10(power), rtol=1e-4, atol=1e-4)
    silent = STFT(sfreq=SFREQ).fit_transform(np.zeros((1, 1, 640)))
    np.testing.assert_allclose(silent, np.log(1e-10), rtol=1e-5)


def test_a_sine_lands_in_its_bin_and_a_chirp_climbs():
    t = np.arange(1280) / SFREQ
    sine = np.sin(2 * np.pi * 12.5 * t)
    chirp = scipy.signal.chirp(t, f0=5, t1=10, f1=45)
    stft = STFT(sfreq=SFREQ)
    spectrograms = np.asarray(stft.fit_transform(np.stack([sine, chirp])[None]))[0]
    assert (stft.freqs_[spectrograms[0].argmax(axis=0)] == 12.5).all()
    peaks = stft.freqs_[spectrograms[1].argmax(axis=0)]
    np.testing.assert_allclose(peaks, 5 + 4 * stft.times_, atol=1.0)


def test_range_of_frequencies_includes_its_ends(X):
    stft = STFT(sfreq=SFREQ, f_min=4, f_max=8).fit(X)
    np.testing.assert_allclose(stft.freqs_, np.arange(4, 8.5, 0.5))


def test_seconds_are_samples_at_the_rate():
    X = SignalArray(np.random.default_rng(0).normal(size=(1, 1, 500)), sfreq=250)
    seconds = STFT(window_s=0.5, hop_s=0.1).fit_transform(X)
    samples = STFT(nperseg=125, hop=25).fit_transform(X)
    np.testing.assert_array_equal(seconds, samples)


def test_a_plain_array_is_read_at_128_hz_with_a_warning(X):
    with pytest.warns(UserWarning, match="STFT reads it at 128 Hz") as caught:
        stft = STFT().fit(X)
    assert stft.sfreq_ == 128
    assert caught[0].filename == __file__


def test_the_rate_comes_from_x(X):
    assert STFT().fit(SignalArray(X, sfreq=160)).sfreq_ == 160


def test_a_rate_that_contradicts_x_is_refused(X):
    with pytest.raises(ValueError, match=r"sampled at 160 Hz, but STFT was given sfreq=128"):
        STFT(sfreq=128).fit(SignalArray(X, sfreq=160))
    stft = STFT().fit(SignalArray(X, sfreq=128))
    with pytest.raises(ValueError, match=r"sampled at 160 Hz, but STFT was fitted at 128 Hz"):
        stft.transform(SignalArray(X, sfreq=160))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"nperseg": 1000}, "window of 1000 samples .* longer than the trials, 640 samples"),
        ({"nperseg": 0}, "window is 0 samples long"),
        ({"hop_s": 0.001}, "hop is 0 samples long"),
        ({"f_max": 70}, "above the Nyquist frequency 64 Hz"),
        ({"f_min": 20, "f_max": 10}, "f_min <= f_max"),
        ({"f_min": 10.1, "f_max": 10.2}, "No frequency bin"),
        ({"output": "loud"}, "output is 'loud'"),
        ({"sfreq": -1}, "sfreq is -1"),
    ],
)
def test_parameters_that_make_no_sense(X, params, message):
    with pytest.raises(ValueError, match=message):
        STFT(**({"sfreq": SFREQ} | params)).fit(X)


def test_float32_is_as_good_as_float64(X):
    single = np.asarray(STFT(sfreq=SFREQ, output="power").fit_transform(X), dtype=np.float64)
    frames = np.lib.stride_tricks.sliding_window_view(X.astype(np.float64), 256, axis=-1)[
        ..., ::64, :
    ]
    window = scipy.signal.get_window("hann", 256)
    double = np.abs(np.fft.rfft(frames * window)) ** 2 * 2 / (SFREQ * (window**2).sum())
    expected = double.swapaxes(-1, -2)[:, :, 1:101]
    assert np.abs(single - expected).max() < 1e-4 * expected.max()
