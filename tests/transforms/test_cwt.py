import mne
import numpy as np
import pytest
import pywt
import scipy.signal

from eegkit import SignalArray
from eegkit.transforms import CWT

SFREQ, N_TIMES = 250.0, 1000
INSIDE = slice(20, 80)  # of 100 frames: away from the edges


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(scale=10, size=(3, 2, N_TIMES))


def near(made, expected, rtol=1e-3):
    made, expected = np.asarray(made)[..., INSIDE], np.asarray(expected)[..., INSIDE]
    scale = np.abs(expected).max(axis=-1, keepdims=True)
    assert (np.abs(made - expected) / scale).max() < rtol


def parts(complex_channels):
    real, imag = np.split(np.asarray(complex_channels), 2, axis=1)
    return real + 1j * imag


@pytest.mark.parametrize("n_cycles", [3, 7])
@pytest.mark.parametrize("zero_mean", [True, False])
def test_morlet_is_mnes(X, n_cycles, zero_mean):
    cwt = CWT(
        sfreq=SFREQ, f_min=6, f_max=50, n_freqs=12, n_cycles=n_cycles, zero_mean=zero_mean,
        output="complex", detrend=None,
    )  # fmt: skip
    made = parts(cwt.fit_transform(X))
    expected = mne.time_frequency.tfr_array_morlet(
        X, SFREQ, cwt.freqs_, n_cycles=n_cycles, zero_mean=zero_mean, output="complex",
        decim=10, verbose="error",
    )  # fmt: skip
    near(made, expected)


@pytest.mark.parametrize("wavelet", ["morlet", "mexican_hat"])
def test_wavelets_are_those_of_pywavelets(wavelet):
    # PyWavelets averages each wavelet over a sample, half a sample late, and wants whole
    # scales: a hundred samples a cycle keep the first below 1e-3, frames at half samples
    # meet the second.
    sfreq, n_times = 1000.0, 3000
    X = np.random.default_rng(0).normal(size=(2, 1, n_times))
    scales = np.array([200, 100]) if wavelet == "morlet" else np.array([50, 25])
    # cmorB-C is exp(-t^2 / B) exp(2 i pi C t) / sqrt(pi B), of energy 1 / sqrt(2 pi B); the
    # Mexican hat of scale 1, of energy 1, has its peak at sqrt(2) / (2 pi).
    B = 2 * (7 / (2 * np.pi)) ** 2
    name, peak, energy = {
        "morlet": (f"cmor{B}-1.0", 1.0, 1 / np.sqrt(2 * np.pi * B)),
        "mexican_hat": ("mexh", np.sqrt(2) / (2 * np.pi), 1.0),
    }[wavelet]
    freqs = peak * sfreq / scales
    cwt = CWT(
        sfreq=sfreq, wavelet=wavelet, f_min=freqs[0], f_max=freqs[1], n_freqs=2, n_cycles=7,
        zero_mean=False, n_frames=2 * n_times, output="complex", detrend=None,
    )  # fmt: skip
    made = parts(cwt.fit_transform(X))[..., 1::2]
    theirs, _ = pywt.cwt(X, scales, name, precision=22, method="fft", axis=-1)
    theirs = np.moveaxis(theirs, 0, 2) * np.sqrt(2 / energy)
    error = np.abs(made[..., :-1] - theirs[..., 1:])[..., 1000:2000].max(axis=-1)
    assert (error / np.abs(theirs).max(axis=-1)).max() < 1e-3


@pytest.mark.parametrize("wavelet", ["morlet", "mexican_hat", "morse"])
@pytest.mark.parametrize("n_frames", [100, 64, 37, 1])
def test_decimated_frames_are_those_of_the_full_rate(X, wavelet, n_frames):
    options = {"sfreq": SFREQ, "wavelet": wavelet, "n_freqs": 9, "output": "complex"}
    full = np.asarray(CWT(n_frames=None, **options).fit_transform(X))
    cwt = CWT(n_frames=n_frames, **options)
    few = np.asarray(cwt.fit_transform(X))
    instants = cwt.times_ * SFREQ
    whole = np.isclose(instants, np.round(instants))
    assert whole.any()
    at = np.round(instants[whole]).astype(int)
    np.testing.assert_allclose(few[..., whole], full[..., at], atol=1e-4 * np.abs(full).max())


