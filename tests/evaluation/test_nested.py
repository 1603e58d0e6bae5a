"""Searches inside of the folds of `evaluate` tune with people kept apart."""

import warnings

import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from eegkit import Trials, evaluate


def log_power(X):
    """A plain array: it no longer knows whose trials these are."""
    return np.log(np.var(np.asarray(X), axis=2))


class SeesPeople(ClassifierMixin, BaseEstimator):
    """Fails unless it is told the people of its training trials."""

    def fit(self, X, y, groups=None):
        _, counts = np.unique(np.asarray(groups, dtype=object).astype(str), return_counts=True)
        assert counts.tolist() == [12, 12]
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], 24)
    X = rng.normal(size=(48, 3, 64)) * (1 + 0.3 * y[:, None, None])
    return Trials.from_arrays(X, y, sfreq=64, subject=np.repeat(["s0", "s1", "s2", "s3"], 12))


def search(cv, **params):
    return GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 5]}, cv=cv, **params)


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("place", ["itself", "last", "inmost"])
def test_a_search_gets_the_people(trials, place, n_jobs):
    pipeline = {
        "itself": GridSearchCV(
            make_pipeline(FunctionTransformer(log_power), LogisticRegression()),
            {"logisticregression__C": [0.1, 1]}, cv=GroupKFold(2),
        ),
        "last": make_pipeline(FunctionTransformer(log_power), search(GroupKFold(2))),
        "inmost": make_pipeline(
            FunctionTransformer(log_power),
            make_pipeline(FunctionTransformer(), search(GroupKFold(2))),
        ),
    }[place]  # fmt: skip
    results = evaluate(pipeline, trials, cv="group-2", on_error="raise", n_jobs=n_jobs)
    assert results.table["balanced_accuracy"].notna().all()


def test_other_estimators_get_them_if_their_fit_takes_them(trials):
    pipeline = make_pipeline(FunctionTransformer(log_power), SeesPeople())
    evaluate({"sees": pipeline}, trials, cv="group-2", on_error="raise")


def test_splitters_that_ignore_people_do_not_complain(trials):
    pipeline = make_pipeline(FunctionTransformer(log_power), search(StratifiedKFold(2)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = evaluate(pipeline, trials, cv="group-2")
    assert "inner_split" in results.audits["trials"].findings["kind"].tolist()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_metadata_routing_says_who_gets_them(trials, n_jobs):
    with config_context(enable_metadata_routing=True):
        pipeline = make_pipeline(FunctionTransformer(log_power), search(GroupKFold(2)))
        evaluate(pipeline, trials, cv="group-2", on_error="raise", n_jobs=n_jobs)
        asks = make_pipeline(
            FunctionTransformer(log_power), SeesPeople().set_fit_request(groups=True)
        )
        evaluate(asks, trials, cv="group-2", on_error="raise", n_jobs=n_jobs)
        mute = SeesPeople().set_fit_request(groups=False)
        with pytest.raises(AssertionError):
            evaluate(mute, trials, cv="group-2", on_error="raise", n_jobs=n_jobs)


class SeesGroups(ClassifierMixin, BaseEstimator):
    """Says that it was given other groups than those it should have."""

    def __init__(self, expected):
        self.expected = expected

    def fit(self, X, y, groups=None):
        assert sorted({str(name) for name in groups}) == self.expected
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


class ByColumn(GroupKFold):
    def __init__(self, column):
        super().__init__(2)
        self.keeps_apart = column


@pytest.mark.parametrize(
    ("column", "groups"),
    [
        ("subject", ["s0", "s2"]),
        ("session", ["s0 1", "s1 1", "s2 1", "s3 1"]),
        ("rig", ["left"]),
    ],
)
def test_what_the_split_keeps_apart_is_kept_apart_inside_too(trials, column, groups):
    trials = trials[:]
    trials.metadata["session"] = np.tile(np.repeat(["1", "2"], 6), 4)
    trials.metadata["rig"] = np.where(np.arange(48) % 12 < 6, "left", "right")
    rows = {
        "subject": trials.metadata["subject"].isin(["s0", "s2"]),
        "session": trials.metadata["session"] == "1",
        "rig": trials.metadata["rig"] == "left",
    }[column].to_numpy()

    class OneFold(ByColumn):
        def split(self, X, y=None, groups=None):
            yield np.flatnonzero(rows), np.flatnonzero(~rows)

    pipeline = make_pipeline(FunctionTransformer(log_power), SeesGroups(groups))
    evaluate(pipeline, trials, cv=OneFold(column), on_error="raise", on_leak="mark")


def test_a_store_tells_splits_apart_that_keep_other_things_apart(trials, tmp_path):
    trials = trials[:]
    trials.metadata["session"] = np.repeat(list("12345678"), 6)
    folds = [(np.arange(24), np.arange(24, 48)), (np.arange(24, 48), np.arange(24))]

    class Fixed(ByColumn):
        def split(self, X, y=None, groups=None):
            yield from folds

    pipeline = make_pipeline(FunctionTransformer(log_power), search(GroupKFold(2)))
    for column, n_kept in (("subject", 2), ("session", 4), ("session", 4)):
        evaluate(pipeline, trials, cv=Fixed(column), store=tmp_path)
        assert len([path for path in tmp_path.iterdir() if "fold-" in path.name]) == n_kept
