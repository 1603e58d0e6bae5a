"""Where the trials of each person are of one class: one answer for each, and its chance."""

import warnings

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.metrics import balanced_accuracy_score, make_scorer, roc_auc_score
from sklearn.model_selection import KFold

from eegkit import Trials, evaluate, report
from eegkit.evaluation import Results, baselines, person_predictions, person_scores
from eegkit.evaluation.statistics.one_answer import (
    accuracy_interval,
    auroc_interval,
    balanced_accuracy_interval,
)

SCORING = ["accuracy", "balanced_accuracy", "auroc"]


def patients_and_controls(n_patients, n_controls, gain=3.0, n_trials=5):
    """Trials whose amplitude, in patients, is `gain` times as large."""
    rng = np.random.default_rng(0)
    n_people = n_patients + n_controls
    per_person = np.broadcast_to(n_trials, n_people)
    y = np.repeat(["patient"] * n_patients + ["control"] * n_controls, per_person)
    X = rng.normal(size=(len(y), 1, 128)).astype("f4")
    X[y == "patient"] *= gain
    subject = np.repeat([f"p{i}" for i in range(n_people)], per_person)
    return Trials.from_arrays(X, y, sfreq=128, subject=subject)


class Loud(ClassifierMixin, BaseEstimator):
    """Says "patient" of loud trials, with a doubt that grows towards the limit; no fit."""

    limit = 1.5

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = 1 / (1 + np.exp(-3 * (np.asarray(X).std(axis=(1, 2)) - self.limit)))
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


