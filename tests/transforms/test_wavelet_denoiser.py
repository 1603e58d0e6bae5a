import numpy as np
import pytest
import pywt

from eegkit.transforms import WaveletDenoiser


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    t = np.arange(501) / 128
    clean = 20 * np.sin(2 * np.pi * 3 * t) * np.exp(-((t - 2) ** 2))
    return clean + rng.normal(scale=[[[2.0], [6.0]]], size=(3, 2, 501))


def reference(signal, wavelet, level, threshold, mode, noise):
    """One channel of one trial in float64, by PyWavelets' own thresholding."""
    coefficients = pywt.wavedec(signal, wavelet, level=level)
    sigma = np.median(np.abs(coefficients[-1])) / 0.6744897501960817
    for i, details in enumerate(coefficients[1:], 1):
        if noise == "level":
            sigma = np.median(np.abs(details)) / 0.6744897501960817
        if threshold == "universal":
            limit = sigma * np.sqrt(2 * np.log(len(signal)))
        else:
            limit = sigma**2 / np.sqrt(max(np.mean(details**2) - sigma**2, 1e-38))
        coefficients[i] = pywt.threshold(details, limit, mode)
    return pywt.waverec(coefficients, wavelet)[: len(signal)]


@pytest.mark.parametrize("threshold", ["universal", "bayes"])
@pytest.mark.parametrize("mode", ["soft", "hard"])
@pytest.mark.parametrize("noise", ["finest", "level"])
def test_float32_in_blocks_is_float64_one_by_one(X, threshold, mode, noise):
    model = WaveletDenoiser(level=4, threshold=threshold, mode=mode, noise=noise)
    made = np.asarray(model.fit_transform(X))
    for trial, channel in np.ndindex(3, 2):
        expected = reference(X[trial, channel], "db4", 4, threshold, mode, noise)
        assert np.abs(made[trial, channel] - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("threshold", ["universal", "bayes"])
def test_it_is_that_of_scikit_image(X, threshold):
    restoration = pytest.importorskip("skimage.restoration")
    method = "VisuShrink" if threshold == "universal" else "BayesShrink"
    made = WaveletDenoiser(threshold=threshold, level=3).fit_transform(X)
    expected = restoration.denoise_wavelet(
        X[1, 1], method=method, mode="soft", wavelet="db4", wavelet_levels=3, rescale_sigma=False
    )
    assert np.abs(made[1, 1] - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("threshold", ["universal", "bayes"])
def test_the_signal_stands_out_better(threshold):
    rng = np.random.default_rng(1)
    t = np.arange(1024) / 128
    clean = 10 * np.sin(2 * np.pi * 4 * t)[None, None]
    noisy = clean + rng.normal(scale=10, size=(20, 1, 1024))
    made = WaveletDenoiser(threshold=threshold).fit_transform(noisy)
    gain_db = 10 * np.log10(np.var(noisy - clean) / np.var(np.asarray(made) - clean))
    assert gain_db > 5


def test_known_noise_is_used(X):
    assert not np.allclose(
        WaveletDenoiser(sigma=50.0).fit_transform(X), WaveletDenoiser().fit_transform(X)
    )


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"wavelet": "morl"}, "wavelet is 'morl'; expected a discrete wavelet"),
        ({"threshold": "sure"}, "threshold is 'sure'"),
        ({"mode": "firm"}, "mode is 'firm'"),
        ({"noise": "none"}, "noise is 'none'"),
        ({"level": 40}, "level is 40; expected 1 to 6"),
        ({"sigma": 0}, "sigma is 0"),
    ],
)
def test_parameters_that_make_no_sense(X, params, message):
    with pytest.raises(ValueError, match=message):
        WaveletDenoiser(**params).fit(X)


def test_trials_too_short_for_the_wavelet():
    with pytest.raises(ValueError, match=r"5 samples .* too short for the wavelet db4"):
        WaveletDenoiser().fit(np.zeros((2, 1, 5)))
