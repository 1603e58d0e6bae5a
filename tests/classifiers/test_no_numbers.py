"""Probabilities that are no numbers are never given silently."""

from types import SimpleNamespace

import numpy as np
import pytest
from torch import nn, stack

from eegkit.classifiers import _engine


class Squares(nn.Module):
    """Power for the first class, and against the second."""

    def forward(self, x):
        power = (x**2).mean((1, 2))
        return stack([power, -power], dim=1)


def probabilities(X):
    net = SimpleNamespace(module_=Squares().eval(), device="cpu")
    return _engine.predict_proba(net, X, X.shape[1:], 4)


@pytest.mark.parametrize("value", [1e30, -1e20, np.float32(3e38)])
def test_signals_that_overflow(value):
    X = np.random.default_rng(0).normal(size=(10, 2, 8)).astype(np.float32)
    assert np.isfinite(probabilities(X)).all()
    X[3], X[7, 1, 2] = value, value
    with pytest.raises(ValueError, match=r"no numbers for 2 trials, the first is trial 3, whose"):
        probabilities(X)
