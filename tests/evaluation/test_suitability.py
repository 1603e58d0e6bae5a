"""Metrics are known to suit labels and pipelines before anything is fitted."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import f1_score, make_scorer, roc_auc_score
from sklearn.model_selection import GridSearchCV
from sklearn.svm import SVC, LinearSVC

from eegkit import Pipeline, Trials, evaluate
from eegkit.transforms import BandPower

X = np.random.default_rng(0).normal(0, 10, (24, 2, 128)).astype("f4")
WORDS, CODES = np.array(["rest", "task"] * 12), np.array([2, 5] * 12)
THREE = np.array(["a", "b", "c"] * 8)


def trials_of(y):
    return Trials.from_arrays(X, y, sfreq=128, subject=np.repeat(list("abc"), 8))


class Unfit(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        raise AssertionError("it was fitted")

    def predict(self, X):
        return np.zeros(len(X))


def scores(last, y, scoring):
    trials = trials_of(y)
    pipeline = Pipeline([BandPower(), last])
    results = evaluate(pipeline, trials, cv="loso", scoring=scoring)
    name = next(iter(results.settings.scoring))
    return results, results.table.set_index("subject")[name]


@pytest.mark.parametrize("y", [WORDS, CODES])
@pytest.mark.parametrize("scoring", ["f1", "precision", "recall", "jaccard", "average_precision"])
def test_a_metric_of_one_class_takes_the_last(y, scoring):
    with pytest.warns(UserWarning, match=f"{scoring} is that of {y[1].item()!r}, the last"):
        results, values = scores(LogisticRegression(), y, scoring)
    assert results.failures.empty
    assert values.between(0, 1).all()


def test_the_value_is_scikit_learns():
    with pytest.warns(UserWarning, match=r"make_scorer\(f1_score, pos_label='rest'\)"):
        results, values = scores(LogisticRegression(), WORDS, "f1")
    one = results.predictions()
    mine = one.subject == "a"
    expected = f1_score(one.y[mine], one.predicted[mine], pos_label="task")
    assert values["a"] == pytest.approx(expected)
    other, _ = scores(LogisticRegression(), WORDS, {"f1": make_scorer(f1_score, pos_label="rest")})
    assert not other.table["f1"].equals(results.table["f1"])


def test_zeros_and_ones_need_no_word():
    assert scores(LogisticRegression(), CODES // 5, ["f1", "precision"])[0].failures.empty


@pytest.mark.parametrize("last", [SVC(), LinearSVC(), RidgeClassifier()])
def test_area_under_the_curve_of_decision_values(last):
    results, values = scores(last, WORDS, "auroc")
    train, test = np.arange(8, 24), np.arange(8)
    trials = trials_of(WORDS)
    fitted = Pipeline([BandPower(), last]).fit(trials.X[train], WORDS[train])
    decision = fitted.decision_function(trials.X[test])
    assert values["a"] == pytest.approx(roc_auc_score(WORDS[test] == "task", decision))
    assert results.table["chance_auroc"].eq(0.5).all()


@pytest.mark.parametrize(
    ("y", "scoring", "words"),
    [
        (THREE, "f1", r"'f1' cannot score the labels of 'trials' \('a', 'b', 'c'\).*'f1_macro'"),
        (THREE, "roc_auc", r"'roc_auc' cannot score .*'roc_auc_ov"),
        (THREE, make_scorer(f1_score), "'f1_score' cannot score"),
        (WORDS, {"mine": make_scorer(f1_score, pos_label="Task")}, "'mine' cannot score"),
        (WORDS, "r2", "'r2' cannot score"),
        (WORDS, "recall_samples", "'recall_samples' cannot score"),
        (WORDS, "top_5_accuracy", "always 1 with 2 classes"),
        (WORDS, "auroc", "asks for predict_proba or decision_function, which pipeline 'unfit'"),
        (THREE, "auroc", "asks for predict_proba, which pipeline 'unfit'"),
        (WORDS, "neg_log_loss", "asks for predict_proba, which pipeline 'unfit'"),
        (WORDS, "roc_auc", "asks for decision_function or predict_proba, which"),
        (np.eye(2)[CODES // 5], "neg_kl_divergence", "asks for predict_proba, which"),
    ],
)
def test_unsuitable_metrics_are_refused_before_anything_is_fitted(y, scoring, words):
    with pytest.raises(ValueError, match=words):
        evaluate(Unfit(), trials_of(y), cv="loso", scoring=scoring)


def test_searches_are_asked_for_what_they_search():
    search = GridSearchCV(LinearSVC(), {"C": [1.0]}, cv=2)
    with pytest.raises(ValueError, match="'neg_log_loss' asks for predict_proba"):
        evaluate(Pipeline([BandPower(), search]), trials_of(WORDS), scoring="neg_log_loss")


def test_metrics_of_data_sets_agree():
    trials = {"one": trials_of(WORDS), "other": trials_of(CODES)}
    with (
        pytest.warns(UserWarning, match="f1 is that of 'task'"),
        pytest.raises(ValueError, match="'f1' cannot score the labels of 'other'"),
    ):
        evaluate(Unfit(), trials, cv="loso", scoring="f1")


def test_scorers_of_ones_own_are_left_alone():
    calls = []

    def own(estimator, X, y):
        calls.append(len(y))
        return 1.0

    evaluate(DummyClassifier(), trials_of(WORDS), cv="loso", scoring=own)
    assert set(calls) == {8}
