import numpy as np
import pandas as pd
import pytest

from eegkit import SignalArray
from eegkit.transforms import Standardizer


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    offset = np.array([100.0, -5.0, 0.0])[:, None]
    return rng.normal(scale=[[3.0], [20.0], [1.0]], size=(6, 3, 400)) + offset


def test_by_the_trials_of_fit(X):
    model = Standardizer().fit(X[:4])
    np.testing.assert_allclose(model.mean_, X[:4].mean(axis=(0, 2)), rtol=1e-6)
    np.testing.assert_allclose(model.scale_, X[:4].std(axis=(0, 2)), rtol=1e-6)
    expected = (X - model.mean_[:, None]) / model.scale_[:, None]
    np.testing.assert_allclose(model.transform(X), expected, atol=1e-4)


def test_by_trial(X):
    made = np.asarray(Standardizer(mode="trial").fit(X[:1]).transform(X))
    np.testing.assert_allclose(made.mean(axis=2), 0, atol=1e-5)
    np.testing.assert_allclose(made.std(axis=2), 1, rtol=1e-5)


@pytest.mark.parametrize("factor_new", [1e-3, 0.05])
def test_moving_is_pandas_exponentially_weighted_mean(X, factor_new):
    made = Standardizer(mode="moving", factor_new=factor_new).fit_transform(X)
    frame = pd.DataFrame(X[0].T)
    difference = frame - frame.ewm(alpha=factor_new).mean()
    deviation = np.sqrt((difference**2).ewm(alpha=factor_new).mean())
    expected = (difference / np.maximum(deviation, 1e-4)).T
    np.testing.assert_allclose(made[0], expected, atol=1e-4)


def test_moving_with_a_first_block_is_braindecodes(X):
    preprocess = pytest.importorskip("braindecode.preprocessing")
    signals = SignalArray(X, sfreq=100)
    made = Standardizer(mode="moving", init_block_s=1).fit_transform(signals)
    expected = preprocess.exponential_moving_standardize(X[2], init_block_size=100)
    np.testing.assert_allclose(made[2], expected, atol=1e-4)


@pytest.mark.parametrize("mode", ["channel", "trial", "moving"])
def test_a_flat_channel_gives_zeros(mode):
    made = Standardizer(mode=mode).fit_transform(np.full((2, 1, 50), 7.0))
    np.testing.assert_allclose(made, 0, atol=1e-4)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"mode": "batch"}, "mode is 'batch'"),
        ({"factor_new": 1.5}, "factor_new is 1.5"),
        ({"eps": 0}, "eps is 0"),
        ({"mode": "moving", "init_block_s": 9, "sfreq": 100}, "expected 1 to 400 samples"),
    ],
)
def test_parameters_that_make_no_sense(X, params, message):
    with pytest.raises(ValueError, match=message):
        Standardizer(**params).fit(X)
