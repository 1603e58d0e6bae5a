"""Named cross-validation and the audit of folds."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import (
    GroupKFold,
    LeaveOneGroupOut,
    StratifiedGroupKFold,
    cross_val_score,
)

from eegkit.evaluation import WithinSubjectKFold, make_splitter
from eegkit.evaluation.splits import make_folds

Y = np.tile(["rest", "task"], 12)
GROUPS = np.repeat([3, 1, 2, 7], 6)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("group-4", GroupKFold),
        ("stratified-group-2", StratifiedGroupKFold),
        ("loso", LeaveOneGroupOut),
        ("within-3", WithinSubjectKFold),
    ],
)
def test_names(name, kind):
    splitter = make_splitter(name)
    assert isinstance(splitter, kind)
    folds = make_folds(splitter, Y, GROUPS, allow_subject_overlap=name == "within-3")
    assert [fold.number for fold in folds] == list(range(len(folds)))
    assert len(folds) == splitter.get_n_splits(Y, Y, GROUPS)


@pytest.mark.parametrize("cv", ["group", "group-1", "group5", "LOSO", "within-x", 5, None])
def test_unknown_names_are_refused(cv):
    with pytest.raises(ValueError, match=r'cv is .*; expected "group-K"'):
        make_splitter(cv)


def test_within_tests_blocks_of_time_of_one_person():
    splitter = WithinSubjectKFold(3)
    tested = np.zeros(len(Y), dtype=int)
    for train, test in splitter.split(Y, Y, GROUPS):
        assert len(np.unique(GROUPS[np.r_[train, test]])) == 1
        assert sorted(Y[test]) == ["rest", "task"]
        assert np.ptp(test) == 1, "the tested trials are consecutive ones"
        tested[test] += 1
    assert (tested == 1).all()


def test_within_works_in_scikit_learn():
    scores = cross_val_score(
        DummyClassifier(), np.zeros((24, 1)), Y, groups=GROUPS, cv=WithinSubjectKFold(3)
    )
    assert len(scores) == 12
    assert not isinstance(WithinSubjectKFold(3), BaseEstimator)
    assert repr(WithinSubjectKFold(3)) == "WithinSubjectKFold(n_splits=3)"


@pytest.mark.parametrize(
    ("splitter", "y", "groups", "message"),
    [
        (WithinSubjectKFold(4), Y, GROUPS, "Subject 1 has 3 trials of 'rest', fewer than the 4"),
        (WithinSubjectKFold(1), Y, GROUPS, "n_splits is 1"),
        (WithinSubjectKFold(2), GROUPS, GROUPS, "Subject 1 has trials of one class only"),
        (WithinSubjectKFold(2), Y, None, "groups is None"),
    ],
)
def test_within_refuses(splitter, y, groups, message):
    with pytest.raises(ValueError, match=message):
        list(splitter.split(y, y, groups))


class Fixed:
    """A splitter of given folds."""

    def __init__(self, *folds):
        self.folds = folds

    def split(self, X, y=None, groups=None):
        return iter(self.folds)


@pytest.mark.parametrize(
    ("splitter", "message"),
    [
        (GroupKFold(5), r"5 folds needs at least 5 subjects, but the trials are of 4 \(1, 2, 3, 7"),
        (Fixed(), "gave no folds"),
        (Fixed((range(6), [])), "Fold 0 has no test trials"),
        (Fixed(([], range(6))), "Fold 0 has no train trials"),
        (Fixed((range(6), range(6, 9)), (range(6), range(5, 9))), "Fold 1 tests 1 trials it also"),
        (Fixed((range(3), range(3, 6))), r"Fold 0 has 3 in training and in test.*cv=\"group-5\""),
        (Fixed((range(0, 6, 2), range(6, 9))), "Fold 0 has one class only"),
    ],
)
def test_the_audit_refuses(splitter, message):
    with pytest.raises(ValueError, match=message):
        make_folds(splitter, Y, GROUPS)


def test_one_person_is_told_about_within():
    with pytest.raises(ValueError, match=r"Leave one subject out needs .*within-5"):
        make_folds(LeaveOneGroupOut(), Y, np.zeros(24))
