import copy
import pickle
import warnings

import mne
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score

from eegkit import Pipeline, Trials
from eegkit.signals import as_signals
from eegkit.testing import example_trials
from eegkit.transforms import BandPower


@pytest.fixture
def trials():
    return example_trials()


def test_x_is_kept_where_it_already_fits(tmp_path):
    X = np.zeros((4, 2, 10), dtype=np.float32)
    assert np.shares_memory(Trials.from_arrays(X, [0, 1] * 2, sfreq=100, subject="a").X, X)
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    trials = Trials.from_arrays(mapped, [0, 1] * 2, sfreq=100, subject="a")
    assert np.shares_memory(trials.X, mapped)


def test_rows(trials):
    some = trials[trials.groups == "S2"]
    assert set(some.groups) == set(some.X.groups) == {"S2"}
    assert len(trials[2:5]) == 3
    assert len(trials[[4, 1]]) == 2
    with pytest.raises(IndexError, match="one trial"):
        trials[3]


def test_epochs_and_back(trials):
    epochs = trials.to_epochs()
    assert epochs.get_data().std() < 1e-3  # volts
    again = Trials.from_epochs(epochs)
    np.testing.assert_allclose(again.X, trials.X, rtol=1e-5)
    np.testing.assert_array_equal(again.y, trials.y)
    np.testing.assert_array_equal(again.groups, trials.groups)
    assert again.ch_names == trials.ch_names


def test_from_epochs_wants_to_know_whose_they_are(trials):
    epochs = trials.to_epochs()
    epochs.metadata = None
    with pytest.raises(ValueError, match="pass subject="):
        Trials.from_epochs(epochs)
    assert set(Trials.from_epochs(epochs, subject="S7").groups) == {"S7"}


def test_epochs_keep_only_their_eeg_channels(trials):
    epochs = trials.to_epochs().copy()
    epochs.set_channel_types({"C4": "eog"}, verbose="error")
    assert as_signals(epochs).ch_names == ("C3", "Cz")
    epochs.set_channel_types({"C3": "eog", "Cz": "eog"}, verbose="error")
    with pytest.raises(ValueError, match="no EEG channel"):
        as_signals(epochs)


def test_epochs_in_cross_val_score(trials):
    from eegkit.classifiers import CNNBiGRU
    from eegkit.transforms import STFT

    net = CNNBiGRU(**CNNBiGRU.conformance_params()).set_params(max_epochs=1)
    pipeline = Pipeline([STFT(nperseg=32), net])
    scores = cross_val_score(
        pipeline,
        trials.to_epochs(),
        trials.y,
        groups=trials.groups,
        cv=GroupKFold(3),
        error_score="raise",
    )
    assert np.isfinite(scores).all()


def test_many_epochs_of_one_trial_are_told_once_for_a_line():
    trials = example_trials(156)
    decoder = Pipeline([BandPower(), LogisticRegression()])

    def scores(X):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            result = cross_val_score(decoder, X, trials.y, groups=trials.groups, cv=GroupKFold(3))
        places = [w.filename for w in told if "epochs of one trial each" in str(w.message)]
        return result, places

    epochs = trials.to_epochs()
    slow, places = scores(epochs)
    assert places == [__file__]
    fast, places = scores(Trials.from_epochs(epochs).X)
    assert places == []
    np.testing.assert_array_equal(slow, fast)


def test_concatenate(trials):
    both = Trials.concatenate([trials[:4], trials[4:]])
    np.testing.assert_array_equal(both.X, trials.X)
    with pytest.raises(ValueError, match="n_times"):
        Trials.concatenate([trials, example_trials(n_times=50)])
    with pytest.raises(ValueError, match="no trials"):
        Trials.concatenate([])


def test_soft_labels_have_no_events(trials):
    soft = Trials(trials.X, np.full((len(trials), 2), 0.5), trials.metadata, trials.info)
    assert "soft labels over 2 classes" in repr(soft)
    with pytest.raises(ValueError, match="Soft labels"):
        soft.to_epochs()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.zeros((3, 10))}, r"shape \(3, 10\); expected"),
        ({"y": [0, 1]}, "y has 2 rows, but X has 3"),
        ({"metadata": pd.DataFrame({"subject": ["a"] * 3})}, "lacks session, run"),
        (
            {"info": mne.create_info(["C3"], 100, "eeg")},
            "info names 1 channels, but X of shape",
        ),
    ],
)
def test_parts_that_do_not_fit(change, message):
    parts = {
        "X": np.zeros((3, 2, 10)),
        "y": [0, 1, 0],
        "metadata": pd.DataFrame({"subject": ["a"] * 3, "session": "0", "run": "0"}),
        "info": mne.create_info(["C3", "C4"], 100, "eeg"),
    }
    with pytest.raises(ValueError, match=message):
        Trials(**(parts | change))


def test_signals_say_what_metadata_and_info_say_now():
    trials = example_trials(n_trials=6)
    trials.metadata["subject"] = ["a", "b"] * 3
    mne.rename_channels(trials.info, {trials.ch_names[0]: "Fpz"})
    assert trials.X.groups.tolist() == trials.groups.tolist() == ["a", "b"] * 3
    assert list(trials.X.ch_names) == trials.ch_names
    assert trials.ch_names[0] == "Fpz"


