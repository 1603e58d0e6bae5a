"""What a `SignalArray` knows follows it exactly as far as it stays true."""

import copy
import pickle

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GroupKFold, cross_val_score, train_test_split

from eegkit import SignalArray
from eegkit.signals import as_signals

CH_NAMES = ("C3", "Cz", "C4")


@pytest.fixture
def X():
    rng = np.random.default_rng(0)
    groups = np.repeat(["a", "b", "c"], 4)
    return SignalArray(rng.normal(size=(12, 3, 40)), sfreq=160.0, ch_names=CH_NAMES, groups=groups)


@pytest.fixture
def spectrograms():
    return SignalArray(
        np.zeros((4, 3, 5, 6)), ch_names=CH_NAMES, freqs=np.arange(5), times=np.arange(6) / 10
    )


def test_rows(X):
    for rows in (slice(2, 6), [2, 3, 4, 5], np.arange(12) // 4 == 1):
        part = X[rows]
        assert (part.sfreq, part.ch_names) == (160.0, CH_NAMES)
        np.testing.assert_array_equal(part.groups, X.groups[rows])
    np.testing.assert_array_equal(X[[1], ...].groups, ["a"])


def test_channels_and_times(X):
    assert X[:, ::-1].ch_names == CH_NAMES[::-1]
    assert X[:, [2, 0]].ch_names == ("C4", "C3")
    assert X[..., 5:20].sfreq == 160.0
    assert X[..., ::4].sfreq == 40.0
    assert X[..., [0, 3, 4]].sfreq is None


def test_spectrogram_axes(spectrograms):
    part = spectrograms[:, :, 1:3, ::2]
    np.testing.assert_array_equal(part.freqs, [1, 2])
    np.testing.assert_allclose(part.times, [0, 0.2, 0.4])


@pytest.mark.parametrize(
    "change",
    [
        lambda X: X.transpose(0, 2, 1),
        lambda X: X.reshape(12, -1),
        lambda X: X.mean(axis=0),
        lambda X: np.roll(X, 1, axis=1),
        lambda X: np.concatenate([X, X]),
        lambda X: X[0],
        lambda X: X[:, None],
        lambda X: X[[0, 1], [1, 2]],
    ],
)
def test_what_could_be_untrue_is_dropped(X, change):
    changed = change(X)
    assert getattr(changed, "sfreq", None) is None
    assert getattr(changed, "ch_names", None) is None


@pytest.mark.parametrize(
    "same",
    [
        lambda X: X * 2,
        lambda X: 1e6 * X,
        lambda X: np.clip(X, -1, 1),
        lambda X: X.astype(np.float32),
        lambda X: X.copy(),
        copy.copy,
        copy.deepcopy,
        lambda X: pickle.loads(pickle.dumps(X)),
    ],
)
def test_what_stays_true_is_kept(X, same):
    other = same(X)
    assert (other.sfreq, other.ch_names) == (160.0, CH_NAMES)
    np.testing.assert_array_equal(other.groups, X.groups)


def test_in_place_arithmetic_keeps_the_array(X):
    before = X
    X *= 2
    assert X is before
    assert X.sfreq == 160.0


def test_scalars_are_scalars(X):
    assert np.isscalar(X.sum())
    assert np.isscalar(X[0, 0, 0])


def test_wrong_lengths_are_refused():
    with pytest.raises(ValueError, match=r"ch_names has 2 entries.*shape \(4, 3, 10\)"):
        SignalArray(np.zeros((4, 3, 10)), ch_names=["C3", "C4"])


class Witness(ClassifierMixin, BaseEstimator):
    """Predicts one label, and fails unless X knows its rate and people."""

    def fit(self, X, y):
        assert X.sfreq == 160.0
        assert len(X.groups) == len(X)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        assert X.ch_names == CH_NAMES
        return np.full(len(X), self.classes_[0])


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_through_scikit_learn(X, n_jobs):
    y = np.tile([0, 1], 6)
    scores = cross_val_score(
        Witness(), X, y, groups=X.groups, cv=GroupKFold(3), n_jobs=n_jobs, error_score="raise"
    )
    assert len(scores) == 3
    train, _ = train_test_split(X, random_state=0)
    assert train.sfreq == 160.0


def test_joblib_shares_the_memmap_of_an_array_on_disk(tmp_path):
    np.save(tmp_path / "X.npy", np.ones((6, 3, 20), dtype=np.float32))
    X = SignalArray(np.load(tmp_path / "X.npy", mmap_mode="r"), sfreq=100.0)

    names = joblib.Parallel(n_jobs=2)(joblib.delayed(_backing_file)(X[i : i + 2]) for i in (0, 2))
    assert names == [str(tmp_path / "X.npy")] * 2


def _backing_file(X):
    array = X
    while not isinstance(array, np.memmap):
        array = array.base
    return str(array.filename)


def test_as_signals_leaves_arrays_alone():
    plain = np.zeros((2, 3))
    assert as_signals(plain) is plain
