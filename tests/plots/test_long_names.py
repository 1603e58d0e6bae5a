"""Pipelines are named after their steps; such names are long, and the pictures stay readable."""

import io

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from eegkit import Trials, evaluate
from eegkit.evaluation import learning_curve
from eegkit.plots import (
    ComparisonDisplay,
    InflationDisplay,
    LearningCurveDisplay,
    ReliabilityDisplay,
    ScoresDisplay,
)

STEPS = "band_pass+notch+standardizer+stft+spectrogram_image+"


@pytest.fixture(scope="module")
def trials():
    X = np.random.default_rng(0).normal(size=(80, 2, 64))
    return Trials.from_arrays(X, ["rest", "task"] * 40, sfreq=64, subject=np.repeat(range(8), 10))


@pytest.fixture(scope="module")
def named():
    return {
        f"{STEPS}{net}": DummyClassifier(strategy="uniform", random_state=i)
        for i, net in enumerate(["efficient_net", "cnn_transformer", "inception_transformer"])
    }


def check_room(display):
    """The axes keep most of the figure, and no text is cut off."""
    display.figure_.savefig(io.BytesIO())  # a layout that does not fit would warn
    assert display.ax_.get_position().width > 0.5
    assert display.ax_.get_position().height > 0.3
    texts = [*display.ax_.texts, *display.ax_.get_legend().get_texts()]
    names = [tick for tick in display.ax_.get_xticklabels() if "notch" in tick.get_text()]
    edges = display.figure_.bbox.padded(2)
    for text in [*texts, *names]:
        box = text.get_window_extent()
        assert edges.x0 <= box.x0, text.get_text()
        assert box.x1 <= edges.x1, text.get_text()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("display", [ScoresDisplay, ComparisonDisplay, ReliabilityDisplay])
def test_results(display, trials, named):
    check_room(display.from_results(evaluate(named, trials, cv="group-2")))


@pytest.mark.filterwarnings("error")
def test_learning_curve(trials, named):
    check_room(LearningCurveDisplay.from_results(learning_curve(named, trials, cv="group-2")))


@pytest.mark.filterwarnings("error")
def test_inflation(trials, named):
    check_room(
        InflationDisplay.from_inflation(
            evaluate(named, trials, cv="group-2", twin=True).inflation()
        )
    )
