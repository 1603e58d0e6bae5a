import matplotlib as mpl
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from eegkit import Trials, evaluate
from eegkit.plots import ScoresDisplay

mpl.use("agg")


@pytest.fixture(scope="module")
def results():
    n_subjects = 12
    trials = Trials.from_arrays(
        np.zeros((4 * n_subjects, 2, 8)),
        ["rest", "task"] * (2 * n_subjects),
        sfreq=8,
        subject=np.repeat([f"S{i:02d}" for i in range(n_subjects)], 4),
    )
    models = {"constant": DummyClassifier(), "random": DummyClassifier(strategy="uniform")}
    return evaluate(models, trials, cv="group-3")


def test_every_person_and_pipeline_is_there(results):
    display = ScoresDisplay.from_results(results)
    assert display.scores.shape == (12, 2)
    assert len(display.ax_.get_yticklabels()) == 12
    legend = display.figure_.legends or [display.ax_.get_legend()]
    said = " ".join(text.get_text() for text in legend[0].get_texts())
    assert "constant" in said
    assert "random" in said
    assert "chance" in said


def test_given_axes_are_used(results):
    figure = mpl.figure.Figure()
    axes = figure.subplots()
    assert ScoresDisplay.from_results(results, metric="accuracy", ax=axes).ax_ is axes


def test_unknown_metric(results):
    with pytest.raises(ValueError, match="balanced_accuracy"):
        ScoresDisplay.from_results(results, metric="f1")
