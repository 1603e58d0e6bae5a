"""What a `SignalArray` knows follows it exactly as far as it stays true."""

import copy
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GroupKFold, cross_val_score, train_test_split

from eegkit import SignalArray, Trials
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


def other_signals():
    rng = np.random.default_rng(1)
    names, groups = ["F3", "Fz", "F4"], np.repeat(["d", "e", "f"], 4)
    return SignalArray(rng.normal(size=(12, 3, 40)), sfreq=200.0, ch_names=names, groups=groups)


def facts(X):
    """What an array says of itself, plain arrays included."""
    groups = getattr(X, "groups", None)
    return getattr(X, "sfreq", None), getattr(X, "ch_names", None), groups is not None


NOTHING = (None, None, False)


@pytest.mark.parametrize(
    "change",
    [
        lambda X: np.eye(3)[[1, 2, 0]] @ X,
        lambda X: np.matmul(np.eye(3), X),
        lambda X: np.einsum("ij,njt->nit", np.eye(3), X),
        lambda X: X.dot(np.eye(40)),
        lambda X: X + other_signals(),
        lambda X: np.where(X > 0, X, other_signals()),
        lambda X: np.sort(X, axis=1),
        lambda X: np.flip(X, 1),
        lambda X: np.cumsum(X, axis=0),
        lambda X: np.take(X, [0, 1], axis=1),
        lambda X: np.swapaxes(X, 0, 1),
        lambda X: np.zeros_like(X),
    ],
)
def test_operations_that_mix_axes_or_signals_that_differ_tell_nothing(X, change):
    assert facts(change(X)) == NOTHING


def test_each_fact_follows_where_all_signals_agree_on_it(X):
    other = SignalArray(np.ones((12, 3, 40)), sfreq=160.0, ch_names=["F3", "Fz", "F4"])
    assert facts(X + other) == (160.0, None, False)
    assert facts(X + X) == (160.0, CH_NAMES, True)
    assert facts(X - X[:, :1]) == (160.0, CH_NAMES, True)  # one channel as the reference of all
    assert facts(X[:1] + np.zeros((12, 3, 40))) == (160.0, CH_NAMES, False)
    assert facts(np.nan_to_num(X)) == (160.0, CH_NAMES, True)
    assert all(facts(part) == (160.0, CH_NAMES, True) for part in np.modf(X))


def swap_trials(X):
    X[[0, 11]] = X[[11, 0]]


def write_through_a_view(X):
    X[0][:] = np.asarray(X[11])


@pytest.mark.parametrize(
    "change",
    [
        lambda X: np.random.default_rng(0).shuffle(X),
        lambda X: np.random.default_rng(0).shuffle(X, axis=1),
        lambda X: np.random.default_rng(0).shuffle(X.swapaxes(0, 1)),
        lambda X: np.random.default_rng(0).shuffle(np.moveaxis(X, 1, 0)),
        lambda X: np.random.RandomState(0).shuffle(X),
        lambda X: X.sort(axis=1),
        lambda X: X.partition(1, axis=0),
        lambda X: X.put([0], [1.0]),
        lambda X: np.put(X, [0], [1.0]),
        lambda X: np.copyto(X, other_signals()),
        lambda X: np.add(np.zeros(X.shape), 1, out=X),
        lambda X: np.dot(np.ones((12, 3, 40)), np.eye(40), X),
        lambda X: np.take(np.ones((12, 3, 40)), np.arange(12), axis=0, out=X),
        lambda X: np.add.at(X, [0], 1.0),
        lambda X: np.clip(np.ones(X.shape), -1, 1, out=X),
        lambda X: np.round(np.ones(X.shape), 1, X),
        lambda X: np.copyto(src=other_signals(), dst=X),
        lambda X: X.copy().take(np.arange(12)[::-1], axis=0, out=X),
        lambda X: X.copy().compress(np.ones(12, bool), 0, X),
        lambda X: X.copy().dot(np.eye(40), X),
        lambda X: setattr(X, "flat", np.ones(X.size)),
        lambda X: np.split(X, 2)[0].__setitem__(slice(None), np.split(X, 2)[1]),
        swap_trials,
        write_through_a_view,
    ],
)
def test_what_is_changed_in_place_tells_nothing_any_more(X, change):
    part, copied = X[:6], X.copy()
    change(X)
    assert facts(X) == NOTHING
    assert facts(part) == NOTHING  # it looks at the same memory
    assert facts(copied) == (160.0, CH_NAMES, True)


