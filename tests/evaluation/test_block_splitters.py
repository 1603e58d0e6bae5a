"""Blocks of time within a person or a session."""

import mne
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import StratifiedKFold, cross_val_score

from eegkit import SignalArray, Trials
from eegkit.evaluation import WithinSessionKFold, WithinSubjectKFold
from eegkit.transforms import SlidingWindows

Y = np.tile(["rest", "task"], 12)
GROUPS = np.repeat([3, 1, 2, 7], 6)


def windows_of_one_recording(n_windows=40, step_s=1.0, window_s=2.0, sfreq=10):
    """Windows of 2 s, one each second, rest and task taking turns of five."""
    made = Trials.from_arrays(
        np.zeros((n_windows, 1, round(window_s * sfreq))),
        np.where(np.arange(n_windows) // 5 % 2, "task", "rest"),
        sfreq=sfreq,
        subject="a",
    )
    made.metadata["onset"] = np.arange(n_windows) * step_s
    return made


def test_within_tests_blocks_of_time_of_one_person():
    splitter = WithinSubjectKFold(3)
    tested = np.zeros(len(Y), dtype=int)
    for train, test in splitter.split(Y, Y, GROUPS):
        assert len(np.unique(GROUPS[np.r_[train, test]])) == 1
        assert sorted(Y[test]) == ["rest", "task"]
        assert np.ptp(test) == 1, "the tested trials are consecutive ones"
        tested[test] += 1
    assert (tested == 1).all()


def test_without_metadata_it_is_scikit_learns_split_of_each_person():
    folds = list(WithinSubjectKFold(3).split(Y, Y, GROUPS))
    expected = []
    for subject in np.unique(GROUPS):
        rows = np.flatnonzero(subject == GROUPS)
        for train, test in StratifiedKFold(3).split(rows, Y[rows]):
            expected.append((rows[train], rows[test]))
    for fold, other in zip(folds, expected, strict=True):
        np.testing.assert_array_equal(np.concatenate(fold), np.concatenate(other))


def test_within_works_in_scikit_learn():
    scores = cross_val_score(
        DummyClassifier(), np.zeros((24, 1)), Y, groups=GROUPS, cv=WithinSubjectKFold(3)
    )
    assert len(scores) == 12
    assert not isinstance(WithinSubjectKFold(3), BaseEstimator)
    assert repr(WithinSubjectKFold(3, gap=2)) == "WithinSubjectKFold(gap=2, n_splits=3)"


def test_a_session_trains_and_tests_itself_alone():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"subject": np.repeat(["a", "b"], 40), "session": np.tile([1, 2], 40)})
    table = table.iloc[rng.permutation(80)]
    y = rng.permutation(np.repeat(["rest", "task"], 40))
    tested = np.zeros(80, dtype=int)
    for train, test in WithinSessionKFold(3).split(np.zeros(80), y, table):
        both = table.iloc[np.r_[train, test]]
        assert len(both.drop_duplicates()) == 1
        assert len(train) + len(test) == (table == both.iloc[0]).all(axis=1).sum()
        tested[test] += 1
    assert (tested == 1).all()


