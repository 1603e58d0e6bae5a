"""Probabilities that are no numbers are never given silently."""

import numpy as np
import pytest

from eegkit.classifiers import CNNBiGRU


@pytest.mark.parametrize("method", ["predict_proba", "predict"])
def test_signals_that_overflow(method):
    X = np.random.default_rng(0).normal(size=(8, 2, 8, 4)).astype(np.float32)
    net = CNNBiGRU(**CNNBiGRU.conformance_params()).set_params(max_epochs=1, random_state=0)
    net.fit(X, np.arange(8) % 2)
    assert np.isfinite(net.predict_proba(X)).all()
    X[3:5] *= 1e38
    with pytest.raises(ValueError, match=r"no numbers for 2 trials, the first is trial 3, whose"):
        getattr(net, method)(X)
