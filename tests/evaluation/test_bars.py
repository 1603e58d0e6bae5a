"""Bars of an evaluation: where somebody looks, unless they are turned off."""

import sys

import pytest
from sklearn.dummy import DummyClassifier

from eegkit import evaluate
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


def test_nothing_is_said_into_a_pipe(capsys):
    evaluate(DummyClassifier(), example_trials(24), cv="loso")
    assert capsys.readouterr().err == ""
