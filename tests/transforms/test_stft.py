import librosa
import numpy as np
import pytest
import scipy.signal

from eegkit import SignalArray
from eegkit.transforms import STFT, MelSpectrogram

SFREQ = 128.0


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(3, 2, 640)).astype(np.float32)


@pytest.mark.parametrize("detrend", ["constant", None])
def test_power_is_the_density_of_scipy(X, detrend):
    X = X + np.float32(2)
    stft = STFT(sfreq=SFREQ, nperseg=256, output="power", f_min=None, f_max=None, detrend=detrend)
    ours = stft.fit_transform(X)
    freqs, times, expected = scipy.signal.spectrogram(
        X.astype(np.float64), SFREQ, window="hann", nperseg=256, noverlap=192,
        detrend=detrend or False,
    )  # fmt: skip
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-6)
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


@pytest.mark.parametrize("kind", [STFT, MelSpectrogram])
@pytest.mark.parametrize(
    ("seconds", "sfreq", "window_s", "hop_s", "n_frames"),
    [
        (63, 128, 2, 0.5, 123),  # DEAP
        (6, 250, 2, 0.5, 9),
        (5, 128, 2, 0.375, 9),
        (2, 128, 1, 0.125, 9),
        (1, 160, 0.5, 0.0625, 9),
    ],
)
def test_window_and_hop_suit_the_trial(kind, seconds, sfreq, window_s, hop_s, n_frames):
    X = SignalArray(np.zeros((1, 1, seconds * sfreq), np.float32), sfreq=sfreq)
    made = kind().fit(X)
    assert (made.nperseg_, made.hop_) == (window_s * sfreq, hop_s * sfreq)
    assert len(made.times_) == n_frames
    explicit = kind(window_s=window_s, hop_s=hop_s).fit(X)
    np.testing.assert_array_equal(made.times_, explicit.times_)


