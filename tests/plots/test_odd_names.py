"""Names of people, classes, channels and pipelines stand in pictures as they are."""

import io

import matplotlib as mpl
import matplotlib.pyplot as plt
import mne
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from eegkit import Trials, evaluate, load_dataset, report
from eegkit.evaluation import learning_curve
from eegkit.experiment import parse_pipeline
from eegkit.plots import (
    AttributionDisplay,
    ClassCountsDisplay,
    ComparisonDisplay,
    ConfusionMatrixDisplay,
    EmbeddingDisplay,
    InflationDisplay,
    LearningCurveDisplay,
    ReliabilityDisplay,
    ScoresDisplay,
    SpectraDisplay,
    SpectrogramDisplay,
    SplitDisplay,
    TopographyDisplay,
    TracesDisplay,
)
from eegkit.transforms import STFT

mpl.use("agg")
# The first cannot be read as a formula, the second would be another text.
ODD = ["$a_{$", "$x$", "_rest"]


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def odd_trials(name):
    """Six people, two classes and four channels with places on the head, named oddly."""
    channels = ["F3", "F4", "C3", "C4"]
    info = load_dataset("simulated", n_subjects=2, n_trials=2, channels=channels).info.copy()
    mne.rename_channels(info, {ch: f"{name} {ch}" for ch in channels})
    metadata = {"subject": np.repeat([name, *"bcdef"], 8), "session": "1", "run": "1"}
    X = np.random.default_rng(0).normal(size=(48, 4, 128)).astype(np.float32)
    return Trials(X, np.resize([name, "b"], 48), pd.DataFrame(metadata), info)


def displays(name):
    trials = odd_trials(name)
    guess = DummyClassifier(strategy="uniform", random_state=0)
    pipelines = {name: guess, "b": DummyClassifier(), f"{name}3": DummyClassifier()}
    results = evaluate(pipelines, trials, cv="group-2")
    some = {name: guess, "b": DummyClassifier()}
    yield ScoresDisplay.from_results(results)
    yield ComparisonDisplay.from_results(results)
    yield ComparisonDisplay(
        scores=results.per_subject().pivot_table(
            index="subject", columns="pipeline", values="accuracy"
        ),
        metric=name,
    ).plot("ranks")
    yield ConfusionMatrixDisplay.from_results(results, name)
    yield ReliabilityDisplay.from_results(results)
    yield LearningCurveDisplay.from_results(learning_curve(some, trials, cv="group-2"))
    yield InflationDisplay.from_inflation(
        evaluate(some, trials, cv="group-2", twin=True).inflation()
    )
    yield ClassCountsDisplay.from_trials(trials)
    yield SpectraDisplay.from_trials(trials)
    yield TracesDisplay.from_trials(trials)
    yield TopographyDisplay.from_trials(trials)
    decoder = parse_pipeline("band_power+lr").fit(trials.X, trials.y)
    yield AttributionDisplay.from_decoder(decoder, trials, by="label", method="occlusion")
    yield SplitDisplay.from_splitter("loso", trials)
    yield SpectrogramDisplay.from_trials(trials, STFT(nperseg=64))
    labels = np.resize([name, *"bcd"], 40)
    yield EmbeddingDisplay.from_features(np.random.default_rng(0).normal(size=(40, 3)), labels)


def texts_of(figure):
    return [text for text in figure.findobj(mpl.text.Text) if text.get_text()]


@pytest.mark.parametrize("name", ODD)
def test_every_picture_can_be_drawn_and_shows_the_name(name):
    for display in displays(name):
        display.figure_.savefig(io.BytesIO(), dpi=20)
        shown = [text for text in texts_of(display.figure_) if name in text.get_text()]
        assert shown or isinstance(display, InflationDisplay | TopographyDisplay)
        assert all(text.get_parse_math() is False for text in shown if "$" in name), display


@pytest.mark.parametrize("name", ["_rest", "$a_$b", ""])
def test_a_legend_leaves_nobody_out(name):
    counts = ClassCountsDisplay.from_trials(odd_trials(name)).ax_.get_legend().get_texts()
    assert len(counts) == 2
    points = np.random.default_rng(0).normal(size=(20, 3))
    display = EmbeddingDisplay.from_features(points, np.resize([name, "b"], 20))
    assert len(display.ax_.get_legend().get_texts()) == 2


def test_formulas_of_others_stay():
    figure, (left, right) = plt.subplots(1, 2)
    left.set_title(r"$\alpha$ power")
    ClassCountsDisplay.from_trials(odd_trials("$x_$"), ax=right)
    figure.canvas.draw()
    assert left.title.get_parse_math()
    names = [tick.get_text() for tick in right.get_xticklabels()]
    assert "$x_$" in names


@pytest.mark.parametrize("name", ["$5_$10", "</script><script>alert(1)</script>"])
def test_a_report_is_written(name, tmp_path):
    trials = odd_trials(name)
    results = evaluate({name: DummyClassifier(), "b": DummyClassifier()}, trials, cv="loso")
    text = report(results, tmp_path / "r.html", trials).read_text("utf-8")
    assert "<script>alert(1)" not in text
