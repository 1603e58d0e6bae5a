"""Bars of an evaluation: where somebody looks, unless they are turned off."""

import sys

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from eegkit import evaluate, explain
from eegkit.classifiers import DenseNet
from eegkit.evaluation.running import bars
from eegkit.testing import example_trials


@pytest.mark.parametrize(
    ("verbose", "terminal", "variable", "shown"),
    [
        (None, True, "", True),
        (None, False, "", False),
        (None, True, "0", False),
        (False, True, "", False),
        (True, False, "0", True),
    ],
)
def test_where_bars_are_shown(verbose, terminal, variable, shown, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    monkeypatch.setenv("EEGKIT_PROGRESS", variable)
    assert bars.is_shown(verbose) is shown


def test_a_notebook_without_widgets_has_a_bar_of_text(monkeypatch, capsys):
    monkeypatch.setattr(bars, "in_notebook", lambda: True)
    monkeypatch.setattr(bars, "find_spec", lambda name: None)
    evaluate(DummyClassifier(), example_trials(24), cv="loso")
    lines = capsys.readouterr().err.split("\r")
    assert lines[1].startswith(f"Fitting [{'.' * 30}] 0/3")
    assert lines[-1].startswith(f"Fitting [{'#' * 30}] 3/3")
    assert lines[-1].endswith(" s\n")


def test_other_work_has_its_steps_in_a_bar(monkeypatch, capsys):
    monkeypatch.setattr(bars, "in_notebook", lambda: True)
    monkeypatch.setattr(bars, "find_spec", lambda name: None)
    X = np.random.default_rng(0).normal(size=(12, 2)).astype(np.float32)
    y = np.arange(12) % 2
    net = DenseNet(n_hidden=4, max_epochs=1, random_state=0).fit(X, y)
    explain(net, X, y, method="occlusion").check(n_stages=2)
    last = capsys.readouterr().err.split("\r")[-1]
    assert last.startswith(f"Checking [{'#' * 30}] 4/4")


def test_nothing_is_said_into_a_pipe(capsys):
    evaluate(DummyClassifier(), example_trials(24), cv="loso")
    assert capsys.readouterr().err == ""
