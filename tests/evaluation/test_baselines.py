"""What the classical decoders do about uneven classes and flat trials."""

import numpy as np
import pytest

from eegkit import Trials, evaluate
from eegkit.classical import BalancedLDA, DiagonalLoading
from eegkit.evaluation import baselines

# Trials of the two classes: more where there are more features.
COUNTS = {
    "band_power+lr": (150, 30),
    "log_spectrum+lda": (1500, 300),
    "csp+lda": (150, 30),
    "tangent_space+lr": (150, 30),
}


def trials_of(counts, gain=1.0, seed=0):
    """Noise of 4 channels; in trials of the rarer class, "b", two of them are stronger."""
    rng = np.random.default_rng(seed)
    y = np.repeat(["a", "b"], counts)
    X = rng.normal(0, 10, (len(y), 4, 128)).astype("f4")
    X[y == "b", :2] *= gain
    subject = np.resize([f"S{i}" for i in range(6)], len(y))
    return Trials.from_arrays(X, y, sfreq=128, subject=subject)


@pytest.mark.parametrize("name", COUNTS)
def test_a_rare_class_counts_as_much(name):
    trials = trials_of(COUNTS[name], gain=1.1)
    predictions = evaluate(baselines()[name], trials, cv="group-3").predictions()
    recall = [(predictions.predicted == predictions.y)[predictions.y == c].mean() for c in "ab"]
    assert abs(recall[0] - recall[1]) < 0.25
    assert min(recall) > 0.4


def test_priors_that_are_given_are_used():
    X, y = [[0.0], [0.2], [0.4], [1.0], [1.2]], list("aaabb")
    lda = BalancedLDA(priors=[0.9, 0.1]).fit(X, y)
    np.testing.assert_allclose(lda.priors_, [0.9, 0.1])
    assert BalancedLDA().fit(X, y).priors is None


@pytest.mark.parametrize("value", [0.0, 3.0], ids=["zeros", "constant"])
@pytest.mark.parametrize("rows", [[5], [5, 20, 40]], ids=["one", "three"])
def test_flat_trials_fail_no_fold(rows, value):
    trials = trials_of((30, 30), gain=2.0)
    X = np.array(trials.X)
    X[rows] = value
    trials = Trials(X, trials.y, trials.metadata, trials.info)
    results = evaluate(baselines(), trials, cv="group-2", scoring="accuracy")
    assert not len(results.failures)
    assert (results.summary()["mean"] > 0.8).all()


def test_all_trials_flat():
    with pytest.raises(ValueError, match=r"All 3 training trials are flat.*trials\.describe"):
        DiagonalLoading().fit(np.zeros((3, 2, 2)))
