"""Decoders that are fitted once for all tests of a module."""

import numpy as np
import pytest

from eegkit import Pipeline, SignalArray
from eegkit.classifiers import CNNBiGRU, DenseNet
from eegkit.testing import example_trials
from eegkit.transforms import STFT

SMALL = {"n_filters": (4,), "n_fused": 4, "hidden_size": 8, "n_heads": 2}


@pytest.fixture(scope="session")
def trials():
    return example_trials(12)


@pytest.fixture(scope="session")
def decoder(trials):
    """A spectrogram and a net."""
    net = CNNBiGRU(**SMALL, max_epochs=5, lr=1e-2, random_state=0)
    stft = STFT(window_s=0.25, normalize="fitted")
    return Pipeline([stft, net]).fit(trials.X, trials.y)


@pytest.fixture(scope="session")
def features():
    rng = np.random.default_rng(0)
    y = np.where(np.arange(20) % 2, "task", "rest")
    X = rng.normal(size=(20, 6)).astype(np.float32)
    X[y == "task", 2] += 3
    return SignalArray(X, groups=np.repeat(["S1", "S2"], 10)), y


@pytest.fixture(scope="session")
def dense(features):
    """A net of linear layers and a ReLU, on features."""
    X, y = features
    return DenseNet(n_hidden=16, max_epochs=30, lr=1e-2, random_state=0).fit(X, y)
