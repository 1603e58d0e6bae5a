from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt

from eegkit.evaluation import calibration_table, expected_calibration_error, reliability_table
from eegkit.plots import ReliabilityDisplay

mpl.use("agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_curves_counts_and_errors(results):
    display = ReliabilityDisplay.from_results(results, n_bins=5)
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels[0] == "calibrated"
    for i, name in enumerate(results.pipelines):
        made = results.predictions(name)
        table = reliability_table(made.y, made.proba, made.classes, 5)
        full = table[table["n_trials"] > 0]
        line = display.ax_.get_lines()[1 + 2 * i]
        np.testing.assert_allclose(line.get_xdata(), full["confidence"])
        np.testing.assert_allclose(line.get_ydata(), full["accuracy"])
        counts = display.counts_ax_.patches[i].get_data()
        np.testing.assert_array_equal(counts.values, table["n_trials"])
        error = expected_calibration_error(table)
        assert display.errors[name] == error
        assert labels[i + 1] == f"{name}, ECE {error:.3f}"


def test_the_errors_are_those_of_the_table(results):
    table = calibration_table(results).set_index("pipeline")["ece"]
    assert ReliabilityDisplay.from_results(results).errors == table.to_dict()


def test_pipelines_without_probabilities(results):
    made = results.predictions
    mute = SimpleNamespace(**vars(made("bad")) | {"proba": None})
    results.predictions = lambda pipeline, dataset: mute if pipeline == "bad" else made("good")
    assert list(ReliabilityDisplay.from_results(results).tables) == ["good"]
    with pytest.raises(ValueError, match="'bad' gave no probabilities"):
        ReliabilityDisplay.from_results(results, ["good", "bad"])
    results.pipelines = ["bad"]
    with pytest.raises(ValueError, match="predict_proba"):
        ReliabilityDisplay.from_results(results)


@pytest.mark.parametrize("n_pipelines", [2, 5, 12])
def test_nothing_is_cut_off(results, n_pipelines):
    made = results.predictions("good")
    table = reliability_table(made.y, made.proba, made.classes)
    display = ReliabilityDisplay(tables={f"net{i}": table for i in range(n_pipelines)}).plot()
    figure = display.figure_
    figure.canvas.draw()
    renderer = figure.canvas.get_renderer()
    for part in (display.ax_, display.counts_ax_, display.ax_.get_legend()):
        box = part.get_tightbbox(renderer)
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y1 <= figure.bbox.y1 + 1


def test_given_axes_are_used(results):
    made = results.predictions("good")
    axes = mpl.figure.Figure().subplots()
    display = ReliabilityDisplay.from_predictions(
        made.y, made.proba, made.classes, strategy="quantile", ax=axes
    )
    assert display.ax_ is axes
    assert list(display.errors) == ["decoder"]
