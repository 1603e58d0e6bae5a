"""The picture of a split."""

import matplotlib as mpl
import numpy as np
import pytest

from eegkit import Trials
from eegkit.evaluation import make_splitter
from eegkit.evaluation.splits.named import folds_of
from eegkit.plots.splits import NOT_USED, TEST, TRAIN, SplitDisplay

mpl.use("agg")


def trials_of(n_subjects, n_sessions=1, n_each=6):
    n = n_subjects * n_sessions * n_each
    rng = np.random.default_rng(0)
    trials = Trials.from_arrays(
        np.zeros((n, 1, 8)),
        np.tile(["rest", "task"], n // 2),
        sfreq=8,
        subject=np.repeat([f"S{i:03d}" for i in range(n_subjects)], n_sessions * n_each),
        session=np.tile(np.repeat(np.arange(n_sessions).astype(str), n_each), n_subjects),
    )
    return trials[rng.permutation(n)]


def labels(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


@pytest.mark.parametrize("cv", ["loso", "within-2", "cross-session"])
def test_every_trial_has_the_side_of_its_fold(cv):
    trials = trials_of(4, n_sessions=2)
    display = SplitDisplay.from_splitter(cv, trials)
    folds = folds_of(make_splitter(cv), trials)
    drawn = display.ax_.images[0].get_array()
    assert drawn.shape == (48, len(folds))
    for column, fold in zip(drawn.T, folds, strict=True):
        for side, rows in [(TRAIN, fold.train), (TEST, fold.test)]:
            assert set(display.metadata.index[column == side]) == set(rows)
        assert np.sum(column == NOT_USED) == 48 - len(fold.train) - len(fold.test)
    in_order = display.metadata[["subject", "session"]].apply(tuple, axis=1)
    assert in_order.is_monotonic_increasing


def test_people_and_sessions_are_named():
    axis = SplitDisplay.from_splitter("loso", trials_of(3, n_sessions=2)).ax_
    assert labels(axis.yaxis)[:3] == ["S000, 0", "S000, 1", "S001, 0"]
    assert axis.get_title() == "loso"
    plain = SplitDisplay.from_splitter("group-2", trials_of(3)).ax_
    assert labels(plain.yaxis) == ["S000", "S001", "S002"]
    np.testing.assert_allclose(plain.get_yticks(), [2.5, 8.5, 14.5])
    legend = [text.get_text() for text in plain.get_legend().get_texts()]
    assert legend == ["test", "train"]


def test_many_people_are_counted_instead():
    axis = SplitDisplay.from_splitter("group-5", trials_of(109, n_each=2)).ax_
    assert labels(axis.yaxis) == []
    assert axis.get_ylabel() == "218 trials of 109 people"


def test_given_axes_are_used():
    axes = mpl.figure.Figure().subplots()
    split = {"train": ["S000"], "test": ["S002"]}
    display = SplitDisplay.from_splitter(split, trials_of(3), ax=axes)
    assert display.ax_ is axes
    assert axes.get_title() == "FixedSplit(train=['S000'], test=['S002'], by='subject')"
    assert axes.get_xlabel() == "fold"
    people = [f"S{i:03d}" for i in range(12)]
    long = SplitDisplay.from_splitter({"train": people[:6], "test": people[6:]}, trials_of(12))
    assert long.ax_.get_title() == "FixedSplit"
