"""What a report tells of settings that were chosen."""

import html
import sys

import pytest
from sklearn.linear_model import LogisticRegression

from eegkit import Pipeline, report
from eegkit.testing import example_trials
from eegkit.transforms import BandPower
from eegkit.tuning import tune


@pytest.fixture(scope="module")
def results():
    decoder = Pipeline([BandPower(), LogisticRegression()])
    space = {"logisticregression__C": [1e-3, 1e-1, 10.0]}
    return tune(
        decoder, example_trials(36), space, cv_outer="loso", cv="group-2", sampler="grid",
        baselines=False, pruner=None,
    )  # fmt: skip


def test_a_report_tells_what_was_chosen(results, tmp_path):
    page = report(results, tmp_path / "report.html").read_text("utf-8")
    section = page[page.index(">Tuning</a>") :]
    tuning = results.tuning()
    assert html.escape(tuning.describe()) in section
    assert "Agreement of the folds" in section
    assert "<td>0.001</td>" in section
    [row] = results.compare().to_dict("records")
    sign = 1 if row["first"] == "tuned" else -1
    assert f"{sign * row['mean_difference'] + 0.0:.3f} [" in section
    assert "of every setting of tuned on the people who chose" in section
    assert "How much the parameters of tuned" in section
    assert f"All {len(tuning.table)} settings that were tried" in section


def test_without_optuna_the_rest_is_told(results, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    page = report(results, tmp_path / "report.html").read_text("utf-8")
    assert "pip install &#x27;eegkit[tune]&#x27;" in page
    assert "Agreement of the folds" in page
