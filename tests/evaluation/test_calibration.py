"""Calibration: worked examples, scikit-learn, and decoders that are known to be calibrated."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from eegkit.evaluation import (
    brier_score,
    calibration_table,
    expected_calibration_error,
    maximum_calibration_error,
    reliability_table,
)

CLASSES = ["left", "rest", "right"]


def calibrated(n=20_000, sharpness=1.0, seed=0):
    """Probabilities and labels drawn from them; with another sharpness, told too (un)surely."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(scale=1.5, size=(n, 3))
    proba = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = (rng.random((n, 1)) > proba.cumsum(axis=1)).sum(axis=1)
    told = np.exp(sharpness * logits)
    return np.array(CLASSES)[y], told / told.sum(axis=1, keepdims=True)


def test_a_worked_example():
    proba = np.array([[0.95, 0.05], [0.92, 0.08], [0.35, 0.65], [0.38, 0.62], [0.45, 0.55]])
    table = reliability_table(["a", "b", "b", "b", "a"], proba, ["a", "b"], n_bins=10)
    assert table["n_trials"].tolist() == [0] * 5 + [1, 2, 0, 0, 2]
    np.testing.assert_allclose(table["confidence"].dropna(), [0.55, 0.635, 0.935])
    np.testing.assert_allclose(table["accuracy"].dropna(), [0, 1, 0.5])
    ece = (1 * 0.55 + 2 * 0.365 + 2 * 0.435) / 5
    assert expected_calibration_error(table) == pytest.approx(ece)
    assert maximum_calibration_error(table) == pytest.approx(0.55)


def test_bins_hold_their_upper_bound():
    table = reliability_table([0, 0], [[0.5, 0.5], [1.0, 0.0]], [0, 1], n_bins=2)
    assert table["n_trials"].tolist() == [1, 1]


@pytest.mark.parametrize("strategy", ["uniform", "quantile"])
def test_calibrated_sure_and_unsure_decoders(strategy):
    errors = {
        sharpness: expected_calibration_error(
            reliability_table(*calibrated(sharpness=sharpness), CLASSES, strategy=strategy)
        )
        for sharpness in (1.0, 3.0, 0.3)
    }
    assert errors[1.0] < 0.015
    assert errors[3.0] > 0.1
    assert errors[0.3] > 0.1


def test_as_scikit_learn_for_two_classes():
    rng = np.random.default_rng(0)
    p = rng.uniform(0.5, 1, 500)  # always the second class, so that confidence is p
    y = (rng.random(500) < p).astype(int)
    table = reliability_table(y, np.column_stack([1 - p, p]), [0, 1], n_bins=10)
    accuracy, confidence = calibration_curve(y, p, n_bins=10)
    full = table[table["n_trials"] > 0]
    np.testing.assert_allclose(full["accuracy"], accuracy)
    np.testing.assert_allclose(full["confidence"], confidence)
    proba = np.column_stack([1 - p, p])
    assert brier_score(y, proba, [0, 1]) == pytest.approx(2 * brier_score_loss(y, p))


def test_the_brier_score_of_many_classes():
    y, proba = calibrated(n=50)
    wanted = (np.asarray(CLASSES) == y[:, None]).astype(float)
    expected = ((proba - wanted) ** 2).sum(axis=1).mean()
    assert brier_score(y, proba, CLASSES) == pytest.approx(expected)
    shuffled = [2, 0, 1]
    assert brier_score(y, proba[:, shuffled], np.array(CLASSES)[shuffled]) == pytest.approx(
        expected
    )


def test_bins_of_equally_many_trials():
    table = reliability_table(*calibrated(n=1500), CLASSES, n_bins=15, strategy="quantile")
    assert len(table) == 15
    assert set(table["n_trials"]) <= {99, 100, 101}
    same = reliability_table([0, 1, 1], [[0.2, 0.8]] * 3, [0, 1], strategy="quantile")
    assert same["n_trials"].tolist() == [3]
    assert same["accuracy"][0] == pytest.approx(2 / 3)


def test_single_precision_is_enough():
    y, proba = calibrated(n=2000)
    single = reliability_table(y, proba.astype(np.float32), CLASSES)
    pd.testing.assert_frame_equal(single, reliability_table(y, proba, CLASSES), rtol=1e-3)


def test_a_row_for_every_pipeline():
    y, proba = calibrated(n=600)
    predicted = np.array(CLASSES)[proba.argmax(axis=1)]
    made = {
        "sure": SimpleNamespace(y=y, predicted=predicted, proba=proba, classes=np.array(CLASSES)),
        "mute": SimpleNamespace(y=y, predicted=y, proba=None, classes=np.array(CLASSES)),
    }
    results = SimpleNamespace(
        pipelines=list(made), predictions=lambda pipeline, dataset: made[pipeline]
    )
    sure, mute = calibration_table(results).to_dict("records")
    assert sure["accuracy"] == pytest.approx((y == predicted).mean())
    assert sure["confidence"] == pytest.approx(proba.max(axis=1).mean())
    assert sure["ece"] == expected_calibration_error(reliability_table(y, proba, CLASSES))
    assert 0 < sure["ece"] <= sure["mce"]
    assert sure["brier"] == brier_score(y, proba, CLASSES)
    assert mute["accuracy"] == 1
    assert np.isnan([mute["ece"], mute["brier"]]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0], [[0.5, 0.5]], [0]), r"shapes \(1,\), \(1, 2\) and \(1,\)"),
        (([], np.zeros((0, 2)), [0, 1]), r"proba has shape \(0, 2\)"),
        (([0], [[0.5, 0.4]], [0, 1]), "1 of 1 rows of proba are no probabilities"),
        (([0], [[1.5, -0.5]], [0, 1]), "no probabilities"),
        (([0], [[np.nan, 1]], [0, 1]), "no probabilities"),
        ((["z"], [[0.5, 0.5]], ["a", "b"]), "'z'.* not one of the 2 classes"),
        (([0], [[0.5, 0.5]], [0, 1], 0), "n_bins is 0"),
        (([0], [[0.5, 0.5]], [0, 1], 5, "log"), "strategy is 'log'"),
    ],
)
def test_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        reliability_table(*arguments)