def test_signals_cannot_be_changed_under_their_labels():
    trials = example_trials(n_trials=6)
    before = trials.X.copy()
    for change in (np.random.default_rng(0).shuffle, lambda X: X.sort(axis=0)):
        with pytest.raises(ValueError, match="read-only"):
            change(trials.X)
    with pytest.raises(ValueError, match="read-only"):
        trials.X[0] = 1
    np.testing.assert_array_equal(trials.X, before)


def test_people_of_a_column_go_by_position(trials):
    column = pd.Series(trials.groups, index=np.arange(len(trials))[::-1])
    for subject in (column, column.to_frame(), trials.groups[:, None]):
        again = Trials.from_epochs(trials.to_epochs(), subject=subject)
        np.testing.assert_array_equal(again.groups, trials.groups)
        again = Trials.from_arrays(trials.X, trials.y, sfreq=128, subject=subject)
        np.testing.assert_array_equal(again.groups, trials.groups)
    for subject in (["S1"], trials.groups[:3]):
        with pytest.raises(ValueError, match=f"for each of the {len(trials)} trials, or one for"):
            Trials.from_arrays(trials.X, trials.y, sfreq=128, subject=subject)
    with pytest.raises(ValueError, match="sfreq is nan"):
        Trials.from_arrays(trials.X, trials.y, sfreq=np.nan, subject="a")


def test_a_column_of_metadata_is_there_once(trials):
    twice = pd.concat([trials.metadata, trials.metadata[["subject"]]], axis=1)
    with pytest.raises(ValueError, match="several columns called 'subject'"):
        Trials(trials.X, trials.y, twice, trials.info)


def test_labels_are_the_trials_own_and_as_many(trials):
    y = np.array(["a", "b"] * len(trials))[: len(trials)]
    other = Trials(trials.X, y, trials.metadata, trials.info)
    y[:] = "b"
    assert set(other.y) == {"a", "b"}
    with pytest.raises(ValueError, match=f"y has 3 rows, but X has {len(trials)} trials"):
        other.y = other.y[:3]
    assert len(other) == len(other.y) == len(trials)


def drop_a_column(trials):
    del trials.metadata["subject"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: setattr(t, "metadata", t.metadata.sample(frac=1, random_state=0)), "order"),
        (lambda t: setattr(t, "metadata", t.metadata[t.metadata["subject"] != "S1"]), "rows"),
        (lambda t: setattr(t.metadata, "index", t.metadata.index[::-1]), "another order"),
        (lambda t: t.metadata.__init__(t.metadata[1:]), r"rows by now.*trials\[mask\]"),
        (drop_a_column, "metadata lacks subject"),
    ],
)
def test_rows_of_metadata_belong_to_the_trials(trials, change, words):
    def people_after():
        change(trials)
        return trials.groups

    with pytest.raises(ValueError, match=words):
        people_after()
    trials.metadata = example_trials().metadata
    np.testing.assert_array_equal(trials.groups, example_trials().groups)


def test_metadata_may_be_replaced_and_extended(trials):
    ages = pd.DataFrame({"subject": sorted(set(trials.groups)), "age": [20, 30, 40]})
    trials.metadata = trials.metadata.merge(ages, on="subject")
    trials.metadata["hand"] = "right"
    trials.metadata.index = [0] * len(trials)  # no order
    assert set(trials[trials.metadata["age"] > 30].groups) == {"S3"}


def test_a_mask_of_pandas_goes_by_its_rows(trials):
    table = trials.metadata.sort_values("subject", ascending=False)
    assert set(trials[table["subject"] == "S1"].groups) == {"S1"}
    with pytest.raises(ValueError, match="mask has 1 rows"):
        trials[table["subject"][:1] == "S1"]


def test_copies_by_pickle_keep_their_signals_in_order(trials):
    for copied in (pickle.loads(pickle.dumps(trials)), copy.deepcopy(trials)):
        with pytest.raises(ValueError, match="read-only"):
            np.random.default_rng(0).shuffle(copied.X)


def test_masked_signals_and_labels_are_refused():
    X, y = np.ma.masked_array(np.ones((4, 2, 8))), np.ma.masked_array([0, 1, 0, 1])
    X[0, 0, 0] = np.ma.masked
    with pytest.raises(ValueError, match="X is a masked array, 1 of its 64"):
        Trials.from_arrays(X, [0, 1, 0, 1], sfreq=8, subject="a")
    y[1] = np.ma.masked
    with pytest.raises(ValueError, match="y is a masked array, 1 of its 4"):
        Trials.from_arrays(np.ones((4, 2, 8)), y, sfreq=8, subject="a")


def test_names_of_channels_fit_the_signals():
    X = np.zeros((4, 10, 2))
    with pytest.raises(ValueError, match=r"ch_names names 2 .* \(4, 10, 2\) has 10; .*swapped: gi"):
        Trials.from_arrays(X, [0, 1] * 2, sfreq=100, subject="a", ch_names=["C3", "C4"])
    with pytest.raises(ValueError, match=r"ch_names names 3 .* n_channels, n_times\)\.$"):
        Trials.from_arrays(X, [0, 1] * 2, sfreq=100, subject="a", ch_names=["C3", "C4", "Cz"])
    good = Trials.from_arrays(X, [0, 1] * 2, sfreq=100, subject="a")
    with pytest.raises(ValueError, match="info names 10 channels, but X of shape"):
        Trials(X.transpose(0, 2, 1), good.y, good.metadata, good.info)
