from types import SimpleNamespace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt

from eegkit.evaluation import bootstrap_interval
from eegkit.plots import LearningCurveDisplay

mpl.use("agg")


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def results(sizes=(1, 2, 4, 8), n_subjects=10, pipelines=("net", "lda"), n_repeats=2):
    rng = np.random.default_rng(0)
    rows = [
        (name, fold, subject, size, 0.5 + 0.04 * size + rng.normal(0, 0.05), 0.5)
        for name in pipelines
        for size in sizes
        for fold in range(n_repeats)
        for subject in range(n_subjects)
    ]
    columns = ["pipeline", "fold", "subject", "n_train_subjects", "accuracy", "chance_accuracy"]
    return SimpleNamespace(
        table=pd.DataFrame(rows, columns=columns),
        metrics=["accuracy"],
        pipelines=list(pipelines),
    )


def test_the_mean_over_people_and_its_interval():
    made = results()
    display = LearningCurveDisplay.from_results(made)
    curves = display.curves
    assert len(curves) == 8
    row = curves[(curves["pipeline"] == "lda") & (curves["n_train_subjects"] == 4)].iloc[0]
    table = made.table.query("pipeline == 'lda' and n_train_subjects == 4")
    people = table.groupby("subject")["accuracy"].mean()
    assert (row["mean"], row["low"], row["high"], row["n_subjects"]) == pytest.approx(
        bootstrap_interval(people)
    )
    assert row["n_subjects"] == 10, "people, not their folds"
    lines = {line.get_label(): line for line in display.ax_.get_lines()}
    assert list(lines) == ["net", "lda", "chance"]
    assert lines["net"].get_xdata().tolist() == [1, 2, 4, 8]
    np.testing.assert_allclose(lines["net"].get_ydata(), curves["mean"][:4])
    np.testing.assert_allclose(lines["chance"].get_ydata(), 0.5)
    assert display.ax_.get_ylabel() == "accuracy, mean of 10 people"


def test_undefined_scores_do_not_count():
    made = results()
    made.table.loc[made.table["subject"] == 3, "accuracy"] = np.nan
    assert set(LearningCurveDisplay.from_results(made).curves["n_subjects"]) == {9}
    made.table["accuracy"] = np.nan
    with pytest.raises(ValueError, match="undefined for everybody"):
        LearningCurveDisplay.from_results(made)


def test_many_pipelines_and_a_wide_range():
    display = LearningCurveDisplay.from_results(
        results(sizes=(1, 2, 4, 64), pipelines=[f"p{i}" for i in range(12)])
    )
    assert display.ax_.get_xscale() == "log"
    display.figure_.canvas.draw()
    assert [label.get_text() for label in display.ax_.get_xticklabels()] == ["1", "2", "4", "64"]
    colors = {line.get_color() for line in display.ax_.get_lines()}
    assert len(colors) == 13
    legend = display.ax_.get_legend().get_window_extent()
    assert legend.x1 <= display.figure_.bbox.x1


def test_data_sets_are_not_mixed():
    made = results()
    alone = LearningCurveDisplay.from_results(made).curves
    other = made.table.assign(accuracy=made.table["accuracy"] / 2, dataset="B")
    made.table = pd.concat([made.table.assign(dataset="A"), other])
    picked = LearningCurveDisplay.from_results(made, dataset="A").curves
    pd.testing.assert_frame_equal(picked, alone)
    with pytest.raises(ValueError, match="give dataset=, one of 'A', 'B'"):
        LearningCurveDisplay.from_results(made)
    with pytest.raises(ValueError, match="dataset is 'C'"):
        LearningCurveDisplay.from_results(made, dataset="C")


def test_given_axes_and_chosen_pipelines():
    axes = mpl.figure.Figure().subplots()
    display = LearningCurveDisplay.from_results(results(), pipelines="lda", ax=axes)
    assert display.ax_ is axes
    assert set(display.curves["pipeline"]) == {"lda"}


def test_refused():
    with pytest.raises(ValueError, match="Every fold trains on 4 people"):
        LearningCurveDisplay.from_results(results(sizes=(4,)))
    with pytest.raises(ValueError, match="metric is 'f1'"):
        LearningCurveDisplay.from_results(results(), "f1")
    with pytest.raises(ValueError, match="pipelines is 'z'"):
        LearningCurveDisplay.from_results(results(), pipelines="z")
