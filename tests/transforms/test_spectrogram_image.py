import numpy as np
import pytest
import torch
from PIL import Image

from eegkit import SignalArray
from eegkit.transforms import STFT, SpectrogramImage
from eegkit.transforms.spectrogram_image import resize_matrix


@pytest.fixture
def X():
    values = np.random.default_rng(0).normal(size=(3, 2, 40, 17)).astype(np.float32)
    return SignalArray(
        values, ch_names=["C3", "C4"], freqs=np.linspace(1, 40, 40), times=np.arange(17) / 4
    )


SIZES = [(40, 17), (100, 100), (13, 5), (64, 8), (1, 1)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("interpolation", "filter_"),
    [("linear", Image.Resampling.BILINEAR), ("cubic", Image.Resampling.BICUBIC)],
)
def test_same_image_as_pillow(X, size, interpolation, filter_):
    image = SpectrogramImage(n_freqs=size[0], n_frames=size[1], interpolation=interpolation)
    made = image.fit_transform(X)
    assert made.shape == (3, 2, *size)
    expected = Image.fromarray(np.asarray(X)[1, 1]).resize(size[::-1], filter_)
    np.testing.assert_allclose(made[1, 1], np.asarray(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("interpolation", "mode"), [("linear", "bilinear"), ("cubic", "bicubic")])
def test_same_image_as_torch(X, size, interpolation, mode):
    image = SpectrogramImage(n_freqs=size[0], n_frames=size[1], interpolation=interpolation)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(np.asarray(X)), size, mode=mode, antialias=True
    )
    np.testing.assert_allclose(image.fit_transform(X), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_the_size_it_has_is_left_alone(X, interpolation):
    image = SpectrogramImage(n_freqs=40, n_frames=17, interpolation=interpolation)
    np.testing.assert_array_equal(image.fit_transform(X), X)


@pytest.mark.parametrize("n_out", [3, 40, 200])
@pytest.mark.parametrize("interpolation", ["linear", "cubic"])
def test_rows_of_the_matrix_add_up_to_one(n_out, interpolation):
    matrix = resize_matrix(40, n_out, interpolation)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    np.testing.assert_allclose(matrix[::-1, ::-1], matrix, atol=1e-12)


def test_shrinking_loses_no_bin():
    # Without antialiasing most single bins would fall between the rows of the image.
    spike = np.eye(100, dtype=np.float32)[:, None, :, None]
    made = SpectrogramImage(n_freqs=10, n_frames=1).fit_transform(spike)
    assert (np.asarray(made).sum(axis=2) > 0.05).all()


@pytest.mark.parametrize("size", [(100, 100), (13, 5), (40, 17)])
def test_frequencies_and_times_are_resized_as_values_are(X, size):
    hz = np.broadcast_to(X.freqs[:, None], X.shape)
    s = np.broadcast_to(X.times, X.shape)
    image = SpectrogramImage(n_freqs=size[0], n_frames=size[1]).fit(X)
    of_hz, of_s = image.transform(hz), image.transform(s)
    np.testing.assert_allclose(of_hz[0, 0, :, 0], image.freqs_, rtol=1e-6)
    np.testing.assert_allclose(of_s[0, 0, 0], image.times_, rtol=1e-6, atol=1e-7)
    made = image.transform(X)
    np.testing.assert_array_equal(made.freqs, image.freqs_)
    np.testing.assert_array_equal(made.times, image.times_)
    assert made.ch_names == ("C3", "C4")
    assert (np.diff(made.freqs) >= 0).all()


def test_a_sine_stays_at_its_frequency():
    t = np.arange(1280) / 128
    stft = STFT(sfreq=128).fit_transform(np.sin(2 * np.pi * 12.5 * t)[None, None])
    made = SpectrogramImage(n_freqs=64, n_frames=30).fit_transform(stft)
    peaks = made.freqs[np.asarray(made)[0, 0].argmax(axis=0)]
    np.testing.assert_allclose(peaks, 12.5, atol=np.diff(made.freqs).max())


def test_what_x_does_not_know_is_not_made_up(X):
    image = SpectrogramImage().fit(np.asarray(X))
    assert image.freqs_ is None
    assert image.transform(np.asarray(X)).times is None


@pytest.mark.parametrize("scale", [1, 1e-6, 1e6])
def test_normalizations(X, scale):
    X = np.asarray(X) * scale + 5 * scale
    unit = np.asarray(SpectrogramImage(normalize="minmax").fit_transform(X))
    np.testing.assert_allclose(unit.min(axis=(2, 3)), 0, atol=1e-6)
    np.testing.assert_allclose(unit.max(axis=(2, 3)), 1, atol=1e-6)
    standard = np.asarray(SpectrogramImage(normalize="zscore").fit_transform(X))
    np.testing.assert_allclose(standard.mean(axis=(2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(standard.std(axis=(2, 3)), 1, atol=1e-4)


@pytest.mark.parametrize("normalize", ["minmax", "zscore"])
@pytest.mark.parametrize("value", [0, -23.02585, 1e-8, 7e5])
def test_a_constant_image_becomes_zero(normalize, value):
    X = np.full((1, 1, 37, 11), value, dtype=np.float32)
    made = SpectrogramImage(normalize=normalize, interpolation="cubic").fit_transform(X)
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, 0)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_freqs": 0}, "n_freqs is 0; expected a whole number of at least 1"),
        ({"n_frames": 2.5}, r"n_frames is 2\.5"),
        ({"interpolation": "spline"}, "interpolation is 'spline'; expected one of 'linear', 'c"),
        ({"normalize": "max"}, "normalize is 'max'; expected one of 'minmax', 'zscore', or None"),
    ],
)
def test_bad_parameters_are_refused(X, params, message):
    with pytest.raises(ValueError, match=message):
        SpectrogramImage(**params).fit(X)


def test_raw_trials_are_refused():
    with pytest.raises(ValueError, match="put a time-frequency transform such as STFT"):
        SpectrogramImage().fit(np.zeros((2, 3, 100)))