def test_the_target_of_an_operation_says_what_its_inputs_say(X):
    part = X[:6]
    np.multiply(other_signals(), 2, out=X)
    assert facts(X) == (200.0, ("F3", "Fz", "F4"), True)
    assert facts(part) == NOTHING


def zero_a_trial(X):
    X[3] = 0


def scale_a_channel(X):
    X[:, 0] *= 2


def scale_some_trials(X):
    X[[0, 5]] *= 2


def write_the_same_trials(X):
    X[:4] = X[:4] * 3


def clip(X):
    X[X > 1] = 1
    np.clip(X, -1, 1, out=X)


@pytest.mark.parametrize(
    "change", [zero_a_trial, scale_a_channel, scale_some_trials, write_the_same_trials, clip]
)
def test_changes_of_values_alone_leave_what_is_true(X, change):
    X = SignalArray(np.asarray(X), **X.metadata | {"preparation": "filtered"})
    part = X[:6]
    change(X)
    assert facts(X) == facts(part) == (160.0, CH_NAMES, True)
    assert X.preparation is None
    assert part.preparation is None


def test_a_copy_that_is_changed_leaves_the_original_alone(X):
    for part in (X[[0, 1]], X[:2].copy(), X.astype(np.float32)):
        part[0] = part[1] + 1
        assert facts(part) == NOTHING
    assert facts(X) == (160.0, CH_NAMES, True)


def test_what_is_only_read_keeps_what_it_knows(X):
    other = other_signals()
    np.copyto(X.copy(), other)
    np.copyto(src=other, dst=np.ones(X.shape))
    X.copy().dot(other.swapaxes(1, 2)[0])
    np.clip(X, -1, 1, out=X)
    np.round(X, 1, X)
    assert facts(X) == (160.0, CH_NAMES, True)
    assert facts(other) == (200.0, ("F3", "Fz", "F4"), True)


def test_an_iterator_cannot_write_unnoticed(X):
    assert next(X.flat) == X[0, 0, 0]
    with pytest.raises(ValueError, match="read-only"):
        X.flat[:10] = 0
    assert facts(X) == (160.0, CH_NAMES, True)


@pytest.mark.parametrize("name", ["groups", "onsets", "freqs", "times"])
def test_what_an_array_knows_is_its_own(name):
    values = np.arange(4.0)
    X = SignalArray(np.zeros((4, 4, 4, 4)), **{name: values})
    values[:] = 9
    for part in (X, X[:2], X[[0, 1]], X.copy(), pickle.loads(pickle.dumps(X))):
        with pytest.raises(ValueError, match="read-only"):
            getattr(part, name)[0] = 9
    assert getattr(X, name).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"sfreq": -5}, "sfreq is -5; expected a rate in Hz"),
        ({"sfreq": np.nan}, "sfreq is nan"),
        ({"sfreq": "100 Hz"}, "sfreq is '100 Hz'"),
        ({"ch_names": {"C3": 1, "C4": 2}}, "ch_names is {'C3': 1, 'C4': 2}; expected a list"),
        ({"ch_names": ["C3", None]}, "no name for channel 1"),
        ({"groups": {"a", "b"}}, "groups is {.*}; expected a list"),
        ({"groups": 5}, "groups is 5; expected a list"),
        ({"groups": np.ma.array([1, 2], mask=[1, 0])}, "groups is a masked array"),
        ({"groups": [["a", "b"], ["a", "b"]]}, r"groups has shape \(2, 2\)"),
    ],
)
def test_what_an_array_cannot_know(known, message):
    with pytest.raises(ValueError, match=message):
        SignalArray(np.zeros((2, 2, 5)), **known)


