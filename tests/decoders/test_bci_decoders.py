"""Decoders of slow potentials and of movements to come: what they find, scores they tell."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import eegkit
from eegkit import SignalArray
from eegkit.access import access_of
from eegkit.datasets import Simulated
from eegkit.decoders import movement_preparation, slow_potentials
from eegkit.prediction.model_input import input_of

TABLE = Path(__file__).parents[2] / "benchmarks" / "accuracy" / "results" / "bci_competition_ii.csv"
TASKS = {
    "SelfRegulationSCP1": slow_potentials,
    "SelfRegulationSCP2": slow_potentials,
    "FingerMovements": movement_preparation,
}


def simulated(sfreq, n_times, n_channels):
    """Noise with an offset that differs from trial to trial, and labels."""
    rng = np.random.default_rng(0)
    X = rng.normal(scale=5, size=(160, n_channels, n_times))
    return X, np.tile(["left", "right"], 80), sfreq


def shifts_late():
    X, y, sfreq = simulated(256, 896, 1)
    X[y == "left", :, 400:] += 4
    return SignalArray(X, sfreq=sfreq), y


def fast_power():
    X, y, sfreq = simulated(256, 896, 1)
    X[y == "left"] += np.sin(2 * np.pi * 100 * np.arange(896) / sfreq) * 6
    return SignalArray(X, sfreq=sfreq), y


def trend_over_offsets():
    X, y, sfreq = simulated(100, 50, 4)
    X += np.random.default_rng(1).normal(scale=200, size=(160, 4, 1))
    X[y == "left", 1] += np.linspace(0, 10, 50)
    return SignalArray(X, sfreq=sfreq), y


def weaker_rhythm():
    X, y, sfreq = simulated(100, 50, 4)
    X[y == "left", 2] += 15 * np.sin(2 * np.pi * 20 * np.arange(50) / sfreq)
    return SignalArray(X, sfreq=sfreq), y


@pytest.mark.parametrize(
    ("decoder", "trials"),
    [
        (slow_potentials(net=False), shifts_late),
        (slow_potentials(net=False), fast_power),
        (movement_preparation(), trend_over_offsets),
        (movement_preparation(), weaker_rhythm),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_each_kind_of_feature_is_found(decoder, trials):
    X, y = trials()
    decoder = clone(decoder).fit(X[:120], y[:120])
    # Half of the vote is on features that tell nothing.
    assert (decoder.predict(X[120:]) == y[120:]).mean() >= 0.75
    assert access_of(decoder) == "none"


def short_training(decoder, n_epochs):
    epochs = [key for key in decoder.get_params() if key.endswith("max_epochs")]
    return decoder.set_params(**dict.fromkeys(epochs, n_epochs))


def test_slow_potentials_can_be_saved(tmp_path):
    pytest.importorskip("eegkit_convnets")
    X, y = shifts_late()
    decoder = short_training(slow_potentials(), 1).fit(X, y)
    eegkit.save(decoder, tmp_path / "decoder.eegkit")
    loaded = eegkit.load(tmp_path / "decoder.eegkit")
    np.testing.assert_array_equal(loaded.predict_proba(X), decoder.predict_proba(X))


def test_nets_of_slow_potentials_find_shifts_and_differ():
    pytest.importorskip("eegkit_convnets")
    X, y = shifts_late()
    decoder = short_training(slow_potentials(), 30)
    nets = clone(decoder.get_params()["nets"]).fit(X[:120], y[:120])
    assert (nets.predict(X[120:]) == y[120:]).mean() >= 0.75
    first, second, third = (net.predict_proba(X[120:]) for net in nets.estimators_)
    assert not np.allclose(first, second)
    assert not np.allclose(second, third)
    assert access_of(decoder) == "none"


def test_a_day_that_moves_all_answers_is_met_by_a_threshold():
    X, y = shifts_late()
    train, test = X[:80], np.asarray(X[80:]) + 0.0
    test[:, :, 400:] += 3  # what a class does, to nearly that extent, done to all trials
    test = SignalArray(test, sfreq=X.sfreq, groups=["S1"] * 80)
    fixed, moving = (
        slow_potentials(net=False, access=access).fit(train, y[:80])
        for access in ("none", "transductive")
    )
    assert access_of(moving) == "transductive"
    assert (fixed.predict(test) == y[80:]).mean() < 0.7
    assert (moving.predict(test) == y[80:]).mean() > 0.9


def test_slow_potentials_refuse_another_access():
    with pytest.raises(ValueError, match="access is 'causal'; expected 'none' or 'transductive'"):
        slow_potentials(access="causal")


@pytest.mark.skipif(not TABLE.exists(), reason="the results are part of the repository alone")
@pytest.mark.parametrize("task", TASKS)
def test_docstrings_tell_the_stored_scores(task):
    function = TASKS[task]
    table = pd.read_csv(TABLE).set_index(["task", "decoder"])
    row = table.loc[(task, f"{function.__name__}()")]
    text = re.sub(r"\s+", " ", function.__doc__)
    told = f"{row['mean']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f}) on {task}"
    assert told in text


def test_movement_preparation_can_be_saved(tmp_path):
    trials = Simulated(n_subjects=2, n_trials=8, random_state=0).load()
    decoder = movement_preparation().fit(trials.X, trials.y)
    eegkit.save(decoder, tmp_path / "decoder.eegkit")
    loaded = eegkit.load(tmp_path / "decoder.eegkit")
    np.testing.assert_array_equal(loaded.predict_proba(trials.X), decoder.predict_proba(trials.X))
    assert list(loaded.named_estimators_) == ["potential", "rhythms"]
    assert list(input_of(loaded).ch_names) == list(trials.ch_names)
