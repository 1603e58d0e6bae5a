import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from eegkit import evaluate, load_dataset
from eegkit.plots.inflation import InflationDisplay

mpl.use("agg")


def tables(n_subjects, pipelines=("net",)):
    rng = np.random.default_rng(0)
    parts, rows = [], []
    for name in pipelines:
        honest = rng.uniform(0.45, 0.75, n_subjects)
        shuffled = np.minimum(honest + rng.uniform(0.05, 0.3, n_subjects), 1)
        own = pd.DataFrame({"pipeline": name, "subject": range(n_subjects)})
        parts.append(
            own.assign(
                split="shuffled", honest=honest, leaky=shuffled, gap=shuffled - honest, chance=0.5
            )
        )
        gap = (shuffled - honest).mean()
        rows.append(
            {
                "split": "shuffled", "pipeline": name,
                "honest": honest.mean(), "leaky": shuffled.mean(),
                "gap": gap, "gap_low": gap - 0.04, "gap_high": gap + 0.05,
                "n_subjects": n_subjects, "n_inflated": n_subjects,
            }
        )  # fmt: skip
    return {"table": pd.concat(parts, ignore_index=True), "summary": pd.DataFrame(rows)}


@pytest.mark.parametrize("n_subjects", [1, 5, 109])
def test_a_dot_on_either_side_and_a_line_for_each_person(n_subjects):
    made = tables(n_subjects)
    display = InflationDisplay(**made, metric="balanced_accuracy").plot()
    left, right = display.ax_.collections
    for dots, column in ((left, "honest"), (right, "leaky")):
        np.testing.assert_allclose(dots.get_offsets()[:, 1], made["table"][column])
    assert (left.get_offsets()[:, 0] < 0.5).all()
    assert (right.get_offsets()[:, 0] > 0.5).all()
    joined = [line for line in display.ax_.lines if len(line.get_xdata()) == 2]
    between = [line for line in joined if line.get_linestyle() == "-"]
    assert len(between) == n_subjects
    np.testing.assert_allclose(between[0].get_ydata(), made["table"].loc[0, ["honest", "leaky"]])
    assert display.ax_.get_ylabel() == "balanced accuracy"


def test_means_and_gap_are_written():
    made = tables(5, ("net", "forest"))
    display = InflationDisplay(**made, metric="accuracy").plot()
    texts = [text.get_text() for text in display.ax_.texts]
    for row in made["summary"].itertuples():
        assert f"{row.honest:.2f}" in texts
        assert any(f"{row.pipeline}, gap {row.gap:+.2f}" in text for text in texts)
    assert len(display.ax_.get_xticks()) == 4
    marks = [line for line in display.ax_.lines if line.get_marker() == "D"]
    means = made["summary"][["honest", "leaky"]].to_numpy().ravel()
    np.testing.assert_allclose([line.get_ydata()[0] for line in marks], means)


def test_people_without_a_score_are_left_out():
    made = tables(5)
    made["table"].loc[2, ["leaky", "gap"]] = np.nan
    display = InflationDisplay(**made, metric="accuracy").plot()
    assert len(display.ax_.collections[0].get_offsets()) == 4


def test_given_axes_are_used():
    axes = mpl.figure.Figure().subplots()
    assert InflationDisplay(**tables(3), metric="accuracy").plot(ax=axes).ax_ is axes


def test_a_split_of_the_twin_is_chosen_by_name():
    trials = load_dataset("simulated", n_subjects=4, n_trials=16)
    results = evaluate(DummyClassifier(), trials, cv="group-2", twin=True)
    inflation = results.inflation()
    assert inflation.splits == ["shuffled", "session_wise"]
    display = InflationDisplay.from_inflation(inflation, "session_wise")
    assert [tick.get_text() for tick in display.ax_.get_xticklabels()][1] == "sessions\nkept apart"
    with pytest.raises(ValueError, match="has 'shuffled', 'session_wise'"):
        InflationDisplay.from_inflation(inflation, "run_wise")
