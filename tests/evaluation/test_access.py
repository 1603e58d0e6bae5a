"""What decoders may see of the people they are tested on is told beside every score."""

import dataclasses
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB

from eegkit import Pipeline, Results, Trials, evaluate, report
from eegkit.access import trials_of_subjects, with_access
from eegkit.cli._tables import show_summary
from eegkit.evaluation import friedman_nemenyi, join_results
from eegkit.plots import ComparisonDisplay
from eegkit.testing import example_trials
from eegkit.transforms import BandPower, SubjectStandardizer


class Seeing(TransformerMixin, BaseEstimator):
    """A step that does nothing, with some access."""

    def __init__(self, access: str = "transductive") -> None:
        self.access = access

    def __sklearn_tags__(self) -> Any:
        return with_access(super().__sklearn_tags__(), self.access)

    def fit(self, X: Any, y: Any = None) -> Any:
        return self

    def transform(self, X: Any) -> Any:
        return X


@pytest.fixture(scope="module")
def results() -> Results:
    pipelines = {
        "wide": Pipeline([Seeing(), DummyClassifier(strategy="uniform", random_state=0)]),
        "none": DummyClassifier(),
        "also none": DummyClassifier(strategy="uniform", random_state=1),
    }
    return evaluate(pipelines, example_trials(n_trials=48), cv="loso", scoring="accuracy")


NOTE = "Not like with like, since access differs: none of none, also none; transductive of wide."


def test_access_stands_beside_the_scores(results: Results) -> None:
    assert results.settings.access == {"wide": "transductive", "none": "none", "also none": "none"}
    for table in (results.summary(), results.per_subject()):
        assert list(table)[1:3] == ["pipeline", "access"]
        by_name = dict(zip(table["pipeline"], table["access"], strict=True))
        assert by_name == results.settings.access
    lines = repr(results).splitlines()
    assert "wide (access transductive): accuracy" in lines[1]
    assert "none: accuracy" in lines[2]
    assert NOTE in lines[-1]
    assert NOTE in results._repr_html_()


def test_a_ranking_of_unequal_access_says_so(results: Results) -> None:
    with pytest.warns(UserWarning, match="Not like with like"):
        results.compare()
    with pytest.warns(UserWarning, match="Not like with like"):
        friedman_nemenyi(results.scores())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        equals = results.select(pipeline=["none", "also none"])
        equals.compare()
        assert not equals.access_note
        names = list(ComparisonDisplay.from_results(results).scores)
    assert names == ["wide (transductive)", "none (none)", "also none (none)"]


def test_the_command_prints_access(results: Results) -> None:
    console = Console(record=True, width=80)
    show_summary(results, results.metrics, console)
    text = console.export_text()
    assert "(transductive)" in text
    assert NOTE in " ".join(text.split())


