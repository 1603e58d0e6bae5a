"""The leaky twin: scores with people kept apart against those of splits that leak."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from eegkit import Results, Trials, evaluate, report
from eegkit.evaluation import join_results
from eegkit.evaluation.running.twin import leaky_folds

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


OPTIONS = {"cv": "group-4", "scoring": "accuracy", "random_state": 1, "twin": True}


@pytest.fixture(scope="module")
def results(trials):
    return evaluate({"who": recognizer(), "class": Knowing()}, trials, **OPTIONS)


def test_knowing_the_person_is_the_gap(results):
    summary = results.inflation().summary().set_index("pipeline")
    who = summary.loc["who"]
    assert who["split"] == "shuffled"
    assert who["gap"] > 0.2
    assert 0 < who["gap_low"] < who["gap"] < who["gap_high"]
    assert who["n_subjects"] == N_PEOPLE
    assert who["n_inflated"] >= 6
    assert summary.loc["class", "gap"] == 0
    assert summary.loc["class", "honest"] == 1
    assert summary.loc["class", "n_inflated"] == 0


def test_the_honest_scores_are_those_without_a_twin(results, trials):
    honest = evaluate(recognizer(), trials, **OPTIONS | {"twin": False})
    assert honest.twin is None
    table = results.inflation().table
    assert len(table) == 2 * N_PEOPLE
    np.testing.assert_allclose(table["gap"], table["leaky"] - table["honest"])
    who = table[table["pipeline"] == "who"]
    np.testing.assert_array_equal(who["honest"], honest.per_subject()["accuracy"])
    mean = honest.summary()["mean"]
    assert results.summary()["mean"][0] == mean[0]
    assert not results.subject_overlap
    assert not results.leaks
    with pytest.raises(ValueError, match="no leaky twin"):
        honest.inflation()


def test_the_summary_has_the_leaky_score_and_its_gap(results):
    summary = results.summary()
    gaps = results.inflation().summary()
    np.testing.assert_allclose(summary["shuffled"], gaps["leaky"])
    np.testing.assert_allclose(summary["gap_shuffled"], gaps["gap"])


def test_as_many_folds_both_times_of_shuffled_trials(results, trials):
    assert results.twin["fold"].nunique() == results.table["fold"].nunique() == 4
    few = trials[np.r_[np.arange(80)[trials.y == "rest"], np.flatnonzero(trials.y == "task")[:6]]]
    rarest = evaluate(DummyClassifier(), few, **OPTIONS | {"cv": "loso"})
    assert rarest.twin["fold"].nunique() == 6


def sessions(trials, unit, n=5):
    """The trials with the columns of sessions or runs, of two trials each."""
    numbers = np.arange(len(trials)) // 2 % n
    metadata = trials.metadata.assign(**{unit: numbers})
    return Trials(trials.X, trials.y, metadata, trials.info)


@pytest.mark.parametrize("unit", ["session", "run"])
@pytest.mark.parametrize("n_folds", [2, 4, 8])
def test_whole_sessions_are_dealt_out_with_everybody_on_both_sides(trials, unit, n_folds):
    several = sessions(trials, unit)
    folds = leaky_folds({"a": several}, {"a": n_folds}, 0)[f"{unit}_wise"]["a"]
    assert len(folds) == n_folds
    tested = np.concatenate([fold.test for fold in folds])
    assert sorted(tested) == list(range(len(trials)))
    names = several.metadata["subject"].astype(str) + several.metadata[unit].astype(str)
    for fold in folds:
        assert not set(names.iloc[fold.train]) & set(names.iloc[fold.test])
        assert set(trials.groups[fold.test]) <= set(trials.groups[fold.train])
    sizes = [len(fold.test) for fold in folds]
    assert max(sizes) - min(sizes) <= 2


def test_sessions_that_tell_the_class_are_no_split(trials):
    by_class = trials.metadata.assign(run=trials.y)
    told = Trials(trials.X, trials.y, by_class, trials.info)
    assert list(leaky_folds({"a": told}, {"a": 4}, 0)) == ["shuffled"]
    # Of a diagnosis every session is of one class, as its person is.
    sick = np.where(np.isin(trials.groups, ["P0", "P1", "P2", "P3"]), "sick", "well")
    diagnosis = sessions(Trials(trials.X, sick, trials.metadata, trials.info), "session")
    assert list(leaky_folds({"a": diagnosis}, {"a": 4}, 0)) == ["shuffled", "session_wise"]


def test_files_selections_and_joins_keep_the_twin(results, trials, tmp_path):
    results.save(tmp_path / "r.safetensors")
    again = Results.load(tmp_path / "r.safetensors")
    pd.testing.assert_frame_equal(again.twin, results.twin)
    pd.testing.assert_frame_equal(again.summary(), results.summary())
    assert results.select(pipeline="who").inflation().pipelines == ["who"]
    other = evaluate({"flat": DummyClassifier()}, trials, **OPTIONS | {"twin": False})
    joined = join_results({"a": results, "b": other}).summary()
    assert joined["gap_shuffled"].notna().tolist() == [True, True, False]


def test_the_same_seed_and_a_store_give_the_same(trials, results, tmp_path):
    made = evaluate({"class": Knowing()}, trials, store=tmp_path, **OPTIONS)
    assert len(list(tmp_path.glob("fold-*.safetensors"))) == 4 + 4
    expected = results.inflation().table.query("pipeline == 'class'").reset_index(drop=True)
    assert made.inflation().table.equals(expected)


class FailsOnEverybody(Knowing):
    """Fails where nobody is left out of training."""

    def fit(self, X, y):
        if len(set(X.groups)) == N_PEOPLE:
            raise RuntimeError("no stranger is left")
        return super().fit(X, y)


def test_a_leaky_fit_that_fails_is_told_and_leaves_the_honest_ones(trials):
    with pytest.warns(UserWarning, match=r"Folds 0 shuffled, 1 shuffled.*no stranger"):
        results = evaluate({"class": Knowing(), "fails": FailsOnEverybody()}, trials, **OPTIONS)
    assert list(results.failures["split"]) == ["shuffled"] * 4
    assert results.summary().set_index("pipeline")["mean"]["fails"] == 1
    assert np.isnan(results.summary().set_index("pipeline")["gap_shuffled"]["fails"])


def test_it_says_what_it_is(results, tmp_path):
    inflation = results.inflation()
    first, second = inflation.describe().splitlines()
    assert "people kept apart" in first
    assert f"of {N_PEOPLE} people gain by the leak" in first
    assert "gap is +0.000" in second
    assert "<table" in inflation._repr_html_()
    page = report(results, tmp_path / "r.html").read_text("utf-8")
    assert "Leaky twin" in page
    assert "belong in no table of results" in page


def test_the_honest_split_must_be_honest(trials):
    with pytest.raises(ValueError, match="nothing honest to compare with"):
        evaluate(DummyClassifier(), trials, cv="within-2", twin=True)
