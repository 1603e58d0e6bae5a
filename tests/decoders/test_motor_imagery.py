"""`motor_imagery`: what it finds, and what its docstring says of it."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import eegkit
from eegkit import SignalArray
from eegkit.access import access_of
from eegkit.decoders import motor_imagery

TABLE = Path(__file__).parents[2] / "benchmarks/accuracy/results/motor_imagery.csv"
TASKS = {
    "left or right hand": "imagine_left_right",
    "both hands or both feet": "imagine_hands_feet",
}


@pytest.fixture(scope="module")
def rhythm():
    """Noise, and at 22 Hz a rhythm that two channels share, weaker before one of two labels."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(scale=5, size=(60, 4, 256)), np.tile(["left", "right"], 30)
    phase = rng.uniform(0, 2 * np.pi, size=(60, 1))
    wave = np.sin(2 * np.pi * 22 * np.arange(256) / 128 + phase)
    X[:, 1] += 5 * wave * np.where(y == "left", 1.0, 0.4)[:, None]
    X[:, 2] += 5 * wave
    return SignalArray(X, sfreq=128, ch_names=["C3", "C1", "C2", "C4"]), y


def test_it_finds_a_rhythm_and_can_be_saved(rhythm, tmp_path):
    X, y = rhythm
    decoder = clone(motor_imagery()).fit(X[:40], y[:40])
    assert (decoder.predict(X[40:]) == y[40:]).mean() >= 0.8
    eegkit.save(decoder, tmp_path / "decoder.eegkit")
    loaded = eegkit.load(tmp_path / "decoder.eegkit")
    np.testing.assert_allclose(loaded.predict_proba(X), decoder.predict_proba(X), rtol=1e-5)


def test_every_trial_is_answered_by_itself(rhythm):
    X, y = rhythm
    decoder = motor_imagery().fit(X[:40], y[:40])
    assert access_of(decoder) == "none"
    alone = [decoder.predict_proba(X[i : i + 1]) for i in range(40, 44)]
    np.testing.assert_allclose(np.vstack(alone), decoder.predict_proba(X[40:44]), rtol=1e-5)


def test_its_docstring_has_the_scores_of_the_table():
    table = pd.read_csv(TABLE).set_index(["decoder", "task"])
    text = re.sub(r"\s+", " ", motor_imagery.__doc__)
    for words, task in TASKS.items():
        row = table.loc[("motor_imagery()", task)]
        score = f"{row['mean']:.3f} ({row['ci_low']:.3f} to {row['ci_high']:.3f})"
        assert f"{score} for {words}" in text
