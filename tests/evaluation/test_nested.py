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