def test_morse_is_its_formula(X):
    # Against a float64 transform by a long FFT, padded far beyond the wavelets.
    cwt = CWT(
        sfreq=SFREQ, wavelet="morse", f_min=6, n_freqs=6, scaling="amplitude", output="complex",
        detrend=None,
    )  # fmt: skip
    made = parts(cwt.fit_transform(X))
    n = 8192
    hz = np.fft.fftfreq(n, 1 / SFREQ)
    peak = (cwt.beta / cwt.gamma) ** (1 / cwt.gamma)
    expected = []
    for freq in cwt.freqs_:
        omega = np.maximum(hz, 0) / freq * peak
        spectrum = omega**cwt.beta * np.exp(-(omega**cwt.gamma))
        spectrum *= 2 * (np.e * cwt.gamma / cwt.beta) ** (cwt.beta / cwt.gamma)
        expected.append(np.fft.ifft(np.fft.fft(X, n) * spectrum)[..., :N_TIMES:10])
    near(made, np.stack(expected, axis=2), rtol=1e-4)


def test_a_sine_of_amplitude_a_has_the_magnitude_a():
    sine = 3 * np.sin(2 * np.pi * 10 * np.arange(N_TIMES) / SFREQ)[None, None]
    for wavelet in ("morlet", "morse"):
        cwt = CWT(
            sfreq=SFREQ, wavelet=wavelet, f_min=5, f_max=20, n_freqs=31, spacing="linear",
            scaling="amplitude", output="magnitude",
        )  # fmt: skip
        made = np.asarray(cwt.fit_transform(sine))[0, 0, :, INSIDE]
        assert (cwt.freqs_[made.argmax(axis=0)] == 10).all()
        np.testing.assert_allclose(made.max(axis=0), 3, rtol=1e-3)


def test_a_chirp_climbs():
    t = np.arange(N_TIMES) / SFREQ
    chirp = scipy.signal.chirp(t, f0=8, t1=4, f1=40)[None, None]
    cwt = CWT(sfreq=SFREQ, f_min=4, f_max=50, n_freqs=93, spacing="linear", scaling="amplitude")
    made = np.asarray(cwt.fit_transform(chirp))[0, 0]
    peaks = cwt.freqs_[made.argmax(axis=0)]
    np.testing.assert_allclose(peaks[INSIDE], 8 + 8 * cwt.times_[INSIDE], atol=1.0)


def test_outputs(X):
    made = {
        output: np.asarray(CWT(sfreq=SFREQ, n_freqs=5, output=output).fit_transform(X))
        for output in ("power", "magnitude", "log", "db", "phase", "complex")
    }
    coefficients = parts(made["complex"])
    power = np.abs(coefficients) ** 2
    np.testing.assert_allclose(made["power"], power, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(made["magnitude"], np.sqrt(power), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(made["phase"], np.angle(coefficients), atol=1e-5)
    np.testing.assert_allclose(made["log"], np.log(power), atol=1e-2)
    np.testing.assert_allclose(made["db"], 10 * np.log10(power), atol=1e-1)


def test_float32_is_as_good_as_float64(X):
    cwt = CWT(sfreq=SFREQ, f_min=6, n_freqs=10, output="complex", detrend=None)
    single = parts(cwt.fit_transform(X))
    double = mne.time_frequency.tfr_array_morlet(
        X, SFREQ, cwt.freqs_, n_cycles=7, output="complex", decim=10, verbose="error"
    )
    near(single, double, rtol=1e-4)


def test_knowledge(X):
    signals = SignalArray(X, sfreq=SFREQ, ch_names=["C3", "C4"])
    made = CWT(n_freqs=4, f_min=4, f_max=32, n_frames=50).fit_transform(signals)
    np.testing.assert_allclose(made.freqs, [4, 8, 16, 32])
    np.testing.assert_allclose(made.times, np.arange(50) * 0.08)
    assert made.ch_names == ("C3", "C4")
    both = CWT(n_freqs=4, output="complex").fit_transform(signals)
    assert both.ch_names == ("C3 real", "C4 real", "C3 imaginary", "C4 imaginary")


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"f_max": 126}, "above the Nyquist frequency 125 Hz"),
        ({"f_min": 0.1}, "too short for one cycle"),
        ({"f_min": 20, "f_max": 10}, "f_min <= f_max"),
        ({"wavelet": "haar"}, "wavelet is 'haar'"),
        ({"spacing": "odd"}, "spacing is 'odd'"),
        ({"output": "loud"}, "output is 'loud'"),
        ({"scaling": "loud"}, "scaling is 'loud'"),
        ({"n_freqs": 0}, "n_freqs is 0"),
        ({"n_frames": 0}, "n_frames is 0"),
        ({"n_cycles": 0}, "n_cycles is 0"),
    ],
)
def test_parameters_that_make_no_sense(X, params, message):
    with pytest.raises(ValueError, match=message):
        CWT(sfreq=SFREQ, **params).fit(X)
