"""The code that reports give to run an evaluation again: it gives the same scores."""

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import FunctionTransformer

import eegkit
from eegkit import Pipeline, Results, evaluate, load_dataset
from eegkit.cli import main
from eegkit.datasets import Simulated
from eegkit.evaluation.results.code import CodeWriter, NotWritableError
from eegkit.reporting.sources import code_to_run_again, run_again
from eegkit.testing import example_trials
from eegkit.transforms import BandPower

OPTIONS = {"n_subjects": 4, "n_trials": 8, "channels": ["C3", "Cz", "C4"]}
EXPERIMENT = """
datasets:
  simulated: {n_subjects: 4, n_trials: 8, channels: [C3, Cz, C4], subjects: [1, 2, 4]}
pipelines:
  band_power+lr:
cv: {train: [S01, S02], test: [S04]}
scoring: [accuracy]
"""


class Mine(ClassifierMixin, BaseEstimator):
    """A classifier of a script."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


Mine.__module__ = "__main__"


def scores(results):
    costs = [name for name in results.table if name.endswith(("_s", "_mb"))]
    return results.table.drop(columns=costs)


def same_again(results, folder, monkeypatch):
    """The results of the printed code, carried out in an empty folder."""
    monkeypatch.chdir(folder)
    space = {}
    exec(code_to_run_again(results), space)
    assert (folder / "report.html").exists()
    again = space["results"]
    assert scores(again).equals(scores(results))
    assert code_to_run_again(again) == code_to_run_again(results)
    return again


@pytest.fixture
def no_report(monkeypatch):
    """Reports take long and are tested elsewhere: only that one is written."""
    monkeypatch.setattr(eegkit, "report", lambda _, path, *args, **options: open(path, "w").close())


@pytest.mark.usefixtures("no_report")
@pytest.mark.parametrize("by_name", [True, False])
def test_python(tmp_path, monkeypatch, by_name):
    trials = load_dataset("simulated", **OPTIONS) if by_name else Simulated(**OPTIONS).load()
    steps = [
        ("power", BandPower()),
        ("log", FunctionTransformer(np.tanh)),
        ("lr", LogisticRegression(C=0.5, class_weight={"left_hand": 1.0, "right_hand": 2.0})),
    ]
    results = evaluate(
        {"mine": Pipeline(steps)}, {"simulated": trials}, cv=GroupKFold(2), baselines=True,
        scoring="accuracy", random_state=3,
    )  # fmt: skip
    again = same_again(results, tmp_path, monkeypatch)
    assert "band_power+lr" in again.settings.baselines
    assert ("load_dataset('simulated'" in code_to_run_again(results)) is by_name


@pytest.mark.usefixtures("no_report")
def test_the_labels_are_another_column(tmp_path, monkeypatch):
    trials = load_dataset("simulated", **OPTIONS).relabel("subject")
    results = evaluate(
        DummyClassifier(), trials, scoring="accuracy",
        cv=KFold(2, shuffle=True, random_state=0), on_leak="mark",
    )  # fmt: skip
    same_again(results, tmp_path, monkeypatch)


@pytest.mark.usefixtures("no_report")
def test_evaluate_on_the_command_line(tmp_path, monkeypatch):
    arguments = [
        "evaluate", "--dataset", "simulated", "--option", "n_subjects=4", "--option", "n_trials=8",
        "--option", "channels=['C3', 'Cz', 'C4']", "--pipeline", "band_power+lr", "--cv", "loso",
        "--set", "lr__C=0.1", "--scoring", "accuracy", "--out", str(tmp_path / "out"),
    ]  # fmt: skip
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    results = Results.load(tmp_path / "out" / "results.safetensors")
    assert "C=0.1" in code_to_run_again(results)
    same_again(results, tmp_path, monkeypatch)


@pytest.mark.usefixtures("no_report")
def test_run_of_an_experiment(tmp_path, monkeypatch):
    path = tmp_path / "mine.yaml"
    path.write_text(EXPERIMENT)
    done = CliRunner().invoke(main, ["run", str(path), "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    results = Results.load(tmp_path / "out" / "results.safetensors")
    assert "subjects=(1, 2, 4)" in code_to_run_again(results), code_to_run_again(results)
    same_again(results, tmp_path, monkeypatch)


def test_what_cannot_be_written_is_said():
    results = evaluate(Mine(), example_trials(n_trials=24), cv="group-2", scoring="accuracy")
    assert results.settings.not_code == ["mine"]
    page = run_again(results)
    assert "of your own script" in page
    assert "how these trials were loaded is not known" in page
    assert "24 trials of 3 people" in page


def test_a_part_of_trials_does_not_say_that_it_is_all():
    trials = load_dataset("simulated", **OPTIONS)
    assert trials.source is not None
    assert trials[:5].source is None


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (np.float32(0.5), "0.5"),
        (float("inf"), "float('inf')"),
        ((1,), "(1,)"),
        ({"a": [True, None]}, "{'a': [True, None]}"),
        (set(), "set()"),
        (np.arange(2), "np.array([0, 1], dtype='int64')"),
        (np.log, "log"),
        (LogisticRegression(C=2), "LogisticRegression(C=2)"),
    ],
)
def test_code_of_values(value, code):
    writer = CodeWriter()
    text = writer.write(value)
    assert text == code
    space = {}
    exec("\n".join([*writer.imports, f"value = {text}"]), space)
    assert repr(space["value"]) == repr(value) or space["value"] == value


@pytest.mark.parametrize("value", [lambda x: x, Mine(), np.zeros(100), object()])
def test_values_without_code(value):
    with pytest.raises(NotWritableError):
        CodeWriter().write(value)
