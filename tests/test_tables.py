"""Tables that print whole, and what a notebook shows."""

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier

import eegkit
from eegkit.explanation import Attributions
from eegkit.tables import MOST_ROWS, Table
from eegkit.testing import example_trials


def test_the_scores_of_a_summary_are_printed(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    summary = eegkit.evaluate(DummyClassifier(), example_trials(24), cv="loso").summary()
    text = str(summary)
    assert "..." not in text
    assert all(name in text for name in summary.columns)
    assert max(map(len, text.splitlines())) <= 80
    assert type(summary[["mean"]]) is pd.DataFrame
    pd.testing.assert_frame_equal(pd.DataFrame(summary), summary, check_frame_type=False)


def test_a_long_table_is_shortened():
    table = Table({"x": np.arange(2 * MOST_ROWS)})
    assert len(str(table).splitlines()) <= MOST_ROWS + 3


def test_trials_show_themselves_in_a_notebook():
    trials = example_trials()
    shown = trials._repr_html_()
    for words in ("13 of 3 people", "rest 7, task 6", "3: C3, Cz, C4", "96 samples at 128 Hz"):
        assert words in shown
    assert repr(trials).startswith("<Trials: 13 trials of 3 people, 3 channels x 96 samples")
    odd = eegkit.Trials.from_arrays(
        np.ones((2, 1, 8)), ["<b>", "a"], sfreq=8, ch_names=["<i>"], subject=["1", "2"]
    )
    assert "<b>" not in odd._repr_html_().replace("<b>Trials</b>", "")
    assert "<i>" not in odd._repr_html_()


def test_attributions_show_themselves_in_a_notebook():
    targets = np.array(["<b>", "a", "a"])
    shown = Attributions(
        values=np.zeros((3, 2)),
        axes=("channel",),
        X=np.zeros((3, 2, 4)),
        space="raw",
        method="occlusion",
        classes=np.array(["<b>", "a"]),
        targets=targets,
        predicted=targets,
    )._repr_html_()
    assert "Attributions: occlusion of 3 trials, 2 channels" in shown
    assert "<td>a</td><td>2</td>" in shown
    assert "<td>&lt;b&gt;</td><td>1</td>" in shown
