import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from torch import nn

from eegkit import NeuralClassifier
from eegkit.classifiers import CNNBiGRU, net_cost


class Mixed(NeuralClassifier):
    def build_module(self, input_shape, n_classes):
        n_channels, n_times = input_shape
        frozen = nn.Linear(n_classes, n_classes).requires_grad_(False)
        conv = nn.Conv1d(n_channels, 5, 3, bias=False)
        return nn.Sequential(conv, nn.Flatten(), nn.Linear(5 * (n_times - 2), n_classes), frozen)


def test_counted_by_hand():
    X = np.random.default_rng(0).normal(size=(6, 4, 20))
    found = net_cost(Mixed(max_epochs=1).fit(X, [0, 1, 2] * 2))
    assert found.n_parameters == 5 * 4 * 3 + 90 * 3 + 3
    assert found.multiply_adds == 18 * 5 * 4 * 3 + 90 * 3 + 3 * 3
    assert found.ms_per_trial > 0


def test_recurrent_layers_and_attention_are_counted():
    X = np.random.default_rng(0).normal(size=(6, 2, 16, 8))
    params = {"n_filters": (4,), "n_fused": 4, "hidden_size": 6, "n_layers": 1, "n_heads": 2}
    found = net_cost(CNNBiGRU(max_epochs=1, **params).fit(X, [0, 1] * 3))
    T = 4  # frames after pooling
    cnn = 2 * 4 * 9 * 16 * 8 + 2 * 4 * 4 * 8 * T
    gru = 2 * T * 3 * 6 * (8 + 6)
    attention = T * 12 * 36 + 2 * T * T * 12 + T * 12 * 12
    assert found.multiply_adds == cnn + gru + attention + 12 * 6 + 6 * 2


def test_not_fitted():
    with pytest.raises(NotFittedError):
        net_cost(CNNBiGRU())