@pytest.mark.parametrize("gap", [0, 1, 3])
def test_the_gap_is_empty_of_training_trials(gap):
    n = 60
    y = np.random.default_rng(1).permutation(np.repeat(["rest", "task"], n // 2))
    runs = np.repeat(["1", "2"], n // 2)
    table = pd.DataFrame({"subject": "a", "session": "1", "run": runs})
    purged = 0
    for train, test in WithinSubjectKFold(5, gap=gap).split(y, y, table):
        for run in "12":
            ours, theirs = (rows[runs[rows] == run] for rows in (train, test))
            if len(ours) and len(theirs):
                assert np.abs(ours[:, None] - theirs).min() > gap
        near = [
            row
            for row in np.setdiff1d(np.arange(n), test)
            if any(abs(row - t) <= gap and runs[row] == runs[t] for t in test)
        ]
        np.testing.assert_array_equal(train, np.setdiff1d(np.arange(n), [*test, *near]))
        purged += len(near)
    assert (purged > 0) == (gap > 0)


@pytest.mark.parametrize("shuffled", [False, True])
def test_windows_that_overlap_a_test_window_are_not_trained_on(shuffled):
    trials = windows_of_one_recording()
    if shuffled:
        trials = trials[np.random.default_rng(0).permutation(len(trials))]
    onset = trials.metadata["onset"].to_numpy()
    for X, groups in [(trials, None), (trials.X, trials.metadata)]:
        purged = 0
        for train, test in WithinSubjectKFold(4).split(X, trials.y, groups):
            apart = np.abs(onset[train][:, None] - onset[test])
            assert apart.min() >= 2, "windows last 2 s"
            left = np.setdiff1d(np.arange(len(trials)), np.r_[train, test])
            assert (np.abs(onset[left][:, None] - onset[test]).min(axis=1) < 2).all()
            purged += len(left)
        assert purged > 0
    for train, test in WithinSubjectKFold(4).split(np.zeros(40), trials.y, trials.metadata):
        assert len(train) + len(test) == 40, "without a length nothing is known to overlap"


def test_windows_side_by_side_are_all_kept():
    trials = windows_of_one_recording(step_s=0.1, window_s=0.1, sfreq=70)
    for train, test in WithinSubjectKFold(4).split(trials, trials.y):
        assert len(train) + len(test) == len(trials)


def test_recordings_have_their_own_time():
    trials = windows_of_one_recording()
    trials.metadata["run"] = np.where(np.arange(40) < 20, "1", "2")
    trials.metadata["onset"] = np.tile(np.arange(20), 2)
    onset, run = trials.metadata["onset"].to_numpy(), trials.metadata["run"].to_numpy()
    for train, test in WithinSubjectKFold(2).split(trials, trials.y):
        assert np.isin(onset[train], onset[test]).any(), "of the other run"
        for row in test:
            beside = train[run[train] == run[row]]
            assert (np.abs(onset[beside] - onset[row]) >= 2).all()


def test_shuffled_rows_are_put_in_order_by_their_onset():
    trials = windows_of_one_recording(step_s=2.0)
    order = np.random.default_rng(3).permutation(len(trials))
    shuffled = trials[order]
    folds = list(WithinSubjectKFold(4).split(trials, trials.y))
    others = list(WithinSubjectKFold(4).split(shuffled, shuffled.y))
    for fold, other in zip(folds, others, strict=True):
        for side in (0, 1):
            np.testing.assert_array_equal(fold[side], np.sort(order[other[side]]))


@pytest.mark.parametrize("step_s", [0.5, 0.25])
def test_windows_of_one_trial_stay_together(step_s):
    trials = Trials.from_arrays(
        np.zeros((12, 1, 40)), np.tile(["rest", "task"], 6), sfreq=20, subject="a"
    )
    windows = SlidingWindows(window_s=0.5, step_s=step_s).transform(trials)
    parent = windows.metadata["parent"].to_numpy()
    folds = list(WithinSubjectKFold(3).split(windows, windows.y))
    of_trials = list(WithinSubjectKFold(3).split(trials, trials.y))
    for (train, test), (parents, tested) in zip(folds, of_trials, strict=True):
        assert set(parent[train]) == set(parents)
        assert set(parent[test]) == set(tested)
    with pytest.raises(ValueError, match=r"6 trials of 'rest', fewer than the 7 folds \(the \d+ w"):
        list(WithinSubjectKFold(7).split(windows, windows.y))


def test_onsets_are_seconds_whatever_they_are_held_as():
    table = pd.DataFrame({"subject": "a", "session": "1", "onset": np.arange(24) * 1.0})
    X = SignalArray(np.zeros((24, 1, 200)), sfreq=100.0)  # 2 s every 1 s
    y = np.array(["r", "t"] * 12)
    expected = list(WithinSubjectKFold(3).split(X, y, table))
    for onset in (
        pd.to_timedelta(table["onset"], unit="s"),
        pd.Timestamp("2024-05-01") + pd.to_timedelta(table["onset"], unit="s"),
    ):
        folds = list(WithinSubjectKFold(3).split(X, y, table.assign(onset=onset)))
        for (train, test), (other_train, other_test) in zip(folds, expected, strict=True):
            np.testing.assert_array_equal(train, other_train)
            np.testing.assert_array_equal(test, other_test)
            assert (np.abs(train[:, None] - test) > 1).all()


def test_windows_of_overlapping_trials_are_dated_by_both_onsets():
    trials = windows_of_one_recording(n_windows=20)
    windows = SlidingWindows(window_s=1).transform(trials)
    metadata = windows.metadata
    start = (metadata["onset"] + metadata["window_onset_s"]).to_numpy()
    n_kept = []
    for train, test in WithinSubjectKFold(2).split(windows, windows.y):
        assert np.abs(start[train][:, None] - start[test]).min() >= 1
        n_kept.append(len(train))
    assert min(n_kept) > 0


def test_epochs_are_split_by_their_metadata():
    trials = windows_of_one_recording()
    epochs = trials.to_epochs()
    assert isinstance(epochs, mne.BaseEpochs)
    folds = list(WithinSubjectKFold(4).split(epochs, trials.y))
    for fold, other in zip(folds, WithinSubjectKFold(4).split(trials, trials.y), strict=True):
        np.testing.assert_array_equal(np.concatenate(fold), np.concatenate(other))


TWELVE = np.tile(["r", "t"], 6)
WITHIN, SESSION = WithinSubjectKFold(2), WithinSessionKFold(2)


@pytest.mark.parametrize(
    ("splitter", "y", "groups", "message"),
    [
        (WITHIN, Y, None, r"groups is None.* needs the subject of .*groups=trials.metadata"),
        (WITHIN, Y, GROUPS[:-1], "X has 24 trials, but groups has 23 rows"),
        (WITHIN, Y[:-1], GROUPS, "y has 23 labels, but groups has 24 rows"),
        (WITHIN, None, GROUPS, "y is None"),
        (WITHIN, Y, np.zeros((24, 2)), r"groups has shape \(24, 2\)"),
        (WITHIN, Y, pd.DataFrame({"who": GROUPS}), "no column 'subject', only who"),
        (WITHIN, Y, pd.DataFrame({"subject": [None] * 24}), "24 of 24 trials have no subject"),
        (SESSION, Y, GROUPS, "one array, but WithinSessionKFold needs the subject and session"),
        (WithinSubjectKFold(1), Y, GROUPS, "n_splits is 1"),
        (
            WithinSubjectKFold(2, gap=-1),
            Y,
            GROUPS,
            "gap is -1; expected a whole number of at least 0",
        ),
        (WithinSubjectKFold(2, gap=0.5), Y, GROUPS, r"gap is 0\.5"),
        (WITHIN, GROUPS, GROUPS, "Subject 1 has trials of one class only"),
        (WithinSubjectKFold(4), Y, GROUPS, r"Subject 1 has 3 trials of 'rest', .*4 .*within-3"),
    ],
)
def test_what_makes_no_sense_is_refused(splitter, y, groups, message):
    with pytest.raises(ValueError, match=message):
        list(splitter.split(np.zeros(24), y, groups))


@pytest.mark.parametrize(
    ("splitter", "y", "columns", "message"),
    [
        (WITHIN, TWELVE, {"onset": np.nan}, "12 of 12 trials have no time in 'onset'"),
        (WITHIN, TWELVE, {"onset": "?"}, r"metadata\['onset'\] is not numeric"),
        (WithinSubjectKFold(2, gap=6), TWELVE, {"session": [1] * 12}, "no trial of 'r', 't' left"),
        (WITHIN, ["r"] + ["t"] * 11, {}, r"has 1 trials of 'r', fewer .*folds; leave it out"),
        (SESSION, [*"rtrtrt", *"rrrrrr"], {}, "Session 2 of subject 'a' has trials of one class"),
        (WithinSessionKFold(4), TWELVE, {}, r"Session 1 of .*3 trials of 'r', .*within-session-3"),
    ],
)
def test_trials_that_cannot_be_split_are_refused(splitter, y, columns, message):
    table = pd.DataFrame({"subject": "a", "session": np.repeat([1, 2], 6)} | columns)
    with pytest.raises(ValueError, match=message):
        list(splitter.split(np.zeros(12), y, table))


def test_nobody_is_split_before_everybody_was_checked():
    y = np.array(["r", "t"] * 4 + ["r"] * 8)
    folds = WithinSubjectKFold(2).split(y, y, np.repeat(["a", "b"], 8))
    with pytest.raises(ValueError, match="Subject 'b' has trials of one class"):
        next(folds)
