import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from eegkit import Pipeline
from eegkit.classifiers import CNNBiGRU
from eegkit.plots import TrainingCurvesDisplay
from eegkit.testing import example_trials
from eegkit.transforms import STFT

mpl.use("agg")

HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "lr": [1e-3, 5e-4, 1e-4],
        "train_loss": [2.0, 1.0, 0.5],
        "valid_loss": [2.1, 1.5, 1.8],
        "train_acc": [0.2, 0.5, 0.8],
        "valid_acc": [0.2, 0.4, 0.4],
        "train_top5": [0.5, 0.8, 0.9],
        "valid_top5": [0.5, 0.7, 0.7],
    }
)


def curves(ax):
    return {line.get_label(): list(line.get_ydata()) for line in ax.get_lines()}


def test_every_curve_is_drawn():
    loss, accuracy, rate = TrainingCurvesDisplay(history=HISTORY).plot().axes_
    assert curves(loss)["training"] == [2.0, 1.0, 0.5]
    assert curves(loss)["held out"] == [2.1, 1.5, 1.8]
    assert curves(accuracy)["held out, top 5"] == [0.5, 0.7, 0.7]
    assert curves(rate)["learning rate"] == [1e-3, 5e-4, 1e-4]
    best = loss.get_lines()[-1]
    assert best.get_label() == "best epoch"
    assert best.get_xdata()[0] == 2


def test_a_net_in_a_pipeline():
    trials = example_trials()
    params = CNNBiGRU.conformance_params() | {"max_epochs": 3}
    decoder = Pipeline([STFT(nperseg=32), CNNBiGRU(**params)]).fit(trials.X, trials.y)
    display = TrainingCurvesDisplay.from_estimator(decoder)
    history = decoder[-1].history_
    np.testing.assert_array_equal(curves(display.axes_[0])["training"], history["train_loss"])
    assert "held out" not in curves(display.axes_[0])


def test_given_axes_are_used():
    axes = mpl.figure.Figure().subplots(3, 1)
    display = TrainingCurvesDisplay(history=HISTORY).plot(axes)
    assert display.figure_ is axes[0].figure
    with pytest.raises(ValueError, match="There are 2 axes; expected 3"):
        TrainingCurvesDisplay(history=HISTORY).plot(axes[:2])


def test_no_history():
    with pytest.raises(ValueError, match="LogisticRegression has no history_"):
        TrainingCurvesDisplay.from_estimator(LogisticRegression())
    with pytest.raises(ValueError, match="after fit"):
        TrainingCurvesDisplay.from_estimator(CNNBiGRU())
