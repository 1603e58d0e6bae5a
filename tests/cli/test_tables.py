"""Tables fit the terminal, and tell what went wrong."""

import warnings

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import KFold

from eegkit import evaluate
from eegkit.cli._tables import comparison_table, people_table, show_results, summary_table
from eegkit.testing import example_trials


class Fails(ClassifierMixin, BaseEstimator):
    """Fails where it is trained on the first person."""

    def fit(self, X, y):
        if "S1" in X.groups:
            raise ValueError("the first line\nof a long story " + "and so on " * 20)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return self.classes_[:1].repeat(len(X))


@pytest.fixture(scope="module")
def results():
    trials = example_trials(n_trials=24)
    pipelines = {
        "spectrogram_union+cnn_transformer": DummyClassifier(strategy="uniform", random_state=0),
        "fails": Fails(),
        "prior": DummyClassifier(),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return evaluate(
            pipelines,
            {"one": trials, "another_data_set": trials},
            cv=KFold(3, shuffle=True, random_state=0),
            on_leak="mark",
        )


@pytest.fixture(scope="module")
def apart():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return evaluate(
            {"fails": Fails(), "prior": DummyClassifier()}, example_trials(n_trials=24), cv="loso"
        )


def shown(what, width, color=False):
    console = Console(
        width=width, record=True, force_terminal=color, color_system="standard" if color else None
    )
    with console.capture() as capture:
        what(console)
    return capture.get()


@pytest.mark.parametrize("width", [80, 120])
def test_everything_is_readable(results, width):
    text = shown(lambda console: show_results(results, console), width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    assert "one: Mean over people" in text
    assert "another_data_set" in text
    for word in ("95 % interval", "Costs", "peak MB", "Audit of the split", "leak"):
        assert word in text


def test_leaks_are_red(results):
    text = shown(lambda console: show_results(results, console), 80, color=True)
    assert "\x1b[1;31mleak" in text


def test_failures_are_one_line_with_their_fold(apart):
    text = shown(lambda console: show_results(apart, console), 400)
    lines = [line for line in text.splitlines() if "ValueError" in line]
    assert len(lines) == 2
    assert "fails" in lines[0]
    assert "the first line of a long story and so on" in lines[0]


def test_the_summary_is_that_of_the_results(apart):
    summary = apart.summary()
    row = summary[(summary["pipeline"] == "prior") & (summary["metric"] == "accuracy")].iloc[0]
    text = shown(lambda console: console.print(summary_table(apart, "trials", ["accuracy"])), 80)
    [line] = [line for line in text.splitlines() if "prior" in line]
    assert f"{row['ci_low']:.3f} to {row['ci_high']:.3f}" in line
    assert f"{row['n_above_chance']} of {row['n_subjects']}" in line


def test_many_pipelines_are_numbered():
    trials = example_trials(n_trials=12)
    names = [f"a_rather_long_name_{i}" for i in range(6)]
    results = evaluate({n: DummyClassifier() for n in names}, trials, cv="loso")
    text = shown(lambda console: console.print(people_table(results, "trials")), 80)
    assert "[6]" in text
    assert "a_rather_long_name_5" in text


def test_differences():
    found = pd.DataFrame(
        {
            "first": ["a"], "second": ["b"], "mean_difference": [0.1], "low": [0.05],
            "high": [0.2], "p": [0.0001], "p_corrected": [0.0002], "effect_size": [0.8],
            "n_subjects": [12],
        }
    )  # fmt: skip
    results = evaluate(DummyClassifier(), example_trials(n_trials=12), cv="loso")
    text = shown(
        lambda console: console.print(comparison_table(found, "accuracy", "trials", results)), 80
    )
    for word in ("+0.100", "+0.050 to +0.200", "< 0.001", "+0.80", "12"):
        assert word in text
