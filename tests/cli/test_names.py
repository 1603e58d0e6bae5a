"""Names of people, classes and pipelines are printed as they are, whatever they look like."""

import warnings

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from rich.console import Console
from sklearn.dummy import DummyClassifier
from sklearn.model_selection import KFold

from eegkit import Results, Trials, evaluate
from eegkit.cli import main
from eegkit.cli._console import literal, show_facts, show_table, words
from eegkit.cli._tables import comparison_table, show_results, windows_table

ODD = [
    "[/S1]", "S1 [left]", "[l1]", "[red]S", "[link=http://x]S", "[/]", "[", "]", "[[a]", r"\[b]",
    "S1\\", ":smile:", "[@click=x]S", "[bold", "$x_{$",
]  # fmt: skip


def printed(*things):
    console = Console(width=200)
    with console.capture() as capture:
        for thing in things:
            console.print(thing)
    return capture.get()


def evaluation(names, **options):
    X = np.random.default_rng(0).normal(size=(8 * len(names), 2, 32))
    y = np.resize([f"{names[0]} a", f"{names[0]} b"], len(X))
    trials = Trials.from_arrays(X, y, sfreq=64, subject=np.repeat(names, 8))
    pipelines = {name: DummyClassifier() for name in names[:2]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that the split leaks
        return evaluate(pipelines, {f"{names[0]} data": trials}, **options)


@pytest.mark.parametrize("name", ODD)
def test_every_table_shows_the_name(name):
    results = evaluation([name, "b", "c", "d"], cv=KFold(2), on_leak="mark")
    console = Console(width=200)
    with console.capture() as capture:
        show_results(results, console)
    assert capture.get().count(name) >= 4
    differences = results.compare("accuracy")
    assert name in printed(comparison_table(differences, "accuracy", "x", results))
    windows = pd.DataFrame({"onset_s": [0.0], "label": [name], f"p_{name}": [0.5]})
    assert printed(windows_table(windows)).count(name) == 2


@pytest.mark.parametrize("name", ODD)
def test_facts_and_lists(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    show_facts({name: name})
    show_table(name, words(name), [(name,)])
    assert capsys.readouterr().out.count(name) == 5


def test_a_caption_names_many_pipelines():
    X = np.random.default_rng(0).normal(size=(16, 2, 32))
    trials = Trials.from_arrays(X, np.arange(16) % 2, sfreq=64, subject=np.repeat([1, 2], 8))
    results = evaluate({n: DummyClassifier() for n in ODD[:6]}, trials, cv="loso")
    console = Console(width=300)
    with console.capture() as capture:
        show_results(results, console)
    assert "[1] [/S1], [2] S1 [left], [3] [l1], [4] [red]S" in capture.get()


def test_nothing_steers_the_terminal():
    assert literal("a\x1b[2Jb\rc\x07\ud800").plain == r"a\x1b[2Jb\rc\x07\ud800"
    assert literal("Åsa 張\N{NO-BREAK SPACE}b").plain == "Åsa 張\N{NO-BREAK SPACE}b"


def test_results_are_saved_before_they_are_shown(tmp_path, monkeypatch):
    def fail(*args):
        raise ValueError("no picture today")

    monkeypatch.setattr("eegkit.cli._tables.show_results", fail)
    arguments = ["evaluate", "--dataset", "simulated", "--option", "n_subjects=4", "--option",
                 "n_trials=8", "--option", "channels=['C3']", "--pipeline", "band_power+lr",
                 "--cv", "loso", "--out", str(tmp_path)]  # fmt: skip
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 1
    assert "no picture today" in done.stderr
    assert "saved, in" in " ".join(done.stderr.split())
    assert len(Results.load(tmp_path / "results.safetensors").table) == 4
    assert (tmp_path / "results.csv").is_file()
