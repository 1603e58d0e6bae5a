"""Scores with people kept apart against scores of shuffled trials."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from eegkit import Trials, evaluate
from eegkit.evaluation import Inflation, inflation

N_PEOPLE = 8


def mean_power(X):
    return np.log(np.var(np.asarray(X), axis=2))


def recognizer():
    """Knows people by the power of their channels."""
    return make_pipeline(FunctionTransformer(mean_power), KNeighborsClassifier(1))


class Knowing(ClassifierMixin, BaseEstimator):
    """Reads the class off the sign of the first sample, whoever it is."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[(np.asarray(X)[:, 0, 0] > 0).astype(int)]


@pytest.fixture(scope="module")
def trials():
    """The label is mostly the person; power tells the person, the first sample the class."""
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(N_PEOPLE), 10)
    y = person % 2
    y = np.where(np.arange(len(y)) % 5 == 0, 1 - y, y)
    gain = np.exp(rng.normal(size=(N_PEOPLE, 4)))
    X = rng.normal(size=(len(y), 4, 80)) * gain[person][:, :, None]
    X[:, 0, 0] = np.where(y, 1, -1) * np.abs(X[:, 0, 0])
    names = [f"P{i}" for i in person]
    return Trials.from_arrays(X, np.array(["rest", "task"])[y], sfreq=80, subject=names)


@pytest.fixture(scope="module")
def found(trials):
    pipelines = {"who": recognizer(), "class": Knowing()}
    return inflation(pipelines, trials, cv="group-4", scoring="accuracy", random_state=1)


def test_knowing_the_person_is_the_gap(found):
    summary = found.summary().set_index("pipeline")
    who = summary.loc["who"]
    assert who["gap"] > 0.2
    assert 0 < who["gap_low"] < who["gap"] < who["gap_high"]
    assert who["n_subjects"] == N_PEOPLE
    assert who["n_inflated"] >= 6
    assert summary.loc["class", "gap"] == 0
    assert summary.loc["class", "honest"] == 1
    assert summary.loc["class", "n_inflated"] == 0


def test_table_holds_both_scores_of_everybody(found, trials):
    table = found.table
    assert len(table) == 2 * N_PEOPLE
    np.testing.assert_allclose(table["gap"], table["shuffled"] - table["honest"])
    honest = evaluate(recognizer(), trials, cv="group-4", scoring="accuracy", random_state=1)
    who = table[table["pipeline"] == "who"]
    np.testing.assert_allclose(who["honest"], honest.per_subject()["accuracy"])
    assert list(who["subject"]) == [f"P{i}" for i in range(N_PEOPLE)]


def test_as_many_folds_both_times_and_only_one_of_them_leaks(found):
    for results in (found.honest, found.shuffled):
        assert results.table["fold"].nunique() == 4
    assert not found.honest.subject_overlap
    assert found.shuffled.subject_overlap


def test_folds_are_no_more_than_the_rarest_class_has_trials(trials):
    few = trials[np.r_[np.arange(80)[trials.y == "rest"], np.flatnonzero(trials.y == "task")[:6]]]
    made = inflation(DummyClassifier(), few, cv="loso", scoring="accuracy", random_state=0)
    assert made.shuffled.table["fold"].nunique() == 6


def test_the_same_seed_gives_the_same(trials, found):
    again = inflation(
        {"who": recognizer(), "class": Knowing()}, trials, cv="group-4", scoring="accuracy",
        random_state=1,
    )  # fmt: skip
    assert again.table.equals(found.table)
    assert repr(again) == repr(found)


def test_a_store_keeps_the_folds_of_both(trials, found, tmp_path):
    made = inflation(
        {"class": Knowing()}, trials, cv="group-4", scoring="accuracy", random_state=1,
        store=tmp_path,
    )  # fmt: skip
    assert len(list(tmp_path.glob("fold-*.safetensors"))) == 4 + 4
    assert made.table.equals(found.table.query("pipeline == 'class'").reset_index(drop=True))


def test_it_says_what_it_found(found):
    said = found.describe().splitlines()
    assert "people kept apart" in said[0]
    assert f"of {N_PEOPLE} people score higher shuffled" in said[0]
    assert "gap is +0.000" in said[1]
    assert "<table" in found._repr_html_()


def test_the_honest_split_must_be_honest(trials):
    with pytest.raises(ValueError, match="nothing honest to compare with"):
        inflation(DummyClassifier(), trials, cv="within-2")


def test_results_of_other_pipelines_or_people_are_refused(found, trials):
    one = evaluate(DummyClassifier(), trials, cv="group-4", scoring="accuracy")
    with pytest.raises(ValueError, match=r"pipelines \['who', 'class'\]"):
        Inflation(found.honest, one)
    fewer = evaluate(
        DummyClassifier(), trials[trials.groups != "P3"], cv="loso", scoring="accuracy"
    )
    with pytest.raises(ValueError, match="the same people"):
        Inflation(one, fewer)