def test_names_of_other_kinds():
    names = np.array([["C3"], ["C4"]])
    X = SignalArray(np.zeros((2, 2, 5)), ch_names=names, groups=pd.DataFrame({"who": ["a", "b"]}))
    assert X.ch_names == ("C3", "C4")
    assert X.groups.tolist() == ["a", "b"]
    assert SignalArray(X, ch_names=[b"C3", b"C4"]).ch_names == ("C3", "C4")


def test_an_index_by_a_tuple_is_one_by_a_list(X):
    assert X[:, (0, 2)].ch_names == X[:, [0, 2]].ch_names
    assert X[(0, 3),].groups.tolist() == X[[0, 3]].groups.tolist()


def test_another_look_at_the_memory_changes_nothing(X):
    for look in (lambda: X.view(np.uint8), lambda: joblib.hash(X), lambda: X.T, lambda: X.ravel()):
        look()
        assert facts(X) == (160.0, CH_NAMES, True)


def test_a_view_of_another_shape_tells_nothing(X):
    view = X[:]
    view.shape = (12, 40, 3)
    assert facts(view) == NOTHING
    assert facts(X) == (160.0, CH_NAMES, True)


def test_permuted_trials_take_their_subjects_along(X):
    mixed = X[np.random.default_rng(0).permutation(len(X))]
    for trial, subject in zip(mixed, mixed.groups, strict=True):
        where = np.flatnonzero((np.asarray(X) == np.asarray(trial)).all(axis=(1, 2)))
        assert X.groups[where] == subject


def test_masks_are_kept_or_refused(X):
    masked = np.ma.masked_greater(np.asarray(X), 1)
    for result in (X + masked, masked * X, np.add(X, masked)):
        assert np.ma.count_masked(result) == np.ma.count_masked(masked) > 0
    for read in (SignalArray, as_signals):
        with pytest.raises(ValueError, match=r"X is a masked array, \d+ of its 1440 values"):
            read(masked)
    assert SignalArray(np.ma.masked_array(np.ones((2, 3, 4)), mask=False)).shape == (2, 3, 4)


@pytest.mark.parametrize(
    ("names", "sfreq", "n_times", "message"),
    [
        (["Cz", "Fz"], 64.0, 8, r"differ in their channels: \['Fz', 'Cz'\] in the first.*number 1"),
        (["Fz", "Cz"], 32.0, 8, "differ in their sampling rate"),
        (["Fz", "Cz"], 64.0, 9, "differ in their number of samples"),
    ],
)
def test_lists_of_epochs_are_of_one_kind(names, sfreq, n_times, message):
    mne = pytest.importorskip("mne")
    first, other = (
        mne.EpochsArray(np.zeros((2, 2, n)), mne.create_info(ch, rate, "eeg"), verbose="error")
        for ch, rate, n in ((["Fz", "Cz"], 64.0, 8), (names, sfreq, n_times))
    )
    assert len(as_signals([first, first])) == 4
    with pytest.raises(ValueError, match=message):
        as_signals([first, other])


def test_channels_of_one_name_are_refused(X):
    values, names = np.zeros((2, 3, 8)), ["C3", "Cz", "C3"]
    for call in (
        lambda: SignalArray(values, ch_names=names),
        lambda: Trials.from_arrays(values, ["a", "b"], sfreq=8, subject="x", ch_names=names),
    ):
        with pytest.raises(ValueError, match="ch_names has C3 more than once; give every"):
            call()


def test_an_index_that_repeats_a_channel_drops_the_names(X):
    assert X[:, [0, 0]].ch_names is None
    assert X[:, [1, 0]].ch_names == X.ch_names[1::-1]
    assert pickle.loads(pickle.dumps(X[:, [0, 0]])).shape[1] == 2


def test_onsets_that_are_absent_give_no_order():
    with pytest.raises(ValueError, match="onsets holds NaN or infinity"):
        SignalArray(np.zeros((2, 1, 8)), onsets=[0.0, np.nan])
    with pytest.raises(ValueError, match=r"groups is .*; expected a list"):
        SignalArray(np.zeros((2, 1, 8)), groups=np.array("S1"))