@pytest.mark.parametrize("cv", ["loso", "stratified-group-3", "group-4"])
def test_a_perfect_decoder_is_above_chance(cv):
    trials = patients_and_controls(6, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results = evaluate(Loud(), trials, cv=cv, scoring=SCORING)
    summary = results.summary().set_index("metric")
    assert (summary["mean"] == 1).all()
    assert summary["chance"].tolist() == [0.6, 0.5, 0.5]
    assert (summary["n_above_chance"] == 10).all()
    assert (summary["answers"] == "per person").all()
    assert (summary["ci_low"] < 0.8).all()  # ten people show no more
    assert (summary["ci_high"] == 1).all()
    assert "accuracy 1.000 [0.722, 1.000], chance 0.600, 10 of 10 right" in repr(results)


def test_nobody_with_one_class_has_a_chance_of_one():
    table = evaluate(Loud(), patients_and_controls(7, 3), cv="loso").table
    assert table["chance_accuracy"].unique() == pytest.approx([0.7])
    assert table["chance_balanced_accuracy"].unique() == pytest.approx([0.5])


def test_the_same_answer_to_everybody_is_chance():
    trials = patients_and_controls(6, 4, n_trials=np.arange(3, 13))
    majority = DummyClassifier(strategy="constant", constant="patient")
    scores = person_scores(evaluate(majority, trials, cv="stratified-group-2"))
    assert scores["score"].tolist() == scores["chance"].tolist() == [0.6, 0.5, 0.5]


def test_a_person_of_one_class_among_others():
    trials = patients_and_controls(1, 2, n_trials=4)
    y = np.array(["patient"] * 4 + ["patient", "control"] * 4)
    mixed = Trials(trials.X, y, trials.metadata, trials.info)
    results = evaluate(DummyClassifier(), mixed, cv="loso", scoring="accuracy")
    chance = results.table.set_index("subject")["chance_accuracy"]
    assert chance["p0"] == pytest.approx(3 / 5)  # of five pairs of person and class
    assert chance["p1"] == chance["p2"] == 0.5
    assert (results.summary()["answers"] == "per trial").all()
    with pytest.raises(ValueError, match="not of one class"):
        person_scores(results)


def test_people_who_are_the_label_are_no_diagnosis():
    trials = patients_and_controls(2, 2, n_trials=6)
    who = Trials(trials.X, trials.groups, trials.metadata, trials.info)
    results = evaluate(
        DummyClassifier(), who, cv=KFold(2, shuffle=True, random_state=0), on_leak="mark"
    )
    assert (results.summary()["answers"] == "per trial").all()


def test_mean_and_majority_of_the_trials():
    trials = patients_and_controls(1, 1, n_trials=3)
    X = np.ones_like(trials.X)
    X *= np.array([1.4, 1.4, 9.0, 1.0, 1.0, 1.0])[:, None, None]
    X[..., ::2] *= -1
    trials = Trials(X, trials.y, trials.metadata, trials.info)
    results = evaluate(Loud(), trials, cv=[(np.arange(6), np.arange(6))], on_leak="mark")
    mean, majority = (person_predictions(results, how=how) for how in ("mean", "majority"))
    assert mean.predicted.tolist() == ["patient", "control"]
    assert majority.predicted.tolist() == ["control", "control"]
    np.testing.assert_allclose(majority.proba[0], [2 / 3, 1 / 3], rtol=1e-6)
    with pytest.raises(ValueError, match="how is 'median'"):
        person_scores(results, "median")


def test_scores_are_those_of_scikit_learn():
    trials = patients_and_controls(8, 5, gain=1.1)
    results = evaluate(Loud(), trials, cv="group-3", scoring=["roc_auc", "balanced_accuracy"])
    people = person_predictions(results)
    summary = results.summary().set_index("metric")["mean"]
    area = roc_auc_score(people.y == "patient", people.proba[:, 1])
    assert summary["roc_auc"] == pytest.approx(area)
    balanced = balanced_accuracy_score(people.y, people.predicted)
    assert summary["balanced_accuracy"] == pytest.approx(balanced)


def test_a_metric_of_somebody_else_keeps_its_own_scores():
    own = make_scorer(lambda y, predicted: 0.25)
    results = evaluate(Loud(), patients_and_controls(3, 3), cv="loso", scoring={"accuracy": own})
    row = results.summary().iloc[0]
    assert (row["mean"], row["answers"]) == (0.25, "per trial")


def test_chance_by_permutation_permutes_people():
    trials = patients_and_controls(4, 4)
    chance = evaluate(Loud(), trials, cv="loso").permutation_chance(n_permutations=500)
    assert chance.observed == 1
    assert 1 / 300 < chance.p < 1 / 10  # 1 of 70 ways to choose 4 patients


def test_what_is_saved_and_reported(tmp_path):
    trials = patients_and_controls(4, 4)
    results = evaluate(Loud(), trials, cv="loso")
    results.save(tmp_path / "results")
    again = Results.load(tmp_path / "results").summary()
    assert again.to_dict("list")["chance"] == [0.5, 0.5]
    report(results, tmp_path / "report.html", trials)
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "8 people are answered rightly" in text
    assert "with one answer for each" in text


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng, y = np.random.default_rng(0), np.repeat([0, 1], [12, 18])
    hits = np.zeros(3)
    for _ in range(300):
        loudness = rng.normal(size=30) + y
        predicted = (loudness > 0.5).astype(int)
        intervals = (
            accuracy_interval(y, predicted),
            balanced_accuracy_interval(y, predicted),
            auroc_interval(y, np.column_stack([-loudness, loudness]), np.array([0, 1])),
        )
        truth = (norm.cdf(0.5), norm.cdf(0.5), norm.cdf(1 / np.sqrt(2)))
        hits += [i.low <= value <= i.high for i, value in zip(intervals, truth, strict=True)]
    assert (hits > 0.9 * 300).all()
    assert (hits < 300).all()


def test_the_baselines_tell_them_apart():
    trials = patients_and_controls(6, 6)
    results = evaluate(baselines()["band_power+lr"], trials, cv="stratified-group-3")
    assert results.summary()["mean"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("other", ["PATIENT", "patient ", "Patient"])
def test_a_class_under_two_names_is_refused(other):
    trials = patients_and_controls(4, 4)
    y = trials.y.astype(object)
    y[2:9] = other
    trials = Trials(trials.X, y, trials.metadata, trials.info)
    told = (
        f"labels 'patient' and '{other}' differ in nothing but case or spaces, .* write them alike"
    )
    with pytest.raises(ValueError, match=told):
        evaluate(Loud(), trials, cv="loso")
    assert any("differ in nothing but case" in line for line in trials.describe().warnings)
    trials.y = np.where(trials.y == other, "patient", trials.y)  # as the message says
    assert evaluate(Loud(), trials, cv="loso").summary()["mean"][0] == 1


def test_labels_that_differ_in_more_are_two_classes():
    trials = patients_and_controls(4, 4)
    y = np.where(trials.y == "patient", "-1", "+1")  # who would be one person
    assert len(evaluate(Loud(), Trials(trials.X, y, trials.metadata, trials.info), cv="loso").table)
