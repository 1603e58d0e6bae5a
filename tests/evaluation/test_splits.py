"""Named cross-validation, its folds, and what they promise."""

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
)

from eegkit import Trials
from eegkit.evaluation import (
    CrossDataset,
    CrossRun,
    CrossSession,
    FixedSplit,
    WithinSessionKFold,
    WithinSubjectKFold,
    audit_split,
    make_splitter,
)
from eegkit.evaluation.splits.named import folds_of, keeps_apart

Y = np.tile(["rest", "task"], 12)
GROUPS = np.repeat([3, 1, 2, 7], 6)


@pytest.fixture(scope="module")
def trials():
    """Two people of each of two data sets, two sessions of three runs each."""
    subject = np.repeat(["x/1", "x/2", "y/1", "y/2"], 24)
    made = Trials.from_arrays(
        np.zeros((96, 1, 8)),
        np.tile(["rest", "task"], 48),
        sfreq=8,
        subject=subject,
        session=np.tile(np.repeat(["1", "2"], 12), 4),
        run=np.tile(np.repeat(["1", "2", "3"], 4), 8),
    )
    made.metadata["dataset"] = [name[0] for name in subject]
    return made


@pytest.mark.parametrize(
    ("name", "kind", "n_folds", "promise"),
    [
        ("group-4", GroupKFold, 4, "subject"),
        ("stratified-group-2", StratifiedGroupKFold, 2, "subject"),
        ("loso", LeaveOneGroupOut, 4, "subject"),
        ("within-3", WithinSubjectKFold, 12, "block"),
        ("within-session-3", WithinSessionKFold, 24, "block"),
        ("cross-session", CrossSession, 8, "session"),
        ("cross-run", CrossRun, 24, "run"),
        ("cross-dataset", CrossDataset, 2, "dataset"),
        ({"train": ["x/1", "x/2"], "test": ["y/1"]}, FixedSplit, 1, "subject"),
        ({"train": ["1", "3"], "test": ["2"], "by": "run"}, FixedSplit, 1, "run"),
    ],
)
def test_names(trials, name, kind, n_folds, promise):
    splitter = make_splitter(name)
    assert isinstance(splitter, kind)
    folds = folds_of(splitter, trials)
    assert [fold.number for fold in folds] == list(range(n_folds))
    assert splitter.get_n_splits(None, None, trials.metadata if n_folds != 4 else trials.groups)
    assert keeps_apart(splitter) == promise
    for fold in folds:
        assert len(np.intersect1d(fold.train, fold.test)) == 0


def test_the_number_of_folds_is_said_beforehand(trials):
    for name in ("within-3", "within-session-3", "cross-session", "cross-run", "cross-dataset"):
        splitter = make_splitter(name)
        n_folds = len(folds_of(splitter, trials))
        assert splitter.get_n_splits(groups=trials.metadata) == n_folds
        assert splitter.get_n_splits(trials) == n_folds


@pytest.mark.parametrize("cv", ["group", "group-1", "group5", "LOSO", "within-x", 5, None])
def test_unknown_names_are_refused(cv):
    with pytest.raises(ValueError, match=r'cv is .*; expected "group-K"'):
        make_splitter(cv)


def test_the_seed_draws_the_people_of_a_fold():
    people = np.arange(40)
    same, again, other = (
        [
            tuple(test)
            for _, test in make_splitter("group-5", random_state=seed).split(people, groups=people)
        ]
        for seed in (0, 0, 1)
    )
    assert same == again
    assert same != other


def test_splitters_and_lists_of_folds_pass_through(trials):
    splitter = GroupShuffleSplit(2, random_state=0)
    assert make_splitter(splitter) is splitter
    mask = trials.groups == "x/1"
    (fold,) = folds_of(make_splitter([(mask, ~mask)]), trials)
    np.testing.assert_array_equal(fold.train, np.flatnonzero(mask))
    np.testing.assert_array_equal(fold.test, np.flatnonzero(~mask))


def test_folds_are_not_refused_for_what_leaks(trials):
    folds = folds_of(KFold(4, shuffle=True, random_state=0), trials)
    assert len(folds) == 4
    assert keeps_apart(KFold(4)) == "subject"


def test_soft_labels_are_split_by_the_most_probable_class(trials):
    soft = np.where((trials.y == "task")[:, None], [0.2, 0.8], [0.7, 0.3])
    of_soft = Trials(trials.X, soft, trials.metadata, trials.info)
    for name in ("stratified-group-2", "within-3", "cross-session"):
        expected = folds_of(make_splitter(name), trials)
        for fold, other in zip(expected, folds_of(make_splitter(name), of_soft), strict=True):
            np.testing.assert_array_equal(fold.test, other.test)


def test_a_promised_column_has_to_be_there(trials):
    class ByHalf(KFold):
        keeps_apart = "half"

    with pytest.raises(ValueError, match=r"keeps_apart is 'half'; expected 'dataset', 'subject', "):
        audit_split(trials, ByHalf(2))


class Fixed:
    """A splitter of given folds."""

    def __init__(self, *folds):
        self.folds = folds

    def split(self, X, y=None, groups=None):
        return iter(self.folds)


@pytest.mark.parametrize(
    ("splitter", "message"),
    [
        (Fixed(), "gave no folds"),
        (Fixed((range(6), [])), "Fold 0 has no test trials"),
        (Fixed(([], range(6))), "Fold 0 has no train trials"),
        (GroupKFold(5), r"needs at least 5 subjects, but the trials are of 4 \('x/1'"),
    ],
)
def test_folds_have_two_sides(trials, splitter, message):
    with pytest.raises(ValueError, match=message):
        folds_of(splitter, trials)


def test_one_person_is_told_about_within(trials):
    one = trials[trials.groups == trials.groups[0]]
    with pytest.raises(ValueError, match=r"Leave one subject out needs .*within-5"):
        folds_of(LeaveOneGroupOut(), one)


@pytest.mark.parametrize("kind", [GroupKFold, LeaveOneGroupOut, GroupShuffleSplit])
def test_scikit_learns_splitters_are_given_the_column_they_promise(trials, kind):
    class ByRecording(kind):
        keeps_apart = "recording"

    trials = trials[:]
    trials.metadata["recording"] = np.arange(len(trials)) // 4
    folds = folds_of(ByRecording(), trials)
    recording = trials.metadata["recording"].to_numpy()
    assert not any(set(recording[f.train]) & set(recording[f.test]) for f in folds)
    assert any(set(trials.groups[f.train]) & set(trials.groups[f.test]) for f in folds)


def test_splitters_read_people_of_one_kind(trials):
    trials = trials[:]
    trials.metadata["subject"] = np.resize(np.array([1, "3b", 2], dtype=object), len(trials))
    for name in ("group-3", "loso", "cross-run"):
        assert folds_of(make_splitter(name), trials)
    trials.metadata.loc[0, "subject"] = None
    for name in ("group-3", "loso", "cross-run"):
        with pytest.raises(ValueError, match=f"1 of {len(trials)} trials have no subject"):
            folds_of(make_splitter(name), trials)
    with pytest.raises(ValueError, match="1 of 3 trials have no label in y"):
        next(CrossRun().split(np.zeros(3), [0, None, 1], trials.metadata[1:4]))