def test_the_report_tells_access(results: Results, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        html = report(results, tmp_path / "report.html").read_text("utf-8")
    assert html.count(NOTE) >= 3  # the answer, the summary, the comparison
    assert "<td>transductive</td>" in html


def test_access_survives_files_and_joins(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path / "results.safetensors")
    loaded = Results.load(tmp_path / "results.safetensors")
    assert loaded.settings.access == results.settings.access
    old = dataclasses.replace(results.settings, access={})
    of_before = Results(results.table, old)
    assert set(of_before.summary()["access"]) == {"none"}
    joint = join_results({"new": loaded, "old": of_before})
    assert joint.settings.access["wide (new)"] == "transductive"
    assert joint.settings.access_of("wide (old)") == "none"


class FirstTrials(TransformerMixin, BaseEstimator):
    """Takes the mean of everybody's first trials from all of theirs."""

    def __init__(self, n_calibration: int = 2) -> None:
        self.n_calibration = n_calibration

    def __sklearn_tags__(self) -> Any:
        return with_access(super().__sklearn_tags__(), "calibration")

    def calibration_rows(self, signals: Any) -> Any:
        rows = np.zeros(len(signals), dtype=bool)
        for _, trials in trials_of_subjects(signals):
            rows[trials[: self.n_calibration]] = True
        return rows

    def fit(self, X: Any, y: Any = None) -> Any:
        return self

    def transform(self, X: Any) -> Any:
        features = np.asarray(X).reshape(len(X), -1).copy()
        calibration = self.calibration_rows(X)
        for _, trials in trials_of_subjects(X):
            features[trials] -= features[trials][calibration[trials]].mean(axis=0)
        return features


def people(n_people: int, n_trials: int) -> Trials:
    """Trials of two classes; of everybody the first five are of one."""
    y = np.tile(np.arange(n_trials) >= 5, n_people).astype(int)
    X = np.random.default_rng(0).normal(size=(len(y), 2, 16)) + y[:, None, None]
    subject = np.repeat([f"p{i}" for i in range(n_people)], n_trials)
    trials = Trials.from_arrays(X, y, sfreq=16, subject=subject)
    trials.metadata["onset"] = np.tile(np.arange(n_trials) * 2.0, n_people)
    return trials


def test_calibration_trials_are_scored_for_no_pipeline() -> None:
    pipelines = {
        "first": Pipeline([FirstTrials(3), GaussianNB()]),
        "most": DummyClassifier(strategy="constant", constant=1),
    }
    trials = people(4, 12)
    results = evaluate(pipelines, trials, cv="group-2", scoring=["accuracy", "balanced_accuracy"])
    assert set(results.table["n_test"]) == {9}
    # Two trials of the first class are left beside seven of the second.
    assert results.table["chance_accuracy"].round(6).unique() == [round(7 / 9, 6)]
    for name in pipelines:
        scored = results.predictions(name)
        assert len(scored) == 36
        assert (scored.trial % 12 >= 3).all()
        assert (trials.y[scored.trial] == scored.y).all()
    assert results.scores("accuracy")["most"].round(6).unique() == [round(7 / 9, 6)]
    calibration = results.settings.calibration["trials"]
    assert calibration == {"pipelines": {"first": 12}, "people": {f"p{i}": 3 for i in range(4)}}
    # The same answers as of a fit by hand: the step is given all of everybody's trials.
    test = np.unique(results.predictions("first").subject[results.predictions("first").fold == 0])
    rows = np.isin(trials.groups, test)
    model = clone(pipelines["first"]).fit(trials.X[~rows], trials.y[~rows])
    later = np.tile(np.arange(12) >= 3, 2)
    by_hand = model.predict_proba(trials.X[rows])[later]
    predictions = results.predictions("first")
    assert np.allclose(predictions.proba[predictions.fold == 0], by_hand, atol=1e-6)


def test_without_calibration_every_trial_is_scored() -> None:
    results = evaluate(GaussianNBOfTrials(), people(4, 12), cv="group-2", scoring="accuracy")
    assert set(results.table["n_test"]) == {12}
    assert results.settings.calibration == {"trials": {}}


class GaussianNBOfTrials(GaussianNB):
    def fit(self, X: Any, y: Any) -> Any:
        return super().fit(np.asarray(X).reshape(len(X), -1), y)

    def predict(self, X: Any) -> Any:
        return super().predict(np.asarray(X).reshape(len(X), -1))

    def predict_proba(self, X: Any) -> Any:
        return super().predict_proba(np.asarray(X).reshape(len(X), -1))


def test_somebody_must_be_left_to_score() -> None:
    pipeline = Pipeline([FirstTrials(12), GaussianNB()])
    message = "'firsttrials\\+gaussiannb' calibrates on all 12 test trials of 'p0' in fold 0"
    with pytest.raises(ValueError, match=message):
        evaluate(pipeline, people(4, 12), cv="loso")


def test_a_metric_that_asks_the_pipeline_itself_is_refused_beside_calibration() -> None:
    def right(estimator: Any, X: Any, y: Any) -> float:
        return float((estimator.predict(X) == y).mean())

    with pytest.raises(ValueError, match="'right' asks the pipeline itself"):
        evaluate(Pipeline([FirstTrials(), GaussianNB()]), people(4, 12), cv="loso", scoring=right)


def test_the_report_counts_calibration_trials(tmp_path: Path) -> None:
    pipeline = Pipeline([FirstTrials(3), GaussianNB()])
    results = evaluate(pipeline, people(4, 12), cv="group-2", scoring="accuracy")
    html = report(results, tmp_path / "report.html").read_text("utf-8")
    assert "scored for no pipeline, are 12 trials of 4 people." in html
    assert "with calibration access to them" in html


def calibrating(**params: Any) -> Pipeline:
    step = SubjectStandardizer(access="calibration", **params)
    return Pipeline([BandPower(), step, LogisticRegression(C=0.1)])


def test_whom_a_fitted_pipeline_was_calibrated_for_is_forgotten() -> None:
    trials = example_trials(n_trials=48)
    trials.metadata["onset"] = np.arange(48.0)
    fitted = calibrating(n_calibration=5).fit(trials.X, trials.y).calibrate(trials.X)
    results = evaluate(fitted, trials, cv="loso")
    assert (results.table["n_test"] == 11).all()  # of 16


@pytest.mark.parametrize("key", ["access", "n_calibration", "calibration_s"])
def test_what_may_be_seen_is_declared_and_not_searched(key: str) -> None:
    grid = {f"subject_standardizer__{key}": [1, 2]}
    search = GridSearchCV(calibrating(n_calibration=5), grid)
    with pytest.raises(ValueError, match=f"searches for the best subject_standardizer__{key}"):
        evaluate(search, example_trials(n_trials=48), cv="loso")


def test_a_search_among_steps_has_the_widest_access_of_them() -> None:
    pipeline = Pipeline([BandPower(), ("align", "passthrough"), LogisticRegression(C=0.1)])
    search = GridSearchCV(pipeline, {"align": [SubjectStandardizer()]}, cv=2)
    results = evaluate(search, example_trials(n_trials=48), cv="loso")
    assert results.settings.access == {"gridsearchcv": "transductive"}
