import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import optuna
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from eegkit import Pipeline, evaluate, load, save
from eegkit.evaluation.results.tuning import searches_table
from eegkit.plots import TuningDisplay
from eegkit.testing import example_trials
from eegkit.transforms import BandPower
from eegkit.tuning import TunedClassifier

mpl.use("agg")
KINDS = ["history", "importances", "slice", "parallel"]
NAME = "net $a_{$"


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def searched(n_folds=3, n_settings=12):
    """Results with made-up searches of a number, a choice, a step and what it alone has."""
    results = evaluate({NAME: DummyClassifier()}, example_trials(24), cv="loso")
    rng, rows = np.random.default_rng(0), []
    for fold in range(n_folds):
        for i in range(n_settings):
            params = {"lr": 10.0 ** -(2 + i % 3), "size": 16 * (1 + i % 2), "same": 1}
            params |= {"step": ["STFT($n$)", "CWT()"][i % 2], "step__n": None if i % 2 else i}
            is_whole = i % 4 != 3
            rows.append(
                {
                    "dataset": results.datasets[0], "pipeline": NAME, "seed": 0, "fold": fold,
                    "trial": i, "state": "whole" if is_whole else "stopped", "metric": "accuracy",
                    "score": 0.5 + 0.1 * fold + 0.01 * rng.random() if is_whole else None,
                    "n_fits": 2, "fit_time_s": 1.0, "is_best": i == 0, "params": params,
                    "error": "",
                }
            )  # fmt: skip
    results.searches = searches_table(rows)
    return results


def texts(display):
    display.figure_.canvas.draw()
    return [text.get_text() for text in display.figure_.findobj(mpl.text.Text)]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", KINDS)
def test_pictures_of_results(kind):
    before = dict(mpl.rcParams)
    display = TuningDisplay.from_results(searched(), kind)
    assert dict(mpl.rcParams) == before
    words = texts(display)  # a "$" that began a formula would fail here
    if kind == "history":
        assert [line.get_ydata()[-1] > 0.5 for line in display.axes_[0].lines] == [True] * 3
        assert {"fold 0", "fold 1", "fold 2", "accuracy"} <= set(words)
    else:
        assert {"lr", "size", "step", "step__n"} <= set(words)
        assert "same" not in words
    if kind in ("slice", "parallel"):
        assert {"STFT($n$)", "CWT()"} <= set(words)
        assert "0.001" in words
        assert any("less the mean of its search" in " ".join(word.split()) for word in words)


def test_pooled_scores_are_those_of_every_search_less_its_mean():
    display = TuningDisplay.from_results(searched(), "slice")
    values = [t.value for t in display.pooled.get_trials() if t.value is not None]
    assert len(values) == 27
    assert np.mean(values) == pytest.approx(0, abs=1e-12)
    assert np.ptp(values) < 0.02
    stopped = display.pooled.get_trials(states=[optuna.trial.TrialState.PRUNED])
    assert len(stopped) == 9


def test_an_estimator_and_the_same_from_a_file(tmp_path):
    trials = example_trials(24)
    tuned = TunedClassifier(
        Pipeline([BandPower(), LogisticRegression()]),
        {"logisticregression__C": [1e-3, 1e-1, 10.0]}, cv="group-2", sampler="grid", pruner=None,
    ).fit(trials.X, trials.y)  # fmt: skip
    display = TuningDisplay.from_estimator(tuned)
    [line] = display.axes_[0].lines
    np.testing.assert_allclose(line.get_ydata(), tuned.trials_["score"].cummax())
    save(tuned, tmp_path / "tuned.eegkit")
    again = TuningDisplay.from_estimator(load(tmp_path / "tuned.eegkit"))
    np.testing.assert_array_equal(again.axes_[0].lines[0].get_ydata(), line.get_ydata())
    study = TuningDisplay.from_study(tuned.study_, "slice", metric="accuracy")
    assert study.axes_[0].get_xlabel() == "logisticregression__C"


def test_bad_input():
    with pytest.raises(ValueError, match="DummyClassifier has no trials_; expected a TunedClass"):
        TuningDisplay.from_estimator(DummyClassifier())
    with pytest.raises(ValueError, match="kind is 'histry'"):
        TuningDisplay.from_results(searched(), "histry")
    with pytest.raises(ValueError, match="1 of 1 settings were tried on all folds; a picture"):
        TuningDisplay.from_results(searched(n_folds=1, n_settings=1), "history")
    results = searched()
    results.searches["params"] = [{"lr": 0.1}] * len(results.searches)
    with pytest.raises(ValueError, match="All settings that were tried are the same"):
        TuningDisplay.from_results(results, "slice")
    results.searches = None
    with pytest.raises(ValueError, match="Nothing was tuned in these results"):
        TuningDisplay.from_results(results)


def test_optuna_is_imported_when_a_picture_is_made(monkeypatch):
    study = pd.DataFrame({"state": ["whole"], "score": [0.5]})
    monkeypatch.setitem(sys.modules, "optuna", None)
    model = DummyClassifier()
    model.trials_ = study
    with pytest.raises(ImportError, match=r"pip install 'eegkit\[tune\]'"):
        TuningDisplay.from_estimator(model)