@pytest.mark.parametrize("n_times", [2, 3, 5, 8, 17, 50, 129, 255, 511, 513, 767, 769, 9999])
def test_every_trial_has_frames(n_times):
    stft = STFT(f_min=None, f_max=None).fit(SignalArray(np.zeros((1, 1, n_times)), sfreq=128))
    assert 2 <= stft.nperseg_ <= min(n_times, 256)
    assert len(stft.times_) >= min(9, n_times // 2)


def test_the_hop_of_a_given_window_is_a_quarter(X):
    for params, hop in (({"nperseg": 256}, 64), ({"window_s": 2}, 64), ({"nperseg": 3}, 1)):
        assert STFT(sfreq=SFREQ, **params).fit(X).hop_ == hop
    assert STFT(sfreq=SFREQ, hop=100).fit(X).nperseg_ == 256
    assert STFT(sfreq=SFREQ, hop=100).fit(X).hop_ == 100


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
        ({"n_fft": 100}, "n_fft is 100, shorter than the window of 256"),
        ({"nperseg": 0}, "nperseg is 0; expected a whole number of at least 1"),
        ({"hop_s": 0.001}, "hop_s is 0.001 s, 0 samples"),
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
    stft = STFT(sfreq=SFREQ, nperseg=256, output="power", detrend=None)
    single = np.asarray(stft.fit_transform(X), dtype=np.float64)
    frames = np.lib.stride_tricks.sliding_window_view(X.astype(np.float64), 256, axis=-1)[
        ..., ::64, :
    ]
    window = scipy.signal.get_window("hann", 256)
    double = np.abs(np.fft.rfft(frames * window)) ** 2 * 2 / (SFREQ * (window**2).sum())
    expected = double.swapaxes(-1, -2)[:, :, 1:101]
    assert np.abs(single - expected).max() < 1e-4 * expected.max()


@pytest.mark.parametrize(("nperseg", "hop"), [(64, 16), (65, 20), (128, 33)])
def test_scipys_framing(X, nperseg, hop):
    ours = STFT(
        sfreq=SFREQ, nperseg=nperseg, hop=hop, f_min=None, f_max=None, framing="scipy",
        scaling=None, output="complex", detrend=None,
    )  # fmt: skip
    made = ours.fit_transform(X)
    window = scipy.signal.get_window("hann", nperseg)
    theirs = scipy.signal.ShortTimeFFT(window, hop, SFREQ)
    expected = theirs.stft(X.astype(np.float64))
    assert made.shape == (3, 4, *expected.shape[2:])
    # scipy counts phases from the middle of the window.
    magnitude = np.hypot(*np.split(np.asarray(made), 2, axis=1))
    assert np.abs(magnitude - np.abs(expected)).max() < 1e-4 * np.abs(expected).max()
    centres = theirs.t(X.shape[-1]) + (nperseg / 2 - theirs.m_num_mid) / SFREQ
    np.testing.assert_allclose(ours.times_, centres)


@pytest.mark.parametrize(("nperseg", "hop"), [(64, 16), (128, 32)])
def test_librosas_framing(X, nperseg, hop):
    ours = STFT(
        sfreq=SFREQ, nperseg=nperseg, hop=hop, f_min=None, f_max=None, framing="librosa",
        scaling=None, output="complex", detrend=None,
    )  # fmt: skip
    real, imag = np.split(np.asarray(ours.fit_transform(X)), 2, axis=1)
    expected = librosa.stft(X.astype(np.float64), n_fft=nperseg, hop_length=hop)
    assert np.abs(real + 1j * imag - expected).max() < 1e-4 * np.abs(expected).max()


def test_a_longer_fft_interpolates_the_bins(X):
    options = {"sfreq": SFREQ, "nperseg": 64, "f_min": None, "f_max": None, "framing": "scipy"}
    options["detrend"] = None
    short = np.asarray(STFT(output="power", **options).fit_transform(X))
    stft = STFT(output="power", n_fft=128, **options)
    np.testing.assert_allclose(
        np.asarray(stft.fit_transform(X))[:, :, ::2], short, rtol=1e-3, atol=1e-6
    )
    stft.set_params(output="complex")
    again = stft.inverse_transform(stft.fit_transform(X))
    np.testing.assert_allclose(again, X, atol=1e-4)


def test_outputs_belong_together(X):
    made = {
        output: np.asarray(STFT(sfreq=SFREQ, output=output).fit_transform(X))
        for output in ("power", "magnitude", "complex")
    }
    np.testing.assert_allclose(made["magnitude"] ** 2, made["power"], rtol=1e-4)
    real, imag = np.split(made["complex"], 2, axis=1)
    np.testing.assert_allclose(real**2 + imag**2, made["power"], rtol=1e-3, atol=1e-9)


def test_spectrum_scaling_gives_the_power_of_a_sine():
    sine = 3 * np.sin(2 * np.pi * 16 * np.arange(640) / SFREQ)[None, None]
    power = STFT(sfreq=SFREQ, scaling="spectrum", output="power").fit_transform(sine)
    np.testing.assert_allclose(np.asarray(power).max(axis=2), 3**2 / 2, rtol=1e-4)


@pytest.mark.parametrize("framing", ["scipy", "librosa"])
@pytest.mark.parametrize("n_times", [640, 601])
def test_the_inverse_gives_the_trials_back(framing, n_times):
    X = SignalArray(
        np.random.default_rng(0).normal(size=(2, 3, n_times)), sfreq=SFREQ, ch_names=list("abc")
    )
    options = {"nperseg": 64, "f_min": None, "f_max": None, "output": "complex"}
    stft = STFT(framing=framing, detrend=None, **options)
    again = stft.inverse_transform(stft.fit_transform(X))
    inside = slice(None) if framing == "scipy" else slice(0, n_times - 32)
    np.testing.assert_allclose(again[..., inside], X[..., inside], atol=1e-4)
    assert again.ch_names == ("a", "b", "c")
    assert again.sfreq == SFREQ


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "has no inverse"),
        ({"output": "power"}, "has no inverse"),
        ({"framing": "scipy", "detrend": "constant"}, "use .* detrend=None"),
        ({"framing": "scipy", "hop": 90}, "leave samples out"),
    ],
)
def test_what_has_no_inverse(X, params, message):
    options = {"nperseg": 64, "f_min": None, "f_max": None, "output": "complex"}
    stft = STFT(sfreq=SFREQ, **(options | {"detrend": None} | params))
    with pytest.raises(ValueError, match=message):
        stft.inverse_transform(stft.fit_transform(X))


def test_normalized_by_trial(X):
    made = np.asarray(STFT(sfreq=SFREQ, normalize="trial").fit_transform(X * 50 + 3))
    np.testing.assert_allclose(made.mean(axis=(2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(made.std(axis=(2, 3)), 1, rtol=1e-4)
    silent = STFT(sfreq=SFREQ, normalize="trial").fit_transform(np.zeros((1, 1, 640)))
    np.testing.assert_allclose(silent, 0, atol=1e-4)


def test_normalized_as_the_trials_of_fit(X):
    stft = STFT(sfreq=SFREQ, normalize="fitted").fit(X[:2])
    plain = np.asarray(STFT(sfreq=SFREQ).fit_transform(X), dtype=np.float64)
    centre = plain[:2].mean(axis=(0, 3), keepdims=True)
    spread = plain[:2].std(axis=(0, 3), keepdims=True)
    np.testing.assert_allclose(stft.transform(X), (plain - centre) / spread, atol=1e-3)


def test_a_complex_spectrum_is_not_normalized(X):
    with pytest.raises(ValueError, match="leave it None"):
        STFT(sfreq=SFREQ, output="complex", normalize="trial").fit(X)
