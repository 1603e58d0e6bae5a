from types import SimpleNamespace

import numpy as np
import pytest
import sklearn.metrics
from scipy.special import rel_entr
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import cross_val_score

from eegkit.evaluation import kl_divergence
from eegkit.evaluation.metrics.scoring import Answers, make_scorers, value_of


@pytest.fixture
def tables():
    rng = np.random.default_rng(0)
    votes = rng.integers(0, 5, (50, 6)).astype(float)
    votes[0] = [0, 0, 3, 0, 0, 0]
    votes[:, 0] += votes.sum(axis=1) == 0
    predicted = rng.dirichlet(np.ones(6), 50)
    return votes / votes.sum(axis=1, keepdims=True), predicted


def test_it_is_the_relative_entropy(tables):
    true, predicted = tables
    expected = rel_entr(true, predicted).sum(axis=1)
    assert kl_divergence(true, predicted) == pytest.approx(expected.mean(), rel=1e-12)
    weights = np.arange(50)
    assert kl_divergence(true, predicted, sample_weight=weights) == pytest.approx(
        np.average(expected, weights=weights)
    )
    assert kl_divergence(true, true) == pytest.approx(0, abs=1e-12)


def test_what_was_held_impossible_is_clipped():
    got = kl_divergence([[0, 1.0]], [[1.0, 0]])
    assert got == pytest.approx(np.log(1e15))


@pytest.mark.parametrize(
    ("true", "predicted", "message"),
    [
        (["a", "b"], [[0.5, 0.5]] * 2, "y_true holds more than numbers"),
        ([0, 1], [[0.5, 0.5]] * 2, r"y_true has shape \(2,\)"),
        ([[3, 1]], [[0.5, 0.5]], "1 of 1 rows of y_true are no probabilities .* adds up to 4"),
        ([[0.5, 0.5]], [[1.5, -0.5]], "rows of y_pred are no probabilities"),
        ([[0.5, 0.5]], [[np.nan, 1]], "rows of y_pred are no probabilities"),
        ([[0.5, 0.5]], [[0.2, 0.3, 0.5]], r"y_true has shape \(1, 2\), but y_pred \(1, 3\)"),
        (np.empty((0, 6)), np.empty((0, 6)), r"y_true has shape \(0, 6\)"),
    ],
)
def test_bad_input(true, predicted, message):
    with pytest.raises(ValueError, match=message):
        kl_divergence(true, predicted)


class MeanVotes(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_, self.mean_ = np.arange(y.shape[1]), y.mean(axis=0)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_.argmax())

    def predict_proba(self, X):
        return np.tile(self.mean_, (len(X), 1))


def test_as_a_scorer(tables):
    true, _ = tables
    X = np.zeros((50, 3))
    scorer = make_scorers("neg_kl_divergence")["neg_kl_divergence"]
    scores = cross_val_score(MeanVotes(), X, true, scoring=scorer, cv=5)
    assert scores.shape == (5,)
    assert (scores < 0).all()
    fitted = MeanVotes().fit(X, true)
    expected = -rel_entr(true, fitted.predict_proba(X)).sum(axis=1).mean()
    assert scorer(fitted, X, true) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["accuracy", "balanced_accuracy"])
@pytest.mark.parametrize(
    ("y", "predicted"),
    [
        (["a", "b", "b", "c"], ["a", "b", "a", "c"]),
        (["a", "a"], ["a", "b"]),
        ([0, 1, 2, 2], [0, 0, 2, 1]),
        ([True, False, True], [True, True, True]),
        (np.array(["a", "b"], dtype=object), ["a", "a"]),
    ],
)
@pytest.mark.filterwarnings("ignore:y_pred contains")
def test_metrics_that_are_counted_are_those_of_scikit_learn(name, y, predicted):
    [scorer] = make_scorers(name).values()
    y, answers = np.asarray(y), SimpleNamespace(predict=lambda rows: np.asarray(predicted)[rows])
    expected = getattr(sklearn.metrics, f"{name}_score")(y, predicted)
    assert value_of(scorer, answers, slice(None), y) == pytest.approx(expected)


def test_answers_of_another_kind_are_refused_as_by_scikit_learn():
    [scorer] = make_scorers("accuracy").values()
    numbers = Answers(DummyClassifier().fit([0, 1], [0, 1]), np.zeros((2, 1)), np.array([0, 1]))
    with pytest.raises((ValueError, TypeError)):
        value_of(scorer, numbers, slice(None), np.array(["a", "b"]))
