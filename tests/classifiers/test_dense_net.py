"""`DenseNet`: its size, and features and spectrograms."""

import numpy as np
import pytest

from eegkit.classifiers import DenseNet


def test_its_size_is_the_documented_one():
    X = np.random.default_rng(0).normal(size=(64, 1900))
    net = DenseNet(max_epochs=1, random_state=0).fit(X, np.arange(64) % 32)
    assert sum(p.numel() for p in net.module_.parameters()) == 494_880


@pytest.mark.parametrize("shape", [(20,), (2, 5, 3)])
def test_it_learns_from_features_and_from_spectrograms(shape):
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    X = rng.normal(size=(60, *shape)) + 2 * rng.normal(size=(3, *shape))[y]
    net = DenseNet(random_state=0, label_smoothing=0.5).fit(X[:30], y[:30])
    assert net.score(X[30:], y[30:]) > 0.9
