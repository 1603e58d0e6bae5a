"""CSV files hold what the tables hold, and no formula."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier

from eegkit import Trials, evaluate
from eegkit.csv_file import write_csv

FORMULAS = ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")', "--1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(tmp_path, text):
    table = pd.DataFrame(
        {"name": [text, "b"], text: [1.5, -2.0], "kind": pd.Categorical([text] * 2)}
    )
    write_csv(table, tmp_path / "a.csv")
    again = pd.read_csv(tmp_path / "a.csv")
    assert list(again) == ["name", f"'{text}", "kind"]
    assert again["name"].tolist() == [f"'{text}", "b"]
    assert again["kind"].tolist() == [f"'{text}"] * 2
    assert again[f"'{text}"].tolist() == [1.5, -2.0]
    assert table["name"].tolist() == [text, "b"]


def test_all_else_is_as_it_was(tmp_path):
    table = pd.DataFrame(
        {"label": ["-1", "+1", "a=b"], "n": [-1, 2, 3], "score": [-0.5, np.nan, 1e-9],
         "known": [True, False, True], "mixed": ["a", -1, None]}
    )  # fmt: skip
    write_csv(table, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text() == table.to_csv(index=False, lineterminator="\n")


def test_results(tmp_path):
    X = np.random.default_rng(0).normal(size=(16, 2, 32))
    trials = Trials.from_arrays(X, np.arange(16) % 2, sfreq=64, subject=["=A1"] * 8 + ["b"] * 8)
    results = evaluate({"+net": DummyClassifier()}, trials, cv="loso")
    results.to_csv(tmp_path / "r.csv")
    again = pd.read_csv(tmp_path / "r.csv")
    assert set(again["subject"]) == {"'=A1", "b"}
    assert set(again["pipeline"]) == {"'+net"}


def test_a_return_within_a_name_begins_no_line(tmp_path):
    write_csv(pd.DataFrame({"name": ["\r=1", "a\rb", "c\nd"]}), tmp_path / "a.csv")
    assert pd.read_csv(tmp_path / "a.csv")["name"].tolist() == [r"\r=1", r"a\rb", "c\nd"]
