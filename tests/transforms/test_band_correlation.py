"""`BandCorrelation` against SciPy's cross-spectra and closed forms."""

import numpy as np
import pytest
import scipy.linalg
import scipy.signal

from eegkit.signals import SignalArray
from eegkit.testing import example_trials
from eegkit.transforms import BandCorrelation


def correlations(X, low, high, sfreq):
    freqs, density = scipy.signal.csd(
        X[:, :, None], X[:, None], sfreq, nperseg=int(sfreq), detrend="constant"
    )
    power = density[..., (freqs >= low) & (freqs < high)].real.sum(axis=-1)
    scale = np.sqrt(np.diagonal(power, axis1=1, axis2=2))
    return power / scale[:, :, None] / scale[:, None]


def test_correlations_are_those_of_scipys_cross_spectra():
    X = example_trials(n_times=300).X
    bands = {"alpha": (8.0, 13.0), "beta": (13.0, 30.0)}
    features = BandCorrelation(bands=bands, output="correlation").fit_transform(X)
    rows, columns = np.triu_indices(X.shape[1], 1)
    wanted = [
        correlations(np.asarray(X), *band, X.sfreq)[:, rows, columns] for band in bands.values()
    ]
    np.testing.assert_allclose(features, np.hstack(wanted), atol=1e-5)


def test_distances_of_logarithms_are_those_of_matrices():
    X = example_trials(n_times=300).X[:2]
    features = BandCorrelation(bands={"alpha": (8.0, 13.0)}, loading=0.5).fit_transform(X)
    loaded = correlations(np.asarray(X), 8, 13, X.sfreq) + 0.5 * np.eye(X.shape[1])
    logarithms = [scipy.linalg.logm(matrix) for matrix in loaded]
    wanted = np.linalg.norm(logarithms[0] - logarithms[1])
    assert np.linalg.norm(features[0] - features[1]) == pytest.approx(wanted, rel=1e-4)


def test_the_gain_of_a_channel_does_not_matter():
    X = example_trials(n_times=256).X
    gains = np.array([[0.5], [1.0], [2.0]])
    scaled = SignalArray(np.asarray(X) * gains, sfreq=X.sfreq)
    transform = BandCorrelation(output="correlation")
    with np.errstate(all="raise"):
        features = transform.fit_transform(X)
    np.testing.assert_allclose(
        BandCorrelation(output="correlation").fit_transform(scaled), features, atol=1e-5
    )


def test_a_flat_channel_correlates_with_none():
    X = np.random.default_rng(0).normal(size=(2, 3, 256))
    X[:, 1] = 7.0
    features = BandCorrelation(
        sfreq=128, bands={"all": (1, 60)}, output="correlation"
    ).fit_transform(X)
    np.testing.assert_array_equal(np.asarray(features)[:, [0, 2]], 0)
    assert np.isfinite(BandCorrelation(sfreq=128).fit_transform(X)).all()


def test_features_are_named_in_pandas():
    trials = example_trials(n_times=256)
    frame = (
        BandCorrelation(output="correlation").set_output(transform="pandas").fit_transform(trials.X)
    )
    assert list(frame.columns[:3]) == ["C3~Cz_1-4Hz", "C3~C4_1-4Hz", "Cz~C4_1-4Hz"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"bands": {"high": (50, 70)}},
            "'high' goes up to 70 Hz, above .* 64 Hz.* in bands",
        ),
        ({"bands": {"thin": (10.2, 10.4)}}, "'thin', 10.2 to 10.4 Hz, holds no frequency bin"),
        ({"nperseg_s": 1e-3}, "less than two samples"),
        ({"loading": 0}, "loading is 0; expected a number above 0"),
    ],
)
def test_parameters_that_make_no_sense(params, message):
    with pytest.raises(ValueError, match=message):
        BandCorrelation(**params).fit(example_trials().X)


def test_a_single_channel_has_no_correlation():
    with pytest.raises(ValueError, match="A single channel has no correlation"):
        BandCorrelation(output="correlation").fit(example_trials().X[:, :1])
